/**
 * From a stored image to a staged deployment: complete on disk, not bootable, nothing of what boots touched.
 *
 *     apps loaded → deploy/<id>.unfinished/origin.json → sync → deploy/<id> → sync → staged.json → the staged one before it goes
 */
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { removeDurably } from "../../boot/publish-file.ts";
import { MEDIUM_DIRECTORY } from "../../bundle/medium.ts";
import { imageTag } from "../../bundle/tag.ts";
import { imageDigestHex } from "../../composefs/image-digest.ts";
import { writeDurably } from "../../host/durable-write.ts";
import { hostError } from "../../host/error.ts";
import { type AbsPath, below, parseAbsPath } from "../../path.ts";
import type { StoredTree } from "../../store/ingest.ts";
import type { FsVerityLevel } from "../../store/seal.ts";
import { discardCopies } from "../apps/app-copies.ts";
import { loadApps } from "../apps/load-apps.ts";
import { pinsOf } from "../apps/port.ts";
import { type DeploymentId, formatDeploymentId } from "../deployment-id.ts";
import type { StagedDeployment, StageOptions } from "../port.ts";
import type { StoredImage } from "../stored-image.ts";
import { requireConfirmed, slotsOf } from "./boot-facts.ts";
import type { VerityLevel } from "./command-line.ts";
import { pruneDeviceApps } from "./device-apps.ts";
import { type Engine, requireSafeLoader, sweepAndRead, syncEngine } from "./engine.ts";
import { changeLocalKargs, isSameKargs, parseKarg, readImageKargs } from "./kargs.ts";
import { bootChecksumOf, findKernel } from "./kernel.ts";
import { deploymentDirectory, stagedFile, UNFINISHED } from "./layout.ts";
import { formatOrigin, type Origin } from "./origin.ts";
import type { Deployment } from "./snapshot.ts";

/** See {@link DeployBackend.stage}. */
export async function stageDeployment(
  engine: Engine,
  image: StoredImage,
  options: StageOptions = {},
): Promise<StagedDeployment> {
  if (image.kind !== "tree") throw new TypeError("the native engine stages what it has stored itself");
  const snapshot = await sweepAndRead(engine);
  const booted = requireConfirmed(snapshot);
  await requireSafeLoader(engine);
  const { add, remove } = { add: options.addKargs?.map(parseKarg), remove: options.removeKargs };
  const local = changeLocalKargs(booted.origin.kargs.local, { add, remove });
  const origin = makeOrigin(engine, image, local, snapshot.highestSerial + 1, options);
  await loadApps(engine.apps, origin.apps, options.signal); // a system without them must not be there to boot
  const { pending } = slotsOf(snapshot);
  if (pending !== undefined && isSameDeployment(pending.origin, origin)) {
    discardCopies(engine.apps.directory);
    return stagedOf(pending);
  }

  options.signal?.throwIfAborted();
  await publishDeployment(engine, origin);
  await recordStaged(engine, origin.id);
  const replaced = snapshot.deployments.find(({ isStaged }) => isStaged);
  if (replaced !== undefined && !replaced.isPinned) {
    await removeDurably(engine.exec, deploymentDirectory(engine.paths, replaced.id));
  }
  discardCopies(engine.apps.directory);
  await pruneDeviceApps(engine);
  return stagedOf({ id: origin.id, origin });
}

/** Names the deployment that is complete and not yet bootable; an entry of it means more than this record. */
export async function recordStaged(engine: Engine, id: DeploymentId): Promise<void> {
  writeDurably(stagedFile(engine.paths), `${JSON.stringify({ version: 1, id })}\n`);
  await syncEngine(engine);
}

/** The one maker of StagedDeployment. */
export function stagedOf({ id, origin }: Pick<Deployment, "id" | "origin">): StagedDeployment {
  return { id, manifestDigest: origin.manifestDigest, imageDigest: origin.imageDigest } as StagedDeployment;
}

/** @throws DeployError DEPLOY_NO_KERNEL, DEPLOY_SEVERAL_KERNELS, DEPLOY_KARGS_INVALID; StoreError */
export function makeOrigin(
  engine: Engine,
  image: StoredTree,
  localKargs: readonly string[],
  serial: number,
  options: Pick<StageOptions, "imageReference" | "isTrustedLocally">,
): Origin {
  const kernel = findKernel(image.root);
  const { imageDigest, manifestDigest, payloadDigest, release, architecture, isSealed } = image;
  const isSigned = options.isTrustedLocally !== true;
  return {
    version: 1,
    id: formatDeploymentId(imageDigestHex(imageDigest), serial),
    imageDigest,
    manifestDigest,
    payloadDigest: isSigned ? payloadDigest : null,
    release: isSigned ? release : null,
    architecture,
    // What `skopeo inspect oci:bootferry:TAG` reads on the medium: the release's own name for its image.
    apps: [...pinsOf(image.apps)],
    image: options.imageReference ?? { image: `${MEDIUM_DIRECTORY}:${imageTag(release, image)}`, transport: "oci" },
    kargs: { image: [...readImageKargs(image.root, engine.store, architecture)], local: [...localKargs] },
    kernel: { version: kernel.version, bootChecksum: bootChecksumOf(kernel) },
    verity: verityLevelOf(engine.store.fsVerity, isSealed),
    createdAt: engine.clock.nowUtc().toISOString(),
  };
}

/** What can be asked of the objects as they are: a level that is not reached would not boot. */
function verityLevelOf(wanted: FsVerityLevel, isSealed: boolean): VerityLevel {
  return isSealed ? wanted : "off"; // the store refuses unsealed files where they are required
}

/**
 * Makes a deployment's directory appear, complete and durable.
 * @param fill writes more into it before it appears
 */
export async function publishDeployment(
  engine: Engine,
  origin: Origin,
  fill?: (directory: AbsPath) => Promise<void>,
): Promise<DeploymentId> {
  const directory = deploymentDirectory(engine.paths, origin.id);
  const unfinished = parseAbsPath(`${directory}${UNFINISHED}`);
  try {
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true });
    await fill?.(unfinished);
    writeDurably(below(unfinished, "origin.json"), formatOrigin(origin));
    await syncEngine(engine);
    renameSync(unfinished, directory);
  } catch (error) {
    throw hostError(error, `making ${directory}`);
  }
  await syncEngine(engine);
  return origin.id;
}

function isSameDeployment(a: Origin, b: Origin): boolean {
  return (
    a.imageDigest === b.imageDigest &&
    a.manifestDigest === b.manifestDigest &&
    a.payloadDigest === b.payloadDigest &&
    JSON.stringify(a.apps) === JSON.stringify(b.apps) &&
    isSameKargs(a.kargs, b.kargs)
  );
}
