/**
 * Strict base64 (RFC 4648, section 4): standard alphabet, padded, no white space, no stray bits in the last digit.
 *
 * `Buffer.from(text, "base64")` takes nearly anything, so several texts would stand for the same bytes.
 */

/** The bytes, or undefined when `text` is not the one encoding of them. */
export function parseBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}
