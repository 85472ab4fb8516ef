/**
 * A verified release becomes a stored image: one read of the medium, one write of what is missing.
 *
 *     signed tree ─► plan ─► reused objects digested again ─► packs, layers supply the rest ─► objects durable ─► image durable
 *
 * Nothing bootable changes here. A run that is cut, aborted or fails leaves whole objects and a staging directory that is
 * swept; the next one goes on from the objects that are there.
 */
import type { Target } from "../bundle/statement.ts";
import type { VerifiedRelease } from "../bundle/verify-release.ts";
import type { ImageDigest } from "../composefs/image-digest.ts";
import { WantedObjects } from "../composefs/wanted-objects.ts";
import { readDiskSpace } from "../host/disk-space.ts";
import type { Digest } from "../oci/digest.ts";
import type { LayoutReader } from "../oci/layout.ts";
import type { AbsPath } from "../path.ts";
import type { ContentDigest, DirectoryNode } from "../tree/node.ts";
import { StoreError } from "./error.ts";
import { requireSupply } from "./evaluate-supply.ts";
import type { ObjectStore } from "./object-store.ts";
import { type IngestPlan, planIngest } from "./plan-ingest.ts";
import { type Offers, readOffers } from "./read-offers.ts";
import { readResumeHint, removeResumeHint, writeResumeHint } from "./resume-hint.ts";
import { readSignedTree, type SignedTree } from "./signed-tree.ts";
import { openStaging, type Staging } from "./staging.ts";
import { missingFromMedium, supplyFromMedium } from "./supply-from-medium.ts";
import { checkObjects } from "./verify-store.ts";

/** What is known of an image that is on this device, in whatever form. */
export interface StoredFacts {
  /** Digest of the OCI image manifest: what bootc's Host calls the digest of an image. */
  readonly manifestDigest: Digest;
  /** Digest of the signed statement. */
  readonly payloadDigest: Digest;
  readonly release: { readonly name: string; readonly version: string; readonly sequence: number };
  readonly compatible: string;
  readonly architecture: string;
  /** The container images that belong to it. */
  readonly apps: Target["apps"];
  /** Bytes that this run wrote. */
  readonly writtenBytes: number;
}

declare const storedTree: unique symbol;

/** An image whose metadata and objects are all on stable storage and were all digested. Only {@link ingestRelease} makes it. */
export interface StoredTree extends StoredFacts {
  readonly [storedTree]: true;
  readonly kind: "tree";
  /** The composefs digest: what the kernel command line pins. */
  readonly imageDigest: ImageDigest;
  readonly imageFile: AbsPath;
  /** The tree that the image describes. */
  readonly root: DirectoryNode;
  /** True when every object and the image are sealed by fs-verity. */
  readonly isSealed: boolean;
  /** Why they are not; undefined when they are. */
  readonly unsealedReason: string | undefined;
}

export interface IngestProgress {
  /** `checking`: bytes of reused objects; `reading`: compressed bytes of the medium's packs or layers. */
  readonly phase: "checking" | "reading";
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

export interface IngestOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: IngestProgress) => void) | undefined;
  /** Told what will be written, before the first layer is opened: the place for preflight. What it throws ends the run. */
  readonly onPlan?: ((plan: IngestPlan, root: DirectoryNode) => void | Promise<void>) | undefined;
}

/**
 * Stores the image that `target` of a verified release pins. Idempotent and resumable; atomic for what can be booted.
 *
 * Every object that the image names has been digested when it returns, those that were there before too: one that has
 * rotted is taken from the medium again, before it can take two deployments with it.
 * A medium that is a delta and lacks its base here is refused before anything is written.
 * @throws StoreError STORE_NO_SPACE, STORE_TREE_ABSENT, STORE_TREE_MISMATCH, STORE_OBJECTS_SIZE_MISMATCH, STORE_BASE_MISSING,
 *   STORE_BASE_DAMAGED, STORE_PACK_INVALID, STORE_OBJECT_MISSING_FROM_MEDIUM, STORE_VERITY_UNAVAILABLE; HostError HOST_BUSY; BundleError BUNDLE_IMAGE_MISMATCH, OciError,
 *   TreeError, ComposefsError for what is wrong with the medium; the reason of the signal
 */
export async function ingestRelease(
  store: ObjectStore,
  medium: LayoutReader,
  release: VerifiedRelease,
  target: Target,
  options: IngestOptions = {},
): Promise<StoredTree> {
  const { signal } = options;
  await using staging = await openStaging(store);
  const tree = await readSignedTree(store, medium, target, { signal });
  const run: IngestRun = { ...options, store, medium, target, staging, tree };
  const { name, version, sequence } = release.statement;
  const plan = await planAgainstStore(run);
  const offers = await readOffersFor(run, plan, `${name} ${version}`);
  await options.onPlan?.(plan, tree.root);
  requireSpace(store, plan);
  if (offers !== undefined) await supplyMissing(run, plan, offers);
  await publish(run, plan);
  const stored: Omit<StoredTree, typeof storedTree> = {
    kind: "tree",
    imageDigest: tree.digest,
    imageFile: store.imageFile(tree.digest),
    root: tree.root,
    manifestDigest: target.image.digest,
    payloadDigest: release.payloadDigest,
    release: { name, version, sequence },
    compatible: target.compatible,
    architecture: target.architecture,
    apps: target.apps,
    isSealed: staging.sealing.isActive,
    unsealedReason: staging.sealing.isActive ? undefined : staging.sealing.reason,
    writtenBytes: staging.writtenBytes,
  };
  return stored as StoredTree;
}

interface IngestRun extends IngestOptions {
  readonly store: ObjectStore;
  readonly medium: LayoutReader;
  readonly target: Target;
  readonly staging: Staging;
  readonly tree: SignedTree;
}

/** What is missing, and what is there and whole: objects that have rotted count as missing. */
async function planAgainstStore({ store, tree, staging, signal, onProgress }: IngestRun): Promise<IngestPlan> {
  const present = new Set(store.listObjectNames());
  const facts = {
    hasObject: (digest: ContentDigest) => present.has(digest),
    hasImage: tree.isStored,
    imageSizeBytes: tree.bytes.length,
    blockBytes: readDiskSpace(store.directory).blockBytes,
    isSealing: staging.sealing.isActive,
  };
  const plan = planIngest(tree.root, facts);
  const { missing, corrupt } = await checkObjects(store, plan.reused, {
    signal,
    onProgress: (bytesDone, bytesTotal) => onProgress?.({ phase: "checking", bytesDone, bytesTotal }),
  });
  if (missing.size + corrupt.size === 0) return plan;
  for (const digest of [...missing.keys(), ...corrupt.keys()]) present.delete(digest);
  return planIngest(tree.root, facts);
}

function requireSpace(store: ObjectStore, plan: IngestPlan): void {
  const { freeBytes, freeInodes } = readDiskSpace(store.directory);
  const where = `storing into ${store.directory}`;
  if (plan.neededBytes > freeBytes) {
    throw new StoreError("STORE_NO_SPACE", `${where}: needs ${plan.neededBytes} bytes, ${freeBytes} are free`);
  }
  if (freeInodes !== undefined && plan.neededInodes > freeInodes) {
    throw new StoreError("STORE_NO_SPACE", `${where}: needs ${plan.neededInodes} inodes, ${freeInodes} are free`);
  }
}

/** What the medium has of what is missing; it need not even be there when nothing is. */
async function readOffersFor(
  { store, medium, target, tree, signal }: IngestRun,
  { missing }: IngestPlan,
  what: string,
): Promise<Offers | undefined> {
  if (missing.size === 0) return undefined;
  const offers = await readOffers(medium, target, tree, missing, signal);
  requireSupply(store, what, missing, offers);
  return offers;
}

async function supplyMissing(run: IngestRun, plan: IngestPlan, offers: Offers): Promise<void> {
  const { store, medium, staging, tree, signal, onProgress } = run;
  const wanted = new WantedObjects(plan.missing);
  await supplyFromMedium(medium, offers, wanted, staging, {
    root: tree.root,
    doneLayers: readResumeHint(store, tree.digest),
    onLayersDone: (done) => writeResumeHint(store, tree.digest, done),
    signal,
    onProgress: (bytesDone, bytesTotal) => onProgress?.({ phase: "reading", bytesDone, bytesTotal }),
  });
  if (wanted.count === 0) return;
  throw missingFromMedium(medium, offers, wanted, `objects (${wanted.bytes} bytes) of ${tree.digest}`);
}

/** Objects first, the image that names them last. */
async function publish({ store, staging, tree, signal }: IngestRun, { reused }: IngestPlan): Promise<void> {
  removeResumeHint(store); // before the syncs that make it durable
  const published = [...reused.keys()].map(store.objectFile);
  if (tree.isStored) published.push(store.imageFile(tree.digest));
  await staging.sealPublished(published, signal);
  if (tree.isStored) await staging.publish(signal);
  else await staging.publishImage(tree.digest, tree.bytes, signal);
}
