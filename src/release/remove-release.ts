/** Takes a release off a medium, and the blobs that nothing else on it needs. */
import { formatTreeManifest } from "../bundle/artifact.ts";
import { openMedium } from "../bundle/medium.ts";
import { tagOf } from "../bundle/medium-index.ts";
import { openMediumWriter } from "../bundle/medium-writer.ts";
import type { Statement } from "../bundle/statement.ts";
import { type Digest, digestOf } from "../oci/digest.ts";
import type { Descriptor } from "../oci/document.ts";
import type { AbsPath } from "../path.ts";
import { type FoundRelease, findRelease, readReleases } from "./existing-releases.ts";
import { imageEntries, treeEntry } from "./index-entries.ts";
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
  const others = releases.filter((other) => other !== found);
  await writer.unpublish(obsoleteEntries(found, others));
  const { blobs, bytes } = await writer.collectGarbage();
  await writer.sync();
  return { found, removedBlobs: blobs, removedBytes: bytes };
}

/**
 * The release's own entries go, under its own tags. Those of other releases and of other tools stay, even where they
 * name the same image; an entry without a tag (it lost it to a newer release) goes when no release needs it.
 */
function obsoleteEntries(
  { release, statement }: FoundRelease,
  others: readonly FoundRelease[],
): (entry: Descriptor) => boolean {
  const own = entriesOf(statement);
  const ownDigests = new Set<Digest>(own.map(({ digest }) => digest));
  const needed = new Set<Digest>(others.flatMap((other) => entriesOf(other.statement)).map(({ digest }) => digest));
  return (entry) => {
    if (entry.digest === release.manifestDigest) return true;
    if (tagOf(entry) === undefined) return ownDigests.has(entry.digest) && !needed.has(entry.digest);
    return own.some((mine) => mine.digest === entry.digest && tagOf(mine) === tagOf(entry));
  };
}

/** What `release create` has put into the index for the images of this release. */
function entriesOf(statement: Statement): readonly Descriptor[] {
  return statement.targets.flatMap((target) => {
    if (target.tree === null) return imageEntries(statement, target);
    const manifest = formatTreeManifest(target.tree.image, target.image);
    const pinned = { digest: digestOf(manifest), size: manifest.length };
    return [...imageEntries(statement, target), treeEntry(statement, target, pinned)];
  });
}
