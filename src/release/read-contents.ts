/** Reading everything that a release pins, or what a delta has in its place, with a progress bar. */
import type { MountedMedium } from "../bundle/medium.ts";
import type { Statement } from "../bundle/statement.ts";
import { type VerifiedContents, verifyContents } from "../bundle/verify-contents.ts";
import { readForms, type TargetForm } from "./delta/read-forms.ts";
import { type OpenBase, verifyForm } from "./delta/verify-form.ts";
import type { ReleasePorts } from "./ports.ts";

export interface ReadContents extends VerifiedContents {
  readonly forms: readonly TargetForm[];
  /** False when a delta could not be held against all of its bases. */
  readonly wasCompared: boolean;
}

/**
 * Errors as those of verifyContents and verifyForm.
 * @param openBase for deltas: what devices have already
 */
export async function readContents(
  medium: MountedMedium,
  release: { readonly statement: Statement },
  { signal, openProgress }: Pick<ReleasePorts, "signal" | "openProgress">,
  openBase?: OpenBase,
): Promise<ReadContents> {
  const { name, version } = release.statement;
  const forms = await readForms(medium, release.statement, signal);
  const packed = forms.filter(({ packs }) => packs.length > 0);
  const packBytes = packed.flatMap(({ packs }) => packs).reduce((sum, pack) => sum + pack.packBytes, 0);
  using meters = new DisposableStack();
  let meter: ReturnType<typeof openProgress> | undefined;
  let shownBytes = 0;
  const verified = await verifyContents(medium, release, {
    signal,
    mayLackLayers: new Set(packed.map(({ target }) => target.image.digest)),
    onProgress({ doneBytes, totalBytes }) {
      meter ??= meters.use(openProgress(`verifying ${name}@${version}`, totalBytes + packBytes));
      meter.advance(doneBytes - shownBytes);
      shownBytes = doneBytes;
    },
  });
  let wasCompared = true;
  for (const form of forms) {
    const onBytes = (bytes: number) => meter?.advance(bytes);
    wasCompared = (await verifyForm(medium, form, { signal, openBase, onBytes })) && wasCompared;
  }
  return { blobs: verified.blobs, bytes: verified.bytes + packBytes, forms, wasCompared };
}
