/**
 * Copies a signed release, and the trust roots beside it, from one medium or directory to another: as it is, or as a delta.
 * Its statement and signatures are untouched, so no key is needed; every byte is checked while it is copied.
 */
import { type ImageBlobs, readImageBlobs } from "../bundle/image-blobs.ts";
import { type MountedMedium, openMedium } from "../bundle/medium.ts";
import { type MediumWriter, openMediumWriter } from "../bundle/medium-writer.ts";
import { readPacks } from "../bundle/read-packs.ts";
import { listRoots } from "../bundle/read-root.ts";
import type { Statement, Target } from "../bundle/statement.ts";
import type { Digest } from "../oci/digest.ts";
import { type Descriptor, MAX_DOCUMENT_BYTES } from "../oci/document.ts";
import { MEDIA_TYPE } from "../oci/media-type.ts";
import { type PinnedContent, readVerifiedBlob, readVerifiedChunks } from "../oci/verified-blob.ts";
import type { AbsPath } from "../path.ts";
import { readTreeObjects } from "./delta/read-tree.ts";
import { type DeltaPlan, type DeltaRequest, planDeltas, writeDeltas } from "./delta/write-deltas.ts";
import { ReleaseError } from "./error.ts";
import { findRelease, readReleases } from "./existing-releases.ts";
import { packEntry } from "./index-entries.ts";
import type { ReleasePorts } from "./ports.ts";
import { type PreparedContents, prepareRelease, publishRelease } from "./publish-release.ts";
import { prepareRoots } from "./publish-roots.ts";
import { verifyWritten } from "./read-back.ts";
import { findSame } from "./sequence.ts";

export interface CopyRequest {
  readonly source: AbsPath;
  /** As `findRelease` takes it. */
  readonly selector: string | undefined;
  readonly destination: AbsPath;
  /** Undefined copies what there is: all layers, or the packs of a delta. */
  readonly delta: DeltaRequest | undefined;
  readonly verifyWritten: boolean;
}

export interface CopiedRelease {
  readonly statement: Statement;
  readonly payloadDigest: Digest;
  readonly manifestDigest: Digest;
}

type CopyPorts = Pick<ReleasePorts, "exec" | "signal" | "scratchDirectory" | "openProgress">;

/**
 * Doing it again changes nothing.
 * @throws ReleaseError RELEASE_NOT_FOUND, RELEASE_AMBIGUOUS, RELEASE_ALREADY_EXISTS, RELEASE_DELTA_ONLY and as `planDeltas`,
 *   `writeDeltas`; BundleError, OciError for what is wrong with either medium; HostError
 */
export async function copyRelease(request: CopyRequest, ports: CopyPorts): Promise<CopiedRelease> {
  const { signal } = ports;
  const source = await openMedium(request.source, signal);
  const { release, statement, payloadDigest } = findRelease(
    (await readReleases(source, signal)).releases,
    request.selector,
  );
  const images = await readImages(source, statement, signal);
  const delta = request.delta && (await planDeltas(request.delta, kindsOf(statement, images), signal));
  await using writer = await openMediumWriter(request.destination, ports);
  const existing = (await readReleases(await openMedium(request.destination, signal), signal)).releases;
  const same = findSame(statement, payloadDigest, existing);
  try {
    const written = await copyContents({ source, statement, images, writer, delta }, ports);
    const packs = await preparePacks({ source, statement, images, writer, delta }, ports);
    const roots = await prepareRoots(
      writer,
      (await listRoots(source, { signal })).roots.map(({ root }) => root),
    );
    const prepared = await prepareRelease(writer, statement, release.envelope);
    const documents = [...packs.documents, ...roots.documents, ...prepared.documents];
    if (request.verifyWritten) await verifyWritten(writer.layout, [...written, ...documents], ports);
    signal.throwIfAborted();
    const entries = [...roots.entries, ...prepared.entries, ...packs.entries];
    await publishRelease(writer, { ...prepared, entries }, same);
    return { statement, payloadDigest, manifestDigest: prepared.manifestDigest };
  } catch (error) {
    await writer.collectGarbage().catch(() => undefined); // what failed first is what the person must hear of
    throw error;
  }
}

/** Blobs of images by the digests of their manifests: systems and apps. */
type Images = ReadonlyMap<Digest, ImageBlobs>;

async function readImages({ layout }: MountedMedium, { targets }: Statement, signal: AbortSignal): Promise<Images> {
  const images = new Map<Digest, ImageBlobs>();
  for (const { architecture, image, apps } of targets) {
    for (const pinned of [image, ...apps.map((app) => app.image)])
      images.set(pinned.digest, await readImageBlobs(layout, pinned, architecture, signal));
  }
  return images;
}

function kindsOf({ targets }: Statement, images: Images) {
  return targets.map(({ compatible, architecture, image, tree }) => {
    const layers = (images.get(image.digest)?.layers ?? []).map(({ digest }) => digest);
    return { compatible, architecture, layers, hasTree: tree !== null };
  });
}

interface Copying {
  readonly source: MountedMedium;
  readonly statement: Statement;
  readonly images: Images;
  readonly writer: MediumWriter;
  readonly delta: DeltaPlan | undefined;
}

/** Manifests, configs, layers that are not left out, and trees. */
async function copyContents(
  { source, statement, images, writer, delta }: Copying,
  { signal, openProgress }: CopyPorts,
): Promise<readonly PinnedContent[]> {
  const blobs = new Map<Digest, PinnedContent>();
  for (const { image, apps, tree } of statement.targets) {
    for (const pinned of [image, ...apps.map((app) => app.image)]) {
      const { manifest, layers } = images.get(pinned.digest) ?? { manifest: undefined, layers: [] };
      const isSystem = pinned === image;
      for (const layer of layers) {
        if (isSystem && delta?.leftOut.has(layer.digest)) continue;
        if (isSystem && (await source.layout.blobSizeBytes(layer.digest)) === undefined && delta === undefined)
          continue;
        blobs.set(layer.digest, layer);
      }
      for (const document of [manifest?.config, pinned])
        if (document !== undefined) blobs.set(document.digest, document);
    }
    if (tree !== null) blobs.set(tree.image.digest, tree.image);
  }
  await writer.checkRoom([...blobs.values()]);
  using meter = openProgress(
    `copying ${statement.name}@${statement.version}`,
    [...blobs.values()].reduce((sum, { size }) => sum + size, 0),
  );
  for (const blob of blobs.values()) {
    if (await writer.hasBlob(blob, { signal })) meter.advance(blob.size);
    else await writer.writeBlob(counted(readVerifiedChunks(source.layout, blob, signal), meter.advance), blob);
  }
  return [...blobs.values()];
}

async function* counted(chunks: AsyncIterable<Buffer>, advance: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    advance(chunk.length);
    yield chunk;
  }
}

async function preparePacks(copying: Copying, ports: CopyPorts): Promise<PreparedContents> {
  const { source, statement, images, writer, delta } = copying;
  if (delta === undefined) return copyPacks(copying, ports.signal);
  const openSource = async ({ image, tree }: Target) => {
    const { layers } = images.get(image.digest) ?? { layers: [] };
    if (tree !== null) await requireLayers(source, statement, layers);
    const objects = tree === null ? undefined : await readTreeObjects(source.layout, tree, ports.signal);
    return { layout: source.layout, layers, tree: objects };
  };
  return writeDeltas(writer, statement, delta, openSource, ports);
}

async function requireLayers({ layout }: MountedMedium, { name, version }: Statement, layers: readonly Descriptor[]) {
  for (const { digest } of layers) {
    if ((await layout.blobSizeBytes(digest)) !== undefined) continue;
    const what = `${layout.location} holds ${name}@${version} as a delta only: layer ${digest} is left out`;
    throw new ReleaseError("RELEASE_DELTA_ONLY", what);
  }
}

/** The packs that the source has; a release that lacks layers is nothing without them. */
async function copyPacks(
  { source, statement, images, writer }: Copying,
  signal: AbortSignal,
): Promise<PreparedContents> {
  const { layout } = source;
  const entries: Descriptor[] = [];
  const documents: Descriptor[] = [];
  for (const target of statement.targets) {
    const { packs } = await readPacks(layout, target.image.digest, signal);
    if (packs.length === 0) await requireLayers(source, statement, images.get(target.image.digest)?.layers ?? []);
    for (const { manifestDigest, list, contents } of packs) {
      for (const blob of [list, ...contents]) {
        if (!(await writer.hasBlob(blob, { signal })))
          await writer.writeBlob(readVerifiedChunks(layout, blob, signal), blob);
      }
      const size = (await layout.blobSizeBytes(manifestDigest)) ?? 0;
      const bytes = await readVerifiedBlob(layout, { digest: manifestDigest, size }, MAX_DOCUMENT_BYTES, signal);
      const manifest = await writer.writeDocument(bytes, MEDIA_TYPE.manifest);
      documents.push(manifest);
      entries.push(packEntry(statement, target, manifest));
    }
  }
  return { entries, documents };
}
