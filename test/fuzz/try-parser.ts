/** One input to one parser: what may come of it, and what may not. */
import { isDeepStrictEqual } from "node:util";
import { CodedError } from "../../src/error.ts";
import type { ParserUnderTest } from "../support/parsers.ts";

/** Many times what the slowest of our parsers takes for 64 KiB. */
const MAX_INPUT_MS = 2000;

/** Undefined when all is well: a value that can be written and read again, or a coded refusal. Else what is wrong. */
export function faultOf(parser: ParserUnderTest, bytes: Buffer): string | undefined {
  const started = performance.now();
  const fault = wrongOutcome(parser, bytes);
  const ms = performance.now() - started;
  return fault ?? (ms > MAX_INPUT_MS ? `took ${Math.round(ms)} ms for ${bytes.length} bytes` : undefined);
}

function wrongOutcome(parser: ParserUnderTest, bytes: Buffer): string | undefined {
  let value: never;
  try {
    value = parser.parse(Buffer.from(bytes)) as never;
  } catch (error) {
    return error instanceof CodedError ? undefined : `threw what has no code: ${describe(error)}`;
  }
  const { format, isCanonical = false, essence = (it: never) => it } = parser;
  if (format === undefined) return undefined;
  let written: Buffer;
  try {
    written = Buffer.from(format(value));
  } catch (error) {
    // A file may be as full as it can be and still be read: the writer refuses it.
    return error instanceof CodedError ? undefined : `gave a value that cannot be written: ${describe(error)}`;
  }
  try {
    if (isCanonical && !written.equals(bytes)) return "gave a value that is written in other bytes";
    const again = parser.parse(written) as never;
    return isDeepStrictEqual(essence(again), essence(value)) ? undefined : "gave a value that is read otherwise again";
  } catch (error) {
    return `gave a value that is refused when it is read again: ${describe(error)}`;
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
