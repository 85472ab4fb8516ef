/** The id of a medium (receipt/medium-id.ts), given to it when something is written to it. */
import { randomBytes } from "node:crypto";
import { CodedError } from "../error.ts";
import type { AbsPath } from "../path.ts";
import { ensureMediumId } from "../receipt/medium-id.ts";
import type { Output } from "./output.ts";

/** Never fails: a medium without an id carries releases as well; receipts on it then do not say which medium it was. */
export function giveMediumId(output: Output, mountPoint: AbsPath): void {
  try {
    ensureMediumId(mountPoint, randomBytes);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    output.warn(`the medium gets no id for receipts: ${error.message} [${error.code}]`);
  }
}
