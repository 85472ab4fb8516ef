/** Carries the images of all targets into the sink, each once, and says what the statement has to say about them. */
import type { Target } from "../bundle/statement.ts";
import type { Digest } from "../oci/digest.ts";
import { type BlobSink, copyImage } from "./copy-image.ts";
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

/**
 * @throws OciError, TreeError, ReleaseError RELEASE_DIFF_ID_MISMATCH, RELEASE_NO_KERNEL, RELEASE_SEVERAL_KERNELS, and
 *   what the sink throws
 */
export async function collectTargets(
  planned: readonly PlannedTarget[],
  options: { readonly withTree: boolean; readonly devices: readonly string[] | null; readonly sink: BlobSink },
  ports: Pick<ReleasePorts, "signal" | "openProgress">,
): Promise<CollectedTargets> {
  const systems = distinct(planned.map(({ image }) => image));
  const apps = distinct(planned.flatMap((target) => target.apps.map(({ image }) => image)));
  const trees = new Map<Digest, TreeImage>();
  const warnings: string[] = [];
  const totalBytes = [...systems, ...apps].flatMap(blobsOf).reduce((sum, { size }) => sum + size, 0);
  using progress = ports.openProgress(options.withTree ? "reading and writing" : "writing", totalBytes);
  const copy = { sink: options.sink, signal: ports.signal, onBytes: progress.advance };
  for (const image of systems) {
    const root = await copyImage(image, { ...copy, withTree: options.withTree });
    if (root === undefined) continue;
    const label = `image ${image.descriptor.digest}`;
    warnings.push(...verifyKernel(root, label), ...readinessWarnings(root, label));
    trees.set(image.descriptor.digest, makeTreeImage(root));
  }
  for (const image of apps) await copyImage(image, { ...copy, withTree: false });
  return { targets: describeTargets(planned, options.devices, trees), trees, warnings };
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
