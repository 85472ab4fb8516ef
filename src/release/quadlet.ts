/** Reading `Image=` of a quadlet (podman-systemd.unit(5)) as systemd reads it (systemd.syntax(7)). Pure. */

export type QuadletSection = "Image" | "Container";

/**
 * @returns the value as it stands there, or undefined when the section does not say it, or takes it back by an empty one
 */
export function readImageKey(text: string, section: QuadletSection): string | undefined {
  let current: string | undefined;
  let image: string | undefined;
  for (const line of joinLines(text)) {
    const header = /^\[(.*)\]$/.exec(line)?.[1];
    if (header !== undefined) {
      current = header;
      continue;
    }
    const [, key, value] = /^([^=]*?)\s*=\s*(.*)$/s.exec(line) ?? [];
    if (current === section && key === "Image" && value !== undefined) image = value; // the last one holds
  }
  return image === "" ? undefined : image;
}

/** Lines without comments; one that ends in a backslash goes on in the next, and comments between do not end it. */
function joinLines(text: string): readonly string[] {
  const lines: string[] = [];
  let begun: string | undefined;
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (line.startsWith("#") || line.startsWith(";")) continue;
    const whole: string = begun === undefined ? line : `${begun} ${line}`;
    begun = whole.endsWith("\\") ? whole.slice(0, -1) : undefined;
    if (begun === undefined && whole !== "") lines.push(whole.trim());
  }
  if (begun !== undefined) lines.push(begun.trim());
  return lines;
}

/**
 * What the value of a unit file means: `%%` is a percent sign. @returns undefined when it holds a specifier, whose
 * meaning only the device's systemd knows
 */
export function expandPercents(value: string): string | undefined {
  const bare = value.replaceAll("%%", "");
  return bare.includes("%") ? undefined : value.replaceAll("%%", "%");
}
