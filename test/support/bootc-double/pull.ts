/** Pulling an image: what each backend checks, what it reads and what it takes from the images it has. */
import { hash } from "node:crypto";
import { errnoOf } from "../../../src/error.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import type { Descriptor } from "../../../src/oci/document.ts";
import { readVerifiedBlob } from "../../../src/oci/verified-blob.ts";
import { findBoundImages } from "./bound-images.ts";
import { BootcFailure, formatReference, type Machine } from "./context.ts";
import { findKeptLayer, keepLayer, readKeptLayer } from "./kept-layers.ts";
import { type LayerBytes, mergeLayers } from "./merge-layers.ts";
import type { Progress } from "./progress.ts";
import type { SourceImage } from "./source-image.ts";
import type { RecordedImage, RecordedLayer } from "./state.ts";

const MAX_LAYER_BYTES = 1 << 30;
const VERSION = "org.opencontainers.image.version";
const CREATED = "org.opencontainers.image.created";

/** A pulled layer and where its bytes are. */
interface PulledLayer extends LayerBytes {
  readonly record: RecordedLayer;
}

/** @throws BootcFailure; OciError, TreeError */
export async function pullImage(machine: Machine, source: SourceImage, progress: Progress): Promise<RecordedImage> {
  if (machine.facts.backend === "composefs") return await pullComposefs(machine, source, progress);
  const stored = storedImage(machine, source);
  if (stored !== undefined) return stored;
  return await pullOstree(machine, source, progress);
}

/** The image under this very reference, when it has this manifest or at least this config: then nothing is new. */
function storedImage(machine: Machine, source: SourceImage): RecordedImage | undefined {
  const { reference, manifestDigest, manifest } = source;
  const images = machine.state().deployments.map(({ image }) => image);
  const ofReference = images.filter((image) => formatReference(image.reference) === formatReference(reference));
  return (
    ofReference.find((image) => image.manifestDigest === manifestDigest) ??
    ofReference.find((image) => image.configDigest === manifest.config.digest)
  );
}

async function pullOstree(machine: Machine, source: SourceImage, progress: Progress): Promise<RecordedImage> {
  checkBootable(machine, source);
  const layers = recordsOf(source);
  const missing = layers.filter((layer) => findKeptLayer(machine, layer) === undefined);
  checkRoom(machine, source, missing.length);
  const pulled: PulledLayer[] = [];
  for (const [index, layer] of layers.entries()) {
    const kept = findKeptLayer(machine, layer);
    const record = kept ?? layer;
    const descriptor = source.manifest.layers[index] as Descriptor;
    const bytes = kept === undefined ? await fetchLayer(source, descriptor) : readKeptLayer(machine, kept).bytes;
    pulled.push({ record, mediaType: record.mediaType, bytes });
    progress.pulled(source, pulled.length);
  }
  progress.imported(source);
  return await finishPull(machine, source, pulled);
}

/** Through skopeo's proxy, which verifies digest and size. */
async function fetchLayer({ layout }: SourceImage, descriptor: Descriptor): Promise<Buffer> {
  return await readVerifiedBlob(layout, descriptor, MAX_LAYER_BYTES);
}

async function pullComposefs(machine: Machine, source: SourceImage, progress: Progress): Promise<RecordedImage> {
  checkRoom(machine, source, source.manifest.layers.length);
  const pulled: PulledLayer[] = [];
  for (const [index, record] of recordsOf(source).entries()) {
    const descriptor = source.manifest.layers[index] as Descriptor;
    pulled.push({ record, mediaType: record.mediaType, bytes: await readWithoutDigest(source, descriptor) });
    progress.pulled(source, pulled.length);
  }
  const image = await finishPull(machine, source, pulled);
  machine.update({ pulledConfigs: [...new Set([...machine.state().pulledConfigs, image.configDigest])] });
  return image;
}

/** The direct path into an oci layout: nothing but sizes is looked at. */
async function readWithoutDigest({ layout }: SourceImage, { digest, size }: Descriptor): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of (await layout.openBlob(digest)).chunks) chunks.push(chunk);
  } catch (error) {
    const why = errnoOf((error as Error).cause) === "ENOENT" ? "No such file or directory (os error 2)" : String(error);
    throw new BootcFailure(`Pulling: Opening layer blob ${digest}: ${why}`);
  }
  const bytes = Buffer.concat(chunks);
  if (bytes.length !== size)
    throw new BootcFailure(`Pulling: Reading layer blob ${digest}: expected ${size} bytes, got ${bytes.length}`);
  return bytes;
}

/** A signed kernel image names the digest of the honest content. */
function checkSealed({ facts }: Machine, layers: readonly RecordedLayer[], diffIds: readonly Digest[]): void {
  const isSealed = facts.backend === "composefs" && facts.bootType === "Uki";
  if (isSealed && layers.some(({ diffId }, index) => diffId !== diffIds[index]))
    throw new BootcFailure("Staging: UKIDigestMismatch: composefs= digest does not match");
}

function checkBootable(machine: Machine, { config, manifest }: SourceImage): void {
  const labels = config.config?.Labels ?? {};
  if (labels["containers.bootc"] === undefined && labels["ostree.bootable"] === undefined)
    throw new BootcFailure("Target image does not have ostree.bootable label");
  if (config.architecture !== machine.facts.architecture)
    throw new BootcFailure(`Image has architecture ${config.architecture}; expected ${machine.facts.architecture}`);
  const history = Array.isArray(config["history"]) ? (config["history"] as { readonly empty_layer?: boolean }[]) : [];
  const covered = history.filter(({ empty_layer }) => empty_layer !== true).length;
  if (covered < manifest.layers.length) throw new BootcFailure("Truncated history");
}

function checkRoom(machine: Machine, { reference }: SourceImage, layersToFetch: number): void {
  if (!machine.traps.hasNoSpace || layersToFetch === 0) return;
  if (!machine.has("diskPreflight")) throw new BootcFailure("Importing: Writing object: No space left on device");
  throw new BootcFailure(`Insufficient free space for ${formatReference(reference)} (available: 1 MB required: 2 GB)`);
}

function recordsOf({ manifest, config }: SourceImage): readonly RecordedLayer[] {
  return manifest.layers.map(({ digest, mediaType }, index) => {
    const diffId: Digest | undefined = config.rootfs.diff_ids[index];
    if (diffId === undefined) throw new BootcFailure("Layer without diff_id");
    return { digest, mediaType, diffId };
  });
}

async function finishPull(
  machine: Machine,
  source: SourceImage,
  pulled: readonly PulledLayer[],
): Promise<RecordedImage> {
  const merged = await mergeLayers(pulled);
  const boundImages = findBoundImages(merged);
  for (const { record, bytes } of pulled) keepLayer(machine, record.digest, bytes);
  const layers = pulled.map(({ record }) => record);
  checkSealed(machine, layers, merged.diffIds);
  return { ...describeImage(machine, source), layers, tree: merged.digest, boundImages };
}

/** What manifest and config say, of an image that has not been pulled. */
export function describeImage(machine: Machine, source: SourceImage): RecordedImage {
  const { reference, manifest, manifestDigest, config } = source;
  const labels = config.config?.Labels ?? {};
  const isOstree = machine.facts.backend === "ostree";
  return {
    reference,
    manifestDigest,
    configDigest: manifest.config.digest,
    version: (isOstree ? (labels[VERSION] ?? labels["version"]) : manifest.annotations?.[VERSION]) ?? null,
    timestamp: (isOstree ? labels[CREATED] : undefined) ?? config.created ?? null,
    architecture: config.architecture,
    layers: recordsOf(source),
    tree: "",
    boundImages: [],
  };
}

/** Of a composefs deployment: 128 digits that follow from its content. */
export function verityOfTree(tree: string): string {
  return hash("sha512", tree, "hex");
}

/** Of an ostree deployment: 64 digits that follow from the image. */
export function commitOf({ manifestDigest }: RecordedImage): string {
  return hash("sha256", `commit of ${manifestDigest}`, "hex");
}
