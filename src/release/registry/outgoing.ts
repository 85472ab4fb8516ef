/** The manifests of a release on their way from a medium to a registry, each with the files that it names. */
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { EMPTY_CONFIG, formatTreeManifest } from "../../bundle/artifact.ts";
import { MEDIUM_DIRECTORY, type MountedMedium } from "../../bundle/medium.ts";
import { hostError } from "../../host/error.ts";
import { type Digest, digestHex, digestOf } from "../../oci/digest.ts";
import { type Descriptor, MAX_DOCUMENT_BYTES, parseManifest } from "../../oci/document.ts";
import { OciError } from "../../oci/error.ts";
import type { LayoutReader } from "../../oci/layout.ts";
import { type PinnedContent, readVerifiedBlob } from "../../oci/verified-blob.ts";
import { type AbsPath, below } from "../../path.ts";
import type { FoundRelease } from "../existing-releases.ts";
import { imageEntries, releaseEntry, rootEntry, treeEntry } from "../index-entries.ts";
import type { JudgedRoot } from "../judge-roots.ts";

export interface OutgoingManifest {
  /** As the index of the release names it. */
  readonly entry: Descriptor;
  readonly bytes: Buffer;
  /** Config and layers. */
  readonly blobs: readonly Descriptor[];
}

/**
 * What belongs to a release, the release itself first. Manifests of trees are made here, the same as on every medium: the
 * statement names the tree and not its manifest.
 * @throws OciError for manifests that cannot be read
 */
export async function collectOutgoing(
  { layout }: MountedMedium,
  { release, statement }: FoundRelease,
  roots: readonly JudgedRoot[],
): Promise<readonly OutgoingManifest[]> {
  const outgoing = [await artifactOf(layout, release.manifestDigest, (pinned) => releaseEntry(statement, pinned))];
  for (const { root, manifestDigest } of roots) {
    outgoing.push(await artifactOf(layout, manifestDigest, (pinned) => rootEntry(root.version, pinned)));
  }
  for (const target of statement.targets) {
    for (const entry of imageEntries(statement, target)) {
      outgoing.push(outgoingOf(entry, await readVerifiedBlob(layout, entry, MAX_DOCUMENT_BYTES)));
    }
    if (target.tree === null) continue;
    const bytes = formatTreeManifest(target.tree.image, target.image);
    outgoing.push(outgoingOf(treeEntry(statement, target, { digest: digestOf(bytes), size: bytes.length }), bytes));
  }
  return outgoing;
}

async function artifactOf(
  layout: LayoutReader,
  digest: Digest,
  entryOf: (pinned: PinnedContent) => Descriptor,
): Promise<OutgoingManifest> {
  const pinned = await pinThere(layout, digest);
  return outgoingOf(entryOf(pinned), await readVerifiedBlob(layout, pinned, MAX_DOCUMENT_BYTES));
}

/** A blob that is known by its digest alone, with the size that it has. @throws OciError OCI_BLOB_MISSING */
export async function pinThere(layout: LayoutReader, digest: Digest): Promise<PinnedContent> {
  const size = await layout.blobSizeBytes(digest);
  if (size === undefined) throw new OciError("OCI_BLOB_MISSING", `blob ${digest} is not there`);
  return { digest, size };
}

function outgoingOf(entry: Descriptor, bytes: Buffer): OutgoingManifest {
  const { config, layers } = parseManifest(bytes, `manifest ${entry.digest}`);
  return { entry, bytes, blobs: [config, ...layers] };
}

/**
 * Lays `bytes` out in `directory`, which it makes, as skopeo's transport `dir:` has it. Blobs are links to the medium, which may hold
 * no links itself, have a colon in its path, or be read-only.
 * @throws HostError
 */
export async function layOut(
  directory: AbsPath,
  bytes: Buffer,
  blobs: readonly PinnedContent[],
  mountPoint: AbsPath,
): Promise<void> {
  const empty = digestOf(EMPTY_CONFIG);
  try {
    await mkdir(directory);
    await writeFile(below(directory, "manifest.json"), bytes);
    for (const digest of new Set(blobs.map((blob) => blob.digest))) {
      const file = below(directory, digestHex(digest));
      // every artifact has it, and a medium by another writer may lack it
      if (digest === empty) await writeFile(file, EMPTY_CONFIG);
      else await symlink(below(mountPoint, MEDIUM_DIRECTORY, "blobs", "sha256", digestHex(digest)), file);
    }
  } catch (error) {
    throw hostError(error, `laying out a manifest in ${directory}`);
  }
}
