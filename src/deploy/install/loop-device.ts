/** Loop devices over a file, or over one part of a disk or file. */
import type { Exec } from "../../host/exec.ts";
import { type AbsPath, parseAbsPath } from "../../path.ts";

export interface LoopDevice extends AsyncDisposable {
  readonly device: AbsPath;
}

const LOSETUP_TIMEOUT_MS = 30_000;

/**
 * Attaches the next free loop device; disposing detaches it.
 * @param options.range only this part
 * @throws HostError
 */
export async function attachLoop(
  exec: Exec,
  backing: AbsPath,
  options: { readonly range?: { readonly startBytes: number; readonly sizeBytes: number } } = {},
): Promise<LoopDevice> {
  const { range } = options;
  const part =
    range === undefined ? [] : ["--offset", String(range.startBytes), "--sizelimit", String(range.sizeBytes)];
  const { stdout } = await exec(["losetup", "--find", "--show", ...part, backing], { timeoutMs: LOSETUP_TIMEOUT_MS });
  const device = parseAbsPath(stdout.toString("utf8").trim());
  return {
    device,
    async [Symbol.asyncDispose]() {
      await exec(["losetup", "--detach", device], { timeoutMs: LOSETUP_TIMEOUT_MS });
    },
  };
}
