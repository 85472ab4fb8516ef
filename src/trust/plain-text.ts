/**
 * Text that is shown to people as it is: no control characters (a terminal would obey them), no marks that turn the
 * direction of writing around (what is read would not be what is signed), no halves of characters.
 */

/** One line. */
export const PLAIN_LINE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  /^[^\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]*$/u;

/** Lines and tabs are allowed. */
export const PLAIN_TEXT =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  /^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]*$/u;

/**
 * `text` so that it is plain: what {@link PLAIN_TEXT} does not allow is shown as U+FFFD, and what is too long is cut.
 * @param maxCharacters UTF-16 code units, as schemas count them
 */
export function plainText(text: string, maxCharacters: number): string {
  const plain = Array.from(text, (character) => (PLAIN_TEXT.test(character) ? character : "\ufffd")).join("");
  if (plain.length <= maxCharacters) return plain;
  const cut = plain.slice(0, maxCharacters - 1);
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`; // no half of a character at the end
}
