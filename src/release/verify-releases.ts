/** Checks releases on a medium as a device would: signatures against a root, then every blob that the statement pins. */
import type { MountedMedium } from "../bundle/medium.ts";
import { verifyRelease } from "../bundle/verify-release.ts";
import { CodedError } from "../error.ts";
import type { KeyId } from "../trust/keys.ts";
import type { TrustedRoot } from "../trust/root.ts";
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
    }
  | { readonly kind: "bad"; readonly found: FoundRelease; readonly error: CodedError };

/** One result for each release; a bad one does not keep the others from being checked. */
export async function verifyReleases(
  medium: MountedMedium,
  releases: readonly FoundRelease[],
  root: TrustedRoot,
  ports: Pick<ReleasePorts, "signal" | "openProgress">,
): Promise<readonly VerifyResult[]> {
  const results: VerifyResult[] = [];
  for (const found of releases) {
    try {
      results.push(await verifyOne(medium, found, root, ports));
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
): Promise<VerifyResult> {
  const verified = verifyRelease(found.release, root);
  const { blobs, bytes } = await readContents(medium, verified, ports);
  return { kind: "good", found, signedBy: verified.signedBy, blobs, bytes };
}
