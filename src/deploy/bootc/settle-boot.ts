/**
 * What a boot leaves to be done: the try of a deployment is counted where no boot loader does, and a fallback of the boot
 * loader is made the boot order.
 *
 *     on trial, runs              its boots are written down; with the last try used up the other one boots next
 *     on trial, in the rollback   the loader went back from it: bad; one `bootc rollback` where bootc says that it is still
 *     slot                        the default
 *     on trial, nowhere           it was never finalised: what was set for its counting is taken back
 *
 * Everything is idempotent within a boot, and `bootc rollback` is run once in a boot at most: it is a toggle.
 */
import { HostError } from "../../host/error.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Host } from "../host-status.ts";
import { disarmCounting } from "./boot-counting.ts";
import { isOnTrial, type KnownHost, wasReorderedNow } from "./boot-facts.ts";
import type { BootcEngine } from "./engine.ts";
import { manifestDigestOf, tellsBootOrder } from "./host-facts.ts";
import { knownHost } from "./known-host.ts";
import { readHost } from "./read-host.ts";
import { type BootcRecord, changeRecord, type RecordedImage, withImage } from "./record.ts";
import { reorder } from "./reorder.ts";
import { hasTrial, removeTrial } from "./trial-file.ts";
import { finishUndoing } from "./undo-stage.ts";

/** See {@link DeployBackend.settleBoot}. */
export async function settleBoot(engine: BootcEngine, health: "unknown" | "failed"): Promise<void> {
  const known = knownHost(engine, await finishUndoing(engine, await readHost(engine.exec)));
  const running = manifestDigestOf(known.host.status.booted);
  if (running === undefined) return;
  if (isOnTrial(known)) await countTry(engine, known, running, health);
  else {
    await settleFallback(engine, known);
    await disarmUnfinished(engine, known);
  }
}

async function countTry(engine: BootcEngine, known: KnownHost, running: Digest, health: string): Promise<void> {
  const { bootId, host } = known;
  if (bootId === null) return; // boots cannot be told apart, so they cannot be counted
  const image = changeImage(engine, running, ({ trials }) => ({ trials: [...new Set([...trials, bootId])] }));
  if (!isUsedUp(image, engine.tries, health) || host.status.rollback === null) return;
  if (wasReorderedNow(known)) return;
  changeImage(engine, running, () => ({ standing: "bad" }));
  // Where the order cannot be read, bootc-trial may have turned it around: it takes its file away then.
  const isDone = tellsBootOrder(host) ? host.status.rollbackQueued : !hasTrial(engine.paths);
  removeTrial(engine.paths);
  // A counter that is used up would make the loader take the second entry, which is this one after the toggle.
  if (image.countedBy === "grub" && !(await tryDisarm(engine, host))) return;
  if (!isDone) await reorder(engine, true);
}

/**
 * The loader's own counting goes first. greenboot is left alone with what it counts; a GRUB that has not gone back by now
 * does not count, whatever its configuration says.
 */
function isUsedUp({ trials, countedBy }: RecordedImage, tries: number, health: string): boolean {
  switch (countedBy) {
    case "us":
      return trials.length > tries || (health === "failed" && trials.length >= tries);
    case "grub":
      return trials.length > tries + 1;
    case "greenboot":
      return false;
  }
}

async function settleFallback(engine: BootcEngine, known: KnownHost): Promise<void> {
  const { host, record } = known;
  const fallen = manifestDigestOf(host.status.rollback);
  const image = fallen && record.images[fallen];
  if (fallen === undefined || image === undefined || image.standing === "good") return;
  if (manifestDigestOf(host.status.staged) === fallen || wasReorderedNow(known)) return; // it was asked for once more
  changeImage(engine, fallen, () => ({ standing: "bad" }));
  removeTrial(engine.paths);
  if (image.countedBy === "greenboot") return; // it makes its own fallbacks permanent
  // First: with the counter used up the loader takes the second entry, which is the bad one after the toggle.
  if (image.countedBy === "grub" && !(await tryDisarm(engine, host))) return;
  changeImage(engine, fallen, () => ({ countedBy: "us" }));
  if (tellsBootOrder(host) && host.status.rollbackQueued) await reorder(engine, false);
}

/** Armed and not there: the counter would count the boots of the system that runs, and leave it in the end. */
export async function disarmUnfinished(engine: BootcEngine, { host, record }: KnownHost): Promise<void> {
  const { staged, rollback } = host.status;
  const there = [staged, rollback].map(manifestDigestOf);
  for (const [digest, { standing, countedBy }] of Object.entries(record.images)) {
    if (standing !== "new" || countedBy !== "grub" || there.includes(digest as Digest)) continue;
    if (await tryDisarm(engine, host)) changeImage(engine, digest as Digest, () => ({ countedBy: "us" }));
  }
}

/** A boot partition that cannot be written must not keep a system from being assessed. */
async function tryDisarm(engine: BootcEngine, host: Host): Promise<boolean> {
  try {
    await disarmCounting(engine, host);
    return true;
  } catch (error) {
    if (error instanceof HostError) return false;
    throw error;
  }
}

function changeImage(
  { paths }: BootcEngine,
  digest: Digest,
  change: (image: RecordedImage) => Partial<RecordedImage>,
): RecordedImage {
  const changed = changeRecord(paths.stateDirectory, (record) =>
    withImage(record, digest, change(imageOf(record, digest))),
  );
  return imageOf(changed, digest);
}

function imageOf(record: BootcRecord, digest: Digest): RecordedImage {
  const image = withImage(record, digest, {}).images[digest];
  if (image === undefined) throw new Error(`nothing is recorded of ${digest}`);
  return image;
}
