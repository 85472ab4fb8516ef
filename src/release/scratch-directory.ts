/** A directory of its own for what one command fetches or lays out; disposing removes it with all that is in it. */
import { mkdtemp, rm } from "node:fs/promises";
import { hostError } from "../host/error.ts";
import { type AbsPath, below, parseAbsPath } from "../path.ts";

/** @throws HostError */
export async function openScratch(parent: AbsPath): Promise<AsyncDisposable & { readonly directory: AbsPath }> {
  try {
    const directory = parseAbsPath(await mkdtemp(below(parent, "bootferry-image-")));
    return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
  } catch (error) {
    throw hostError(error, `making a scratch directory in ${parent}`);
  }
}
