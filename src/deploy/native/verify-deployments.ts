/** Checks everything that the deployments need: images, objects, kernels on the boot partition, /etc. Reads only. */
import { existsSync } from "node:fs";
import type { ImageDigest } from "../../composefs/image-digest.ts";
import { type AbsPath, below, displayBytes } from "../../path.ts";
import { loadImage } from "../../store/load-image.ts";
import { findUnsealed } from "../../store/seal-images.ts";
import { type CheckOptions, isWhole, type StoreReport, verifyStore } from "../../store/verify-store.ts";
import type { ContentDigest } from "../../tree/node.ts";
import { walkTree } from "../../tree/walk.ts";
import type { DeploymentId } from "../deployment-id.ts";
import { isContentOnDisk } from "./content-on-disk.ts";
import type { Engine } from "./engine.ts";
import { imageRoots } from "./gc.ts";
import { findKernel, KERNEL_FILES } from "./kernel.ts";
import { deploymentEtc, kernelFile } from "./layout.ts";
import { type Deployment, readSnapshot } from "./snapshot.ts";

export interface DamagedObject {
  readonly digest: ContentDigest;
  readonly state: "missing" | "corrupt";
  readonly sizeBytes: number;
  /** Where deployments use it, as `<deployment>:/usr/bin/x`; the first {@link MAX_USES}. */
  readonly usedBy: readonly string[];
}

export interface DamagedBootFile {
  /** On the boot partition. */
  readonly path: string;
  readonly deployment: DeploymentId;
}

export interface DeploymentsReport {
  readonly store: StoreReport;
  readonly objects: readonly DamagedObject[];
  readonly bootFiles: readonly DamagedBootFile[];
  /** Deployments that can boot and have no /etc. */
  readonly withoutEtc: readonly DeploymentId[];
  /** Deployments whose origin.json cannot be read. */
  readonly damagedOrigins: readonly DeploymentId[];
  /** Files that are not sealed, of deployments whose boot entries ask for seals: these would not boot. */
  readonly unsealed: readonly AbsPath[];
  readonly isWhole: boolean;
}

const MAX_USES = 10; // enough to see what it is; a shared licence text has thousands

/** @throws HostError; the reason of the signal */
export async function verifyDeployments(engine: Engine, options: CheckOptions = {}): Promise<DeploymentsReport> {
  const snapshot = readSnapshot(engine.paths, engine.loader);
  const { deployments, damaged } = snapshot;
  const store = await verifyStore(engine.store, imageRoots(snapshot), options);
  const lost = new Set([...store.missingImages, ...store.corruptImages]);
  const readable = deployments.filter(({ origin }) => !lost.has(origin.imageDigest));
  const bootFiles = readable.flatMap((deployment) => damagedBootFiles(engine, deployment));
  const withoutEtc = deployments
    .filter(({ id, entries }) => entries.length > 0 && !existsSync(deploymentEtc(engine.paths, id)))
    .map(({ id }) => id);
  const unsealed = await findBrokenPromises(engine, store, readable, options.signal);
  const others = [bootFiles, withoutEtc, damaged, unsealed];
  return {
    store,
    objects: describeDamage(engine, store, readable),
    bootFiles,
    withoutEtc,
    damagedOrigins: damaged,
    unsealed,
    isWhole: isWhole(store) && others.every((list) => list.length === 0),
  };
}

/** What is missing altogether has no seal either, and is listed once. */
async function findBrokenPromises(
  { store }: Engine,
  { missing }: StoreReport,
  deployments: readonly Deployment[],
  signal: AbortSignal | undefined,
): Promise<readonly AbsPath[]> {
  const unsealed = await findUnsealed(store, sealedImages(deployments), signal);
  const absent = new Set([...missing.keys()].map(store.objectFile));
  return unsealed.filter((file) => !absent.has(file));
}

/** Images of deployments whose boot entries ask for seals. */
export function sealedImages(deployments: readonly Deployment[]): readonly ImageDigest[] {
  return deployments.filter(({ origin }) => origin.verity !== "off").map(({ origin }) => origin.imageDigest);
}

/** Files that an entry of the deployment names; a staged one has none yet. */
function damagedBootFiles(engine: Engine, { id, origin, entries }: Deployment): readonly DamagedBootFile[] {
  if (entries.length === 0) return [];
  const kernel = findKernel(loadImage(engine.store, origin.imageDigest));
  return KERNEL_FILES.flatMap((name) => {
    const path = kernelFile(origin.kernel.bootChecksum, name);
    const content = name === "vmlinuz" ? kernel.vmlinuz : kernel.initramfs;
    return isContentOnDisk(below(engine.paths.boot, path), content) ? [] : [{ path, deployment: id }];
  });
}

function describeDamage(
  engine: Engine,
  { missing, corrupt }: StoreReport,
  deployments: readonly Deployment[],
): readonly DamagedObject[] {
  if (missing.size + corrupt.size === 0) return [];
  const uses = new Map<ContentDigest, string[]>();
  const seen = new Set<ImageDigest>();
  for (const { id, origin } of deployments) {
    if (seen.has(origin.imageDigest)) continue;
    seen.add(origin.imageDigest);
    for (const { path, node } of walkTree(loadImage(engine.store, origin.imageDigest))) {
      if (node.kind !== "file" || node.content.kind !== "object") continue;
      const { digest } = node.content;
      if (!missing.has(digest) && !corrupt.has(digest)) continue;
      const known = uses.get(digest) ?? [];
      if (known.length < MAX_USES) known.push(`${id}:/${path.map(displayBytes).join("/")}`);
      uses.set(digest, known);
    }
  }
  const describe = (state: DamagedObject["state"], objects: ReadonlyMap<ContentDigest, number>) =>
    [...objects].map(([digest, sizeBytes]) => ({ digest, state, sizeBytes, usedBy: uses.get(digest) ?? [] }));
  return [...describe("missing", missing), ...describe("corrupt", corrupt)];
}
