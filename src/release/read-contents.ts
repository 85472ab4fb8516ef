/** Reading everything that a release pins, with a progress bar. */
import type { MountedMedium } from "../bundle/medium.ts";
import type { Statement } from "../bundle/statement.ts";
import { type VerifiedContents, verifyContents } from "../bundle/verify-contents.ts";
import type { ReleasePorts } from "./ports.ts";

/** Errors as those of verifyContents. */
export async function readContents(
  medium: MountedMedium,
  release: { readonly statement: Statement },
  { signal, openProgress }: Pick<ReleasePorts, "signal" | "openProgress">,
): Promise<VerifiedContents> {
  const { name, version } = release.statement;
  using meters = new DisposableStack();
  let meter: ReturnType<typeof openProgress> | undefined;
  let shownBytes = 0;
  return await verifyContents(medium, release, {
    signal,
    onProgress({ doneBytes, totalBytes }) {
      meter ??= meters.use(openProgress(`verifying ${name}@${version}`, totalBytes));
      meter.advance(doneBytes - shownBytes);
      shownBytes = doneBytes;
    },
  });
}
