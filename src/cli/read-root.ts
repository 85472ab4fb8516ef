/** The trust root that a person names on the workstation. */
import { parseRoot, type TrustedRoot } from "../trust/root.ts";
import type { CliContext } from "./context.ts";
import { readInputFile } from "./read-input.ts";

/** @throws TrustError when it is no root, or not signed by enough of its own root keys; HostError */
export function readRootFile(context: CliContext, file: string): TrustedRoot {
  return parseRoot(readInputFile(context.path(file)));
}
