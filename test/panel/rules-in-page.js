/** What every scene on every screen keeps: nothing is cut off, and everything can be read. Runs in the page. */

/** What of the rules the page breaks. */
globalThis.findBrokenRules = (isKiosk) => [...findUnreadable(), ...findCutOff(isKiosk)];

/** WCAG 2.2, 1.4.3 (AA): 4.5:1, and 3:1 for large text. */
function findUnreadable() {
  const parse = (color) => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0, alpha = 0] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha];
  };
  const luminance = ([red, green, blue]) => {
    const linear = [red, green, blue].map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
  };
  const groundOf = (element) => {
    if (element === null) return parse(getComputedStyle(document.documentElement).backgroundColor);
    const color = parse(getComputedStyle(element).backgroundColor);
    return color[3] === 255 ? color : groundOf(element.parentElement);
  };
  const isOwnText = (node) => node.nodeType === Node.TEXT_NODE && (node.textContent ?? "").trim() !== "";
  const shown = [...document.body.querySelectorAll("*")].filter(
    (element) =>
      element.checkVisibility() && !element.matches("script, .unseen") && [...element.childNodes].some(isOwnText),
  );
  const symbols = [...document.querySelectorAll("svg.symbol")].filter((element) => element.checkVisibility());
  return [...shown, ...symbols].flatMap((element) => {
    const style = getComputedStyle(element);
    const [a, b] = [luminance(parse(style.color)), luminance(groundOf(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const isLarge = Number.parseFloat(style.fontSize) >= 24 || element.matches("svg");
    const least = isLarge ? 3 : 4.5;
    return ratio >= least ? [] : [`${element.tagName} ${element.className} has ${ratio.toFixed(2)}:1, not ${least}:1`];
  });
}

/** */
function findCutOff(isKiosk) {
  const { scrollWidth, clientWidth, clientHeight } = document.documentElement;
  const found = scrollWidth > clientWidth ? [`it is ${scrollWidth} wide on a screen of ${clientWidth}`] : [];
  const mustBeSeen = isKiosk ? ["headline", "stick", "progress"] : ["headline", "stick", "progress", "detail"];
  for (const id of mustBeSeen) {
    const box = document.getElementById(id)?.getBoundingClientRect();
    if (box !== undefined && box.bottom > clientHeight) found.push(`${id} ends at ${box.bottom} of ${clientHeight}`);
  }
  return found;
}
