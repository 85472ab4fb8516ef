/** Takes a release off a medium, and the blobs that nothing else on it needs. */
import { formatTreeManifest } from "../bundle/artifact.ts";
import { openMedium } from "../bundle/medium.ts";
import { tagOf } from "../bundle/medium-index.ts";
import { openMediumWriter } from "../bundle/medium-writer.ts";
import { type FoundPack, readPacks } from "../bundle/read-packs.ts";
import type { Statement } from "../bundle/statement.ts";
import { type Digest, digestOf } from "../oci/digest.ts";
import type { Descriptor } from "../oci/document.ts";
import type { AbsPath } from "../path.ts";
import { type FoundRelease, findRelease, readReleases } from "./existing-releases.ts";
import { imageEntries, treeEntry } from "./index-entries.ts";
import type { ReleasePorts } from "./ports.ts";
import type { ReleaseFile } from "./release-file.ts";

export interface RemovedRelease {
  readonly statement: Statement;
  readonly payloadDigest: Digest;
  readonly removedBlobs: number;
  readonly removedBytes: number;
}

/**
 * @param wanted a release on the medium, as `findRelease` takes it, or what was laid out there for a release that nobody has
 *   attached (one that was attached is removed as a whole)
 * @throws ReleaseError RELEASE_NOT_FOUND, RELEASE_AMBIGUOUS; BundleError; OciError; HostError
 */
export async function removeRelease(
  mountPoint: AbsPath,
  wanted: string | undefined | ReleaseFile,
  ports: Pick<ReleasePorts, "exec">,
): Promise<RemovedRelease> {
  const medium = await openMedium(mountPoint); // before the writer, which would make a layout where there is none
  await using writer = await openMediumWriter(mountPoint, ports);
  const { releases } = await readReleases(medium);
  const obsolete =
    typeof wanted === "object" ? (releases.find(isSame(wanted)) ?? wanted) : findRelease(releases, wanted);
  const { statement, payloadDigest } = obsolete;
  const manifestDigest = "release" in obsolete ? obsolete.release.manifestDigest : undefined;
  const others = releases.filter((other) => other !== obsolete);
  const packs = (await readPacks(medium.layout)).packs;
  const isObsolete = obsoleteEntries(statement, manifestDigest, others);
  const isPack = obsoletePacks(statement, packs, others);
  await writer.unpublish((entry) => isObsolete(entry) || isPack(entry));
  const { blobs, bytes } = await writer.collectGarbage();
  await writer.sync();
  return { statement, payloadDigest, removedBlobs: blobs, removedBytes: bytes };
}

function isSame({ payloadDigest }: ReleaseFile): (found: FoundRelease) => boolean {
  return (found) => found.payloadDigest === payloadDigest;
}

/**
 * The release's own entries go, under its own tags. Those of other releases and of other tools stay, even where they
 * name the same image; an entry without a tag (it lost it to a newer release) goes when no release needs it.
 */
function obsoleteEntries(
  statement: Statement,
  manifestDigest: Digest | undefined,
  others: readonly FoundRelease[],
): (entry: Descriptor) => boolean {
  const own = entriesOf(statement);
  const ownDigests = new Set<Digest>(own.map(({ digest }) => digest));
  const needed = new Set<Digest>(others.flatMap((other) => entriesOf(other.statement)).map(({ digest }) => digest));
  return (entry) => {
    if (entry.digest === manifestDigest) return true;
    if (tagOf(entry) === undefined) return ownDigests.has(entry.digest) && !needed.has(entry.digest);
    return own.some((mine) => mine.digest === entry.digest && tagOf(mine) === tagOf(entry));
  };
}

/** Packs for images of the release that no other one on the medium has. */
function obsoletePacks(
  statement: Statement,
  packs: readonly FoundPack[],
  others: readonly FoundRelease[],
): (entry: Descriptor) => boolean {
  const imagesOf = ({ targets }: Statement) => targets.map(({ image }) => image.digest);
  const own = new Set(imagesOf(statement));
  for (const other of others) for (const digest of imagesOf(other.statement)) own.delete(digest);
  const obsolete = packs.filter(({ subject }) => own.has(subject.digest)).map(({ manifestDigest }) => manifestDigest);
  return ({ digest }) => obsolete.includes(digest);
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
