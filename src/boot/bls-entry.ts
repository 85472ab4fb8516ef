/**
 * Type 1 entries of the Boot Loader Specification (UAPI.1), read as systemd-boot reads them.
 *
 * A line is a key, blanks and a value; `#` starts a comment line; a value in double quotes loses them. Keys that we do
 * not know are kept, in their place, because other tools of the machine may have written them.
 */

export interface BlsField {
  readonly key: string;
  readonly value: string;
}

export interface BlsEntry {
  /** In the order of the file; `initrd` and `options` may stand several times. */
  readonly fields: readonly BlsField[];
}

/** Never fails: lines that say nothing are left out, as systemd-boot does. */
export function parseBlsEntry(text: string): BlsEntry {
  const fields: BlsField[] = [];
  for (const raw of text.split(/[\n\r]/)) {
    const line = raw.replace(/^[ \t]+|[ \t]+$/g, "");
    const match = /^([^ \t#][^ \t]*)[ \t]+(.+)$/s.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) continue;
    fields.push({ key: match[1], value: unquote(match[2]) });
  }
  return { fields };
}

/** @throws TypeError on a key or value that no line can hold */
export function formatBlsEntry(entry: BlsEntry): string {
  return entry.fields.map(({ key, value }) => `${checkKey(key)} ${quote(key, value)}\n`).join("");
}

/** The value of a key; the last one counts, as for systemd-boot. */
export function blsValue(entry: BlsEntry, key: string): string | undefined {
  return entry.fields.findLast((field) => field.key === key)?.value;
}

/** All values of a key that may be repeated (`initrd`, `options`). */
export function blsValues(entry: BlsEntry, key: string): readonly string[] {
  return entry.fields.filter((field) => field.key === key).map((field) => field.value);
}

function unquote(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

function checkKey(key: string): string {
  if (!/^[^ \t\r\n#][^ \t\r\n]*$/.test(key)) throw new TypeError(`not a key of a boot entry: ${JSON.stringify(key)}`);
  return key;
}

function quote(key: string, value: string): string {
  if (/[\r\n\0]/.test(value)) throw new TypeError(`the value of ${key} does not fit a line: ${JSON.stringify(value)}`);
  const needsQuotes = value === "" || /^[ \t]|[ \t]$/.test(value) || unquote(value) !== value;
  return needsQuotes ? `"${value}"` : value;
}
