/** The id of a medium (receipt/medium-id.ts), given to it when a release is put onto it. */
import { randomBytes } from "node:crypto";
import { CodedError } from "../error.ts";
import type { AbsPath } from "../path.ts";
import { ensureMediumId } from "../receipt/medium-id.ts";
import type { CliContext } from "./context.ts";
import type { Output } from "./output.ts";

/**
 * Never fails: a medium without an id carries releases as well; receipts on it then do not say which medium it was. With
 * SOURCE_DATE_EPOCH the medium gets none, since it is to be the same each time.
 */
export function giveMediumId({ env }: Pick<CliContext, "env">, output: Output, mountPoint: AbsPath): void {
  if (env["SOURCE_DATE_EPOCH"] !== undefined) return;
  try {
    ensureMediumId(mountPoint, randomBytes);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    output.warn(`the medium gets no id for receipts: ${error.message} [${error.code}]`);
  }
}
