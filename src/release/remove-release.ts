/** Takes a release off a medium, and the blobs that no other release needs. */
import { formatTreeManifest } from "../bundle/artifact.ts";
import { openMedium } from "../bundle/medium.ts";
import { openMediumWriter } from "../bundle/medium-writer.ts";
import type { Statement } from "../bundle/statement.ts";
import { type Digest, digestOf } from "../oci/digest.ts";
import type { AbsPath } from "../path.ts";
import { type FoundRelease, findRelease, readReleases } from "./existing-releases.ts";
import type { ReleasePorts } from "./ports.ts";

export interface RemovedRelease {
  readonly found: FoundRelease;
  readonly removedBlobs: number;
  readonly removedBytes: number;
}

/** @throws ReleaseError RELEASE_NOT_FOUND, RELEASE_AMBIGUOUS; BundleError; OciError; HostError */
export async function removeRelease(
  mountPoint: AbsPath,
  selector: string | undefined,
  ports: Pick<ReleasePorts, "exec">,
): Promise<RemovedRelease> {
  const medium = await openMedium(mountPoint); // before the writer, which would make a layout where there is none
  await using writer = await openMediumWriter(mountPoint, ports);
  const { releases } = await readReleases(medium);
  const found = findRelease(releases, selector);
  const needed = new Set(
    releases.filter((other) => other !== found).flatMap(({ statement }) => manifestsOf(statement)),
  );
  const obsolete = manifestsOf(found.statement).filter((digest) => !needed.has(digest));
  await writer.unpublish(found.release.manifestDigest, ...obsolete);
  const { blobs, bytes } = await writer.collectGarbage();
  await writer.sync();
  return { found, removedBlobs: blobs, removedBytes: bytes };
}

/** Every manifest that index.json names for the sake of this release. */
function manifestsOf({ targets }: Statement): readonly Digest[] {
  return targets.flatMap(({ image, apps, tree }) => [
    image.digest,
    ...apps.map((app) => app.image.digest),
    ...(tree === null ? [] : [digestOf(formatTreeManifest(tree.image, image))]),
  ]);
}
