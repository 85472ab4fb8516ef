/**
 * Dropping what is staged. bootc has no verb for it:
 *
 *     ostree hosts      `ostree admin undeploy 0`: the staged deployment is the first one
 *     composefs hosts   `bootc rollback` twice: the first drops it and turns the boot order around, the second turns it back
 *
 * Between the two a reboot would boot the rollback image, so that the machine is kept from shutting down, and what was
 * begun is on record: called again in the same boot it is brought to its end. Whether it is done is read from the status.
 */
import { HostError } from "../../host/error.ts";
import { DeployError } from "../error.ts";
import type { Host } from "../host-status.ts";
import { type BootcEngine, readBootId } from "./engine.ts";
import { readHost } from "./read-host.ts";
import { changeRecord, readRecord } from "./record.ts";
import { runRollback } from "./reorder.ts";
import { removeTrial } from "./trial-file.ts";

const UNDEPLOY_TIMEOUT_MS = 10 * 60_000; // it also clears away what the deployment alone needed

/**
 * Nothing staged is fine.
 * @returns the status after it: nothing is staged, or what is staged is locked and cannot be dropped: it goes by itself at
 *   the next reboot
 * @throws DeployError DEPLOY_BOOTC_STILL_STAGED when it is still there and would boot
 */
export async function undoStage(engine: BootcEngine, host: Host): Promise<Host> {
  const isBegun = readRecord(engine.paths.stateDirectory).undoing !== null;
  if (host.status.staged === null && !isBegun) return host;
  removeTrial(engine.paths);
  await using _awake = await engine.inhibit("What is staged is being taken back");
  const undone = await tryAll(engine, host);
  if (undone.status.staged === null || undone.status.staged.downloadOnly) return undone;
  throw new DeployError(
    "DEPLOY_BOOTC_STILL_STAGED",
    `image ${undone.status.staged.image?.imageDigest ?? "without a digest"} cannot be taken back, and would boot`,
  );
}

async function tryAll(engine: BootcEngine, host: Host): Promise<Host> {
  const finished = await finishUndoing(engine, host);
  if (finished.status.staged === null) return finished;
  const undeployed = finished.status.staged.ostree === null ? finished : await undeploy(engine);
  return undeployed.status.staged === null ? undeployed : toggleTwice(engine, undeployed);
}

async function undeploy({ exec }: BootcEngine): Promise<Host> {
  try {
    await exec(["ostree", "admin", "undeploy", "0"], { timeoutMs: UNDEPLOY_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof HostError)) throw error; // the status tells, and there is another way
  }
  return readHost(exec);
}

/** bootc turns the order of exactly two entries around: with none to go back to, or with a third, it gives up half-way. */
async function toggleTwice(engine: BootcEngine, host: Host): Promise<Host> {
  const { rollback, otherDeployments = [], rollbackQueued } = host.status;
  const bootId = readBootId(engine);
  if (rollback === null || otherDeployments.length > 0 || bootId === null) return host;
  changeRecord(engine.paths.stateDirectory, (record) => ({ ...record, undoing: { rollbackQueued, bootId } }));
  await runRollback(engine);
  return finishUndoing(engine, await readHost(engine.exec));
}

/**
 * The second half, when the first is done: nothing is staged any more, and the order is another one than before. On hosts
 * where bootc tells the order the wrong way round it changes all the same. After a reboot the order is what was booted,
 * and there is nothing left to turn around.
 */
export async function finishUndoing(engine: BootcEngine, host: Host): Promise<Host> {
  const { stateDirectory } = engine.paths;
  const { undoing } = readRecord(stateDirectory);
  if (undoing === null) return host;
  const isDue = undoing.bootId === readBootId(engine) && host.status.staged === null;
  const isTurned = host.status.rollbackQueued !== undoing.rollbackQueued;
  if (isDue && isTurned) await runRollback(engine);
  changeRecord(stateDirectory, (record) => ({ ...record, undoing: null }));
  return isDue && isTurned ? readHost(engine.exec) : host;
}
