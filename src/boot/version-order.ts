/**
 * The order of version strings (UAPI.10 Version Format Specification; `strverscmp_improved` of systemd, which
 * systemd-boot sorts by).
 *
 * Where text and code have differed over time, the code wins: it decides what is booted.
 */

/** Negative when `a` is older than `b`, positive when newer, zero when equal. */
export function compareVersions(a: string, b: string): number {
  for (let i = 0, j = 0; ; ) {
    i = skip(a, i, /[^a-zA-Z0-9~^.-]/);
    j = skip(b, j, /[^a-zA-Z0-9~^.-]/);

    // `~` starts a pre-release: older than anything else, the end of the string included.
    const tilde = comparePrefix(a[i], b[j], "~");
    if (tilde !== 0) return tilde;
    if (a[i] === "~") [i, j] = [i + 1, j + 1];

    // Only now: a string with more segments is newer, unless they start with `~`.
    if (i === a.length || j === b.length) return Math.sign(a.length - i - (b.length - j));

    // Each separator is older than none, and older than those that stand below it: 123-1 < 123^p < 123.1 < 123a
    for (const separator of ["-", "^", "."]) {
      const order = comparePrefix(a[i], b[j], separator);
      if (order !== 0) return order;
      if (a[i] === separator) [i, j] = [i + 1, j + 1];
    }

    const isNumber = isDigit(a[i]) || isDigit(b[j]);
    const aEnd = skip(a, i, isNumber ? /[0-9]/ : /[a-zA-Z]/);
    const bEnd = skip(b, j, isNumber ? /[0-9]/ : /[a-zA-Z]/);
    const order = isNumber
      ? compareDigits(a.slice(i, aEnd), b.slice(j, bEnd))
      : compareText(a.slice(i, aEnd), b.slice(j, bEnd));
    if (order !== 0) return order;
    [i, j] = [aEnd, bEnd];
  }
}

/** strcmp(3) for text: by code unit, as systemd-boot compares UTF-16. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function comparePrefix(a: string | undefined, b: string | undefined, prefix: string): number {
  return Number(a !== prefix) - Number(b !== prefix);
}

/** Numbers of any length; no digits at all is older than any number, so that numbers are newer than letters. */
function compareDigits(a: string, b: string): number {
  if (a === "" || b === "") return Math.sign(a.length - b.length);
  const [left, right] = [a.replace(/^0+/, ""), b.replace(/^0+/, "")];
  return Math.sign(left.length - right.length) || compareText(left, right);
}

function skip(text: string, start: number, what: RegExp): number {
  let end = start;
  while (end < text.length && what.test(text.charAt(end))) end++;
  return end;
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && /[0-9]/.test(character);
}
