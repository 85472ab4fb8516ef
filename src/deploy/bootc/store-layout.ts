/**
 * A verified release becomes an image layout that bootc can read: one read of the medium, one write of what is missing.
 *
 *     manifest, config → bootc's demands → layers here already digested again → room → layers → record → index.json
 *
 * Everything is parsed from our own copy. A run that is cut, aborted or fails leaves whole blobs, and the index as it was;
 * the next one goes on from them, also without the medium when nothing is missing any more.
 */
import type { ImageBlobs } from "../../bundle/image-blobs.ts";
import type { Target } from "../../bundle/statement.ts";
import type { VerifiedRelease } from "../../bundle/verify-release.ts";
import type { Descriptor } from "../../oci/document.ts";
import { type LayoutReader, openLayout } from "../../oci/layout.ts";
import type { PinnedContent } from "../../oci/verified-blob.ts";
import type { AbsPath } from "../../path.ts";
import { DeployError } from "../error.ts";
import type { Host } from "../host-status.ts";
import { copyBlob, copyDocuments, distinctBlobs, hasBlob, prepareLayout } from "../local-layout.ts";
import type { StoreOptions } from "../port.ts";
import type { StoredLayout } from "../stored-image.ts";
import { requireBootcShape } from "./bootc-shape.ts";
import type { BootcEngine } from "./engine.ts";
import { isComposefs, manifestDigestOf } from "./host-facts.ts";
import { makeWay } from "./make-way.ts";
import { layoutDirectory, layoutReference, writeLayoutIndex } from "./os-layout.ts";
import { readFeatures } from "./read-features.ts";
import { readHost } from "./read-host.ts";
import { letEverybodyReach } from "./readable-layout.ts";
import { changeRecord, withImage } from "./record.ts";
import { requireBase } from "./require-base.ts";
import { requireRoom } from "./require-room.ts";
import { requireUsable } from "./require-usable.ts";

/** See {@link DeployBackend.store}. */
export async function storeLayout(
  engine: BootcEngine,
  source: LayoutReader,
  release: VerifiedRelease,
  target: Target,
  options: StoreOptions = {},
): Promise<StoredLayout> {
  const { exec, paths } = engine;
  const reference = layoutReference(paths);
  const host = await readHost(exec);
  await requireUsable(exec, host);
  requireApps(host, target);
  const features = await readFeatures(exec);
  const layout = layoutDirectory(paths);
  prepareLayout(layout);
  if (features.readsAsNobody) letEverybodyReach(paths.stateDirectory);

  const run: StoringRun = { ...options, layout, source, target };
  const { layers } = await storeDocuments(run);
  const missing = await findMissing(run, layers);
  const mayBeSparse = features.takesSparseLayouts && !isComposefs(host);
  const { carried, absent } = await chooseCarried(source, missing);
  await requireBase(paths.stateDirectory, host, { source, target, absent, mayBeSparse, signal: options.signal });
  requireRoom(engine, layout, { copied: carried, unpacked: missing });
  const appBytes = await engine.apps.store(source, target, options);
  await copyLayers(run, carried);

  options.signal?.throwIfAborted();
  // The index is never changed under what is staged.
  const { status } = await makeWay(engine, await readHost(exec), target.image.digest);
  const { name, version, sequence } = release.statement;
  const facts = { payloadDigest: release.payloadDigest, release: { name, version, sequence } };
  recordStored(engine, target, facts, status);
  writeLayoutIndex(layout, target.image, target.architecture);
  const { compatible, architecture, apps } = target;
  const stored: Pick<StoredLayout, Exclude<keyof StoredLayout, symbol>> = {
    kind: "layout",
    manifestDigest: target.image.digest,
    ...{ ...facts, compatible, architecture, apps, reference },
    writtenBytes: sizeOf(carried) + appBytes,
  };
  return stored as StoredLayout;
}

/**
 * The composefs backend keeps no bound images: what was loaded before it stages is gone after it.
 * @throws DeployError DEPLOY_BOOTC_APPS_UNSUPPORTED
 */
function requireApps(host: Host, { apps }: Target): void {
  if (apps.length === 0 || !isComposefs(host)) return;
  throw new DeployError("DEPLOY_BOOTC_APPS_UNSUPPORTED", `the release binds ${apps.length} container images`);
}

interface StoringRun extends StoreOptions {
  readonly layout: AbsPath;
  readonly source: LayoutReader;
  readonly target: Target;
}

/** Manifest and config, durable and checked against each other, the target, and what bootc wants of an image. */
async function storeDocuments({ layout, source, target, signal }: StoringRun): Promise<ImageBlobs> {
  const { image, architecture } = target;
  const blobs = await copyDocuments(layout, source, image, architecture, { signal });
  requireBootcShape(image.digest, blobs);
  return blobs;
}

/** Layers that the layout does not have, to the last bit. */
async function findMissing(run: StoringRun, layers: readonly Descriptor[]): Promise<readonly Descriptor[]> {
  const { layout, signal, onProgress } = run;
  const local = openLayout(layout);
  const distinct = distinctBlobs(layers);
  const sizes = await Promise.all(distinct.map(({ digest }) => local.blobSizeBytes(digest)));
  const bytesTotal = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  let bytesDone = 0;
  const missing: Descriptor[] = [];
  for (const layer of distinct) {
    const onBytes = (bytes: number) => {
      bytesDone += bytes;
      onProgress?.({ phase: "checking", bytesDone, bytesTotal });
    };
    if (!(await hasBlob(layout, layer, { signal, onBytes }))) missing.push(layer);
  }
  return missing;
}

/**
 * What the medium has of them. A medium may leave out what the device has had before; whether bootc still has it is known
 * when it is asked, and then nothing is staged without it.
 */
async function chooseCarried(source: LayoutReader, missing: readonly Descriptor[]) {
  const carried: Descriptor[] = [];
  const absent: Descriptor[] = [];
  for (const layer of missing) {
    ((await source.blobSizeBytes(layer.digest)) === undefined ? absent : carried).push(layer);
  }
  return { carried, absent };
}

async function copyLayers(run: StoringRun, layers: readonly Descriptor[]): Promise<void> {
  const { layout, source, signal, onProgress } = run;
  const bytesTotal = sizeOf(layers);
  let bytesDone = 0;
  const onBytes = (bytes: number) => {
    bytesDone += bytes;
    onProgress?.({ phase: "reading", bytesDone, bytesTotal });
  };
  for (const layer of layers) await copyBlob(layout, source, layer, { signal, onBytes });
}

function sizeOf(blobs: readonly PinnedContent[]): number {
  return blobs.reduce((sum, { size }) => sum + size, 0);
}

/**
 * Before the index leads to it: whoever boots it, it has to prove itself, unless it has done so before. One that is
 * deployed and not on record is as good as everything that came by bootc's own means.
 */
function recordStored(
  { paths }: BootcEngine,
  { image }: Target,
  facts: Pick<StoredLayout, "payloadDigest" | "release">,
  { booted, rollback, otherDeployments = [] }: Host["status"],
): void {
  const deployed = [booted, rollback, ...otherDeployments].map(manifestDigestOf);
  changeRecord(paths.stateDirectory, (record) => {
    const unknown = deployed.includes(image.digest) ? "good" : "new";
    const standing = record.images[image.digest]?.standing ?? unknown;
    return withImage(record, image.digest, { ...facts, standing });
  });
}
