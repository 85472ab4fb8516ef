/**
 * Paths that must not be mixed: absolute paths of this machine, relative paths below a known directory, and names from
 * archives and file systems, which are bytes and not text.
 */
import { isAbsolute, join, normalize, resolve } from "node:path";

declare const absPath: unique symbol;
declare const relPath: unique symbol;
declare const byteString: unique symbol;

/** An absolute, normalised path of this machine. */
export type AbsPath = string & { readonly [absPath]: true };

/** A relative path of plain components: no `..`, no `.`, no empty one, no NUL, no backslash. Safe to join below a directory. */
export type RelPath = string & { readonly [relPath]: true };

/** Bytes held as a string, one character (U+0000..U+00FF) a byte: file names, link targets and xattr names of a tree. */
export type ByteString = string & { readonly [byteString]: true };

/** Makes an AbsPath of what a person typed, relative to `base` (the working directory unless given). */
export function toAbsPath(text: string, base: string = process.cwd()): AbsPath {
  return normalize(resolve(base, text)).replace(/(?<=.)\/+$/, "") as AbsPath;
}

/** @throws TypeError when `text` is not absolute. */
export function parseAbsPath(text: string): AbsPath {
  if (!isAbsolute(text) || text.includes("\0")) throw new TypeError(`not an absolute path: ${JSON.stringify(text)}`);
  return toAbsPath(text);
}

/** @throws TypeError when `text` could leave the directory that it is joined to. */
export function parseRelPath(text: string): RelPath {
  const parts = text.split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..") || /[\0\\]/.test(text)) {
    throw new TypeError(`not a plain relative path: ${JSON.stringify(text)}`);
  }
  return text as RelPath;
}

/** Joins fixed components of our own below `base`; for outside data parse a {@link RelPath} first. */
export function below(base: AbsPath, ...components: readonly (RelPath | string)[]): AbsPath {
  return join(base, ...components) as AbsPath;
}

/** The bytes `[start, end)` of `bytes` as a ByteString. */
export function bytesToString(bytes: Uint8Array, start = 0, end = bytes.length): ByteString {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString("latin1", start, end) as ByteString;
}

/** The bytes that a ByteString stands for. */
export function stringToBytes(text: ByteString): Buffer {
  return Buffer.from(text, "latin1");
}

/** The UTF-8 bytes of `text` as a ByteString. */
export function utf8ToByteString(text: string): ByteString {
  return bytesToString(Buffer.from(text, "utf8"));
}

/** A ByteString for people: UTF-8 where it is, `\xNN` for control characters and what is not UTF-8. */
export function displayBytes(text: ByteString): string {
  const utf8 = stringToBytes(text).toString("utf8");
  const isUtf8 = bytesToString(Buffer.from(utf8, "utf8")) === text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped here
  const escaped = isUtf8 ? /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\\]/g : /[^\x20-\x5b\x5d-\x7e]/g;
  return (isUtf8 ? utf8 : text).replace(escaped, (character) =>
    character === "\\" ? "\\\\" : `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`,
  );
}
