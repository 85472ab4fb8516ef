/**
 * Carries the images of all targets into the sink, each once, and says what the statement has to say about them. The
 * images that they bind come along: which ones is known when the layers of the system have been read.
 */
import type { Target } from "../bundle/statement.ts";
import type { Digest } from "../oci/digest.ts";
import { bindApps, type OpenBoundImage } from "./bind-apps.ts";
import { type BoundImage, findBoundImages } from "./bound-images.ts";
import { type BlobSink, copyAndMergeImage, copyImage } from "./copy-image.ts";
import { readinessWarnings } from "./device-readiness.ts";
import { verifyKernel } from "./kernel.ts";
import type { SourceImage } from "./layout-images.ts";
import type { PlannedTarget } from "./plan-release.ts";
import type { ReleasePorts } from "./ports.ts";
import { makeTreeImage, type TreeImage } from "./tree-image.ts";

export interface CollectedTargets {
  readonly targets: readonly Target[];
  /** By the digest of the image's manifest; empty without trees. */
  readonly trees: ReadonlyMap<Digest, TreeImage>;
  readonly warnings: readonly string[];
}

export interface CollectOptions {
  /** Without, layers are merged all the same: what the image binds stands in its tree. */
  readonly withTree: boolean;
  readonly devices: readonly string[] | null;
  readonly sink: BlobSink;
  /** What is done with system images, for the progress; "reading and writing" unless given. */
  readonly label?: string;
  /** Where system images go instead; a delta has one that leaves layers out. */
  readonly systemSink?: BlobSink | undefined;
  readonly openBound: OpenBoundImage;
  /** Refuses images that the destination has no room for. */
  readonly checkRoom: (images: readonly SourceImage[]) => Promise<void>;
}

/**
 * @throws OciError, TreeError, ReleaseError RELEASE_DIFF_ID_MISMATCH, RELEASE_NO_KERNEL, RELEASE_SEVERAL_KERNELS,
 *   RELEASE_BOUND_IMAGE_INVALID, RELEASE_BOUND_IMAGE_MISSING, RELEASE_APP_DIFFERS, and what the sink throws
 */
export async function collectTargets(
  planned: readonly PlannedTarget[],
  options: CollectOptions,
  ports: Pick<ReleasePorts, "signal" | "openProgress" | "note">,
): Promise<CollectedTargets> {
  const { trees, warnings, boundBy } = await copySystems(distinct(planned.map(({ image }) => image)), options, ports);
  const targets = await bindApps(planned, boundBy, options.openBound);
  const apps = distinct(targets.flatMap((target) => target.apps.map(({ image }) => image)));
  await options.checkRoom(apps);
  await copyApps(apps, options, ports);
  return { targets: describeTargets(targets, options.devices, trees), trees, warnings };
}

async function copySystems(
  systems: readonly SourceImage[],
  { sink, systemSink = sink, withTree, label: does = "reading and writing" }: CollectOptions,
  { signal, openProgress, note }: Pick<ReleasePorts, "signal" | "openProgress" | "note">,
) {
  const trees = new Map<Digest, TreeImage>();
  const boundBy = new Map<Digest, readonly BoundImage[]>();
  const warnings: string[] = [];
  using progress = openProgress(does, sizeOf(systems));
  for (const image of systems) {
    const merged = await copyAndMergeImage(image, { sink: systemSink, signal, onBytes: progress.advance });
    const { digest } = image.descriptor;
    const label = `image ${digest}`;
    const bound = findBoundImages(merged, label);
    for (const each of bound) note(`${label} binds ${each.name} (${each.boundBy})`);
    boundBy.set(digest, bound);
    if (!withTree) continue;
    warnings.push(...verifyKernel(merged.root, label), ...readinessWarnings(merged.root, label));
    trees.set(digest, makeTreeImage(merged.root));
  }
  return { trees, warnings, boundBy };
}

async function copyApps(
  apps: readonly SourceImage[],
  { sink }: CollectOptions,
  { signal, openProgress }: Pick<ReleasePorts, "signal" | "openProgress">,
): Promise<void> {
  if (apps.length === 0) return;
  using progress = openProgress("writing apps", sizeOf(apps));
  for (const image of apps) await copyImage(image, { sink, signal, onBytes: progress.advance });
}

function sizeOf(images: readonly SourceImage[]): number {
  return images.flatMap(blobsOf).reduce((sum, { size }) => sum + size, 0);
}

/** @param trees by the digest of the image's manifest; an image without one is for bootc hosts only */
export function describeTargets(
  planned: readonly PlannedTarget[],
  devices: readonly string[] | null,
  trees: ReadonlyMap<Digest, TreeImage>,
): readonly Target[] {
  return planned.map(({ compatible, architecture, image, apps }) => ({
    compatible,
    architecture,
    devices: devices === null ? null : [...devices],
    image: pinOf(image),
    apps: apps.map((app) => ({ name: app.name, image: pinOf(app.image) })),
    tree: trees.get(image.descriptor.digest)?.statement ?? null,
  }));
}

/** Layers, config and manifest. */
export function blobsOf({ manifest, descriptor }: SourceImage): SourceImage["descriptor"][] {
  return [...manifest.layers, manifest.config, descriptor];
}

function distinct(images: readonly SourceImage[]): readonly SourceImage[] {
  return [...new Map(images.map((image) => [image.descriptor.digest, image])).values()];
}

function pinOf({ descriptor: { mediaType, digest, size } }: SourceImage): Target["image"] {
  return { mediaType, digest, size };
}
