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
