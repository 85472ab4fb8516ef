/**
 * From a registry onto a medium, or into a directory in its place: the release with its roots, as they were pushed, byte for byte.
 *
 * A registry is believed as little as a medium. Documents come first, into a scratch directory; only what the statement pins
 * comes onto the medium, as blobs that nothing names yet; index.json names them when every byte was read and is right.
 */
import { formatTreeManifest } from "../../bundle/artifact.ts";
import { MEDIUM_DIRECTORY, openMedium } from "../../bundle/medium.ts";
import { type MediumWriter, openMediumWriter } from "../../bundle/medium-writer.ts";
import type { Statement } from "../../bundle/statement.ts";
import { verifyRelease } from "../../bundle/verify-release.ts";
import { type Digest, digestOf } from "../../oci/digest.ts";
import { type Descriptor, MAX_DOCUMENT_BYTES, parseManifest } from "../../oci/document.ts";
import type { LayoutReader } from "../../oci/layout.ts";
import { MEDIA_TYPE } from "../../oci/media-type.ts";
import { type PinnedContent, readVerifiedBlob } from "../../oci/verified-blob.ts";
import { type AbsPath, below } from "../../path.ts";
import { MAX_ENVELOPE_BYTES } from "../../trust/dsse.ts";
import type { KeyId } from "../../trust/keys.ts";
import { readReleases } from "../existing-releases.ts";
import { imageEntries, releaseEntry, rootEntry, treeEntry } from "../index-entries.ts";
import { followedRoot, judgeRoots, type RootChain } from "../judge-roots.ts";
import type { ReleasePorts } from "../ports.ts";
import { publishRelease } from "../publish-release.ts";
import { readContents } from "../read-contents.ts";
import { openScratch } from "../scratch-directory.ts";
import { findSame } from "../sequence.ts";
import { pinThere } from "./outgoing.ts";
import { type RegistryRelease, readRegistryRelease } from "./read-registry-release.ts";
import { type Registry, readPinnedManifest } from "./registry.ts";
import { watchGrowth } from "./watch-growth.ts";

export interface PullRequest {
  readonly registry: Registry;
  /** What bootc hosts follow. */
  readonly tag: string;
  readonly destination: AbsPath;
  /** Of the devices; without it signatures are not checked. */
  readonly chain: RootChain | undefined;
}

export interface PulledRelease {
  readonly statement: Statement;
  readonly payloadDigest: Digest;
  readonly manifestDigest: Digest;
  /** Who has signed, as far as the chain says; undefined when nobody has checked. */
  readonly verifiedBy: readonly KeyId[] | undefined;
  /** Versions of the roots that came along. */
  readonly roots: readonly number[];
  readonly blobs: number;
  readonly bytes: number;
}

type PullPorts = Pick<ReleasePorts, "exec" | "signal" | "scratchDirectory" | "openProgress">;

/**
 * Doing it again changes nothing; after an interruption, blobs that were complete are not fetched again.
 * @throws TrustError and BundleError as a device with the chain would refuse it, before anything is written; ReleaseError
 *   RELEASE_ALREADY_EXISTS, RELEASE_REGISTRY_…; BundleError, OciError, HostError
 */
export async function pullRelease(request: PullRequest, ports: PullPorts): Promise<PulledRelease> {
  const { registry, destination, chain } = request;
  await using scratch = await openScratch(ports.scratchDirectory);
  const remote = await readRegistryRelease(registry, request.tag, scratch.directory, ports.signal);
  const { found, documents } = remote;
  const { roots, verifiedBy } = judge(remote, chain);
  const { statement, payloadDigest } = found;

  await using writer = await openMediumWriter(destination, ports);
  const medium = await openMedium(destination, ports.signal);
  const same = findSame(statement, payloadDigest, (await readReleases(medium, ports.signal)).releases);
  await fetchContents(request, writer, statement, ports);
  const { blobs, bytes } = await readContents(medium, { statement }, ports);
  const release = await copyArtifact(documents.layout, found.release.manifestDigest, writer);
  const entries = [...contentEntries(statement), releaseEntry(statement, release)];
  for (const { root, manifestDigest } of roots) {
    entries.push(rootEntry(root.version, await copyArtifact(documents.layout, manifestDigest, writer)));
  }
  ports.signal.throwIfAborted();
  await writer.sync(); // what another program has written, before index.json names it
  await publishRelease(writer, { entries, documents: [], manifestDigest: release.digest }, same);
  const versions = roots.map(({ root }) => root.version);
  return { statement, payloadDigest, manifestDigest: release.digest, verifiedBy, roots: versions, blobs, bytes };
}

/** What devices would make of it; nothing of a release that they refuse is fetched. */
function judge({ found, roots }: RegistryRelease, chain: RootChain | undefined) {
  if (chain === undefined) return { roots, verifiedBy: undefined };
  const judged = judgeRoots(roots, chain);
  const { signedBy } = verifyRelease(found.release, followedRoot(judged, chain));
  return { roots: judged.filter(({ kind }) => kind !== "unfollowed"), verifiedBy: signedBy };
}

/** The entries of images, apps and trees. */
function contentEntries(statement: Statement): Descriptor[] {
  return statement.targets.flatMap((target) => {
    if (target.tree === null) return imageEntries(statement, target);
    const manifest = formatTreeManifest(target.tree.image, target.image); // as it was pushed
    const pinned = { digest: digestOf(manifest), size: manifest.length };
    return [...imageEntries(statement, target), treeEntry(statement, target, pinned)];
  });
}

interface Wanted {
  readonly digest: Digest;
  /** The manifest itself, config and layers. */
  readonly blobs: readonly PinnedContent[];
}

/** Brings everything that the statement pins onto the medium. What is there already stays, unless it is damaged. */
async function fetchContents(
  { registry, destination }: PullRequest,
  writer: MediumWriter,
  statement: Statement,
  { signal, openProgress }: PullPorts,
): Promise<void> {
  const wanted: Wanted[] = [];
  for (const entry of new Map(contentEntries(statement).map((each) => [each.digest, each])).values()) {
    signal.throwIfAborted();
    const { config, layers } = parseManifest(await readPinnedManifest(registry, entry), `manifest ${entry.digest}`);
    wanted.push({ digest: entry.digest, blobs: [entry, config, ...layers] });
  }
  const blobs = new Map(wanted.flatMap((each) => each.blobs).map((blob) => [blob.digest, blob]));
  await writer.checkRoom([...blobs.values()]);
  const directory = below(destination, MEDIUM_DIRECTORY);
  using meter = openProgress(
    "pulling",
    [...blobs.values()].reduce((sum, { size }) => sum + size, 0),
  );
  const done = new Set<Digest>();
  for (const { digest, blobs: all } of wanted) {
    const missing: PinnedContent[] = [];
    for (const blob of new Map(all.map((each) => [each.digest, each])).values()) {
      if (done.has(blob.digest)) continue;
      done.add(blob.digest);
      if (await writer.hasBlob(blob, { signal })) meter.advance(blob.size);
      else {
        await writer.discardBlob(blob.digest);
        missing.push(blob);
      }
    }
    if (missing.length === 0) continue;
    const fetch = (stop: AbortSignal) => registry.fetch(digest, directory, stop);
    await watchGrowth(directory, missing, fetch, { signal, onBytes: (bytes) => meter.advance(bytes) });
  }
}

/** A release or a root, its documents as they are. @returns its manifest */
async function copyArtifact(from: LayoutReader, digest: Digest, writer: MediumWriter): Promise<PinnedContent> {
  const bytes = await readVerifiedBlob(from, await pinThere(from, digest), MAX_DOCUMENT_BYTES);
  const { config, layers } = parseManifest(bytes, `manifest ${digest}`);
  for (const part of [config, ...layers]) {
    await writer.writeDocument(
      await readVerifiedBlob(from, part, Math.max(MAX_DOCUMENT_BYTES, MAX_ENVELOPE_BYTES)),
      part.mediaType,
    );
  }
  return writer.writeDocument(bytes, MEDIA_TYPE.manifest);
}
