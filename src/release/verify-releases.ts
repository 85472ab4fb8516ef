/** Checks releases on a medium as a device would: signatures against a root, then every blob that the statement pins. */
import type { MountedMedium } from "../bundle/medium.ts";
import { verifyRelease } from "../bundle/verify-release.ts";
import { CodedError } from "../error.ts";
import type { KeyId } from "../trust/keys.ts";
import type { TrustedRoot } from "../trust/root.ts";
import type { TargetForm } from "./delta/read-forms.ts";
import type { OpenBase } from "./delta/verify-form.ts";
import type { FoundRelease } from "./existing-releases.ts";
import type { ReleasePorts } from "./ports.ts";
import { readContents } from "./read-contents.ts";

export type VerifyResult =
  | {
      readonly kind: "good";
      readonly found: FoundRelease;
      readonly signedBy: readonly KeyId[];
      readonly blobs: number;
      readonly bytes: number;
      /** What of each target is there: layers, or packs in their place. */
      readonly forms: readonly TargetForm[];
      /** False when a delta could not be held against all of its bases. */
      readonly wasCompared: boolean;
    }
  | { readonly kind: "bad"; readonly found: FoundRelease; readonly error: CodedError };

/** @param openBase for deltas: what devices have already. One result for each release; a bad one does not keep the others from being checked. */
export async function verifyReleases(
  medium: MountedMedium,
  releases: readonly FoundRelease[],
  root: TrustedRoot,
  ports: Pick<ReleasePorts, "signal" | "openProgress">,
  openBase?: OpenBase,
): Promise<readonly VerifyResult[]> {
  const results: VerifyResult[] = [];
  for (const found of releases) {
    try {
      results.push(await verifyOne(medium, found, root, ports, openBase));
    } catch (error) {
      if (!(error instanceof CodedError) || ports.signal.aborted) throw error;
      results.push({ kind: "bad", found, error });
    }
  }
  return results;
}

async function verifyOne(
  medium: MountedMedium,
  found: FoundRelease,
  root: TrustedRoot,
  ports: Pick<ReleasePorts, "signal" | "openProgress">,
  openBase: OpenBase | undefined,
): Promise<VerifyResult> {
  const verified = verifyRelease(found.release, root);
  const contents = await readContents(medium, verified, ports, openBase);
  return { kind: "good", found, signedBy: verified.signedBy, ...contents };
}
