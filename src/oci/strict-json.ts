/**
 * JSON of hostile origin (RFC 8259, made stricter): UTF-8 only, no duplicate keys, bounded size and depth.
 *
 * Two parsers that pick different ones of two equal keys let an attacker show one document to the verifier and another
 * to its user, so duplicates are refused and not resolved. `JSON.parse` keeps the last one silently: hence a check of
 * its own before it.
 */
import { OciError, type OciErrorCode } from "./error.ts";

export interface JsonLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
}

/** Deep enough for every document of OCI and of ours (the deepest uses 8 levels). */
export const MAX_JSON_DEPTH = 32;

/**
 * Parses `bytes` as JSON.
 * @param what names the document in errors
 * @throws OciError OCI_JSON_INVALID, OCI_JSON_TOO_LARGE, OCI_JSON_TOO_DEEP, OCI_JSON_DUPLICATE_KEY
 */
export function parseStrictJson(bytes: Uint8Array, what: string, limits: JsonLimits): unknown {
  if (bytes.length > limits.maxBytes) {
    throw refused("OCI_JSON_TOO_LARGE", what, `it has ${bytes.length} bytes, at most ${limits.maxBytes} are read`);
  }
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    checkDepth(text, what, limits.maxDepth); // before JSON.parse, whose recursion a deep document would exhaust
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof OciError) throw error;
    throw refused("OCI_JSON_INVALID", what, error instanceof Error ? error.message : String(error), error);
  }
  refuseDuplicateKeys(text, what);
  return value;
}

function refused(code: OciErrorCode, what: string, why: string, cause?: unknown): OciError {
  return new OciError(code, `${what} is not acceptable JSON: ${why}`, { cause });
}

/**
 * Works on any text, JSON or not. One pass: a pattern for whole strings would look for their ends again and again in a
 * text of quotes that never close, for hours.
 */
function checkDepth(text: string, what: string, maxDepth: number): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === "[" || character === "{") depth += 1;
    else if (character === "]" || character === "}") depth -= 1;
    if (depth > maxDepth) throw refused("OCI_JSON_TOO_DEEP", what, `it is nested deeper than ${maxDepth} levels`);
  }
}

/** Where the string ends that begins at `start`: its closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

/** Walks a text that JSON.parse has accepted; only strings and punctuation matter here. */
function refuseDuplicateKeys(text: string, what: string): void {
  const open: (Set<string> | undefined)[] = []; // the keys seen in each open object; undefined for arrays
  let expectKey = false;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case "{":
        open.push(new Set());
        expectKey = true;
        break;
      case "[":
        open.push(undefined);
        expectKey = false;
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case ",":
        expectKey = open.at(-1) !== undefined;
        break;
      case '"': {
        const end = endOfString(text, at);
        if (expectKey) addKey(open.at(-1), text.slice(at, end + 1), what);
        expectKey = false;
        at = end;
        break;
      }
    }
  }
}

function addKey(keys: Set<string> | undefined, token: string, what: string): void {
  const key: string = token.includes("\\") ? JSON.parse(token) : token.slice(1, -1); // "\u0061" and "a" are the same key
  if (keys?.has(key))
    throw refused("OCI_JSON_DUPLICATE_KEY", what, `the key ${JSON.stringify(key)} stands twice in one object`);
  keys?.add(key);
}
