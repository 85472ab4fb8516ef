/** What a snapshot means: states, slots, and what the loader does next. Pure. */
import { isBad } from "../../boot/boot-counter.ts";
import type { BootEntry } from "../../boot/boot-loader.ts";
import { DeployError } from "../error.ts";
import type { BootFacts, DeploymentFacts, DeploymentState } from "../port.ts";
import { isRollbackEntry } from "./entries.ts";
import { type Deployment, deploymentOf, type Snapshot } from "./snapshot.ts";

export interface Slots {
  readonly booted: Deployment | undefined;
  /** Staged and locked, or activated and not yet booted. */
  readonly pending: Deployment | undefined;
  /** The first in boot order that is neither: where one falls or goes back to, or what one fell back from. */
  readonly rollback: Deployment | undefined;
  readonly others: readonly Deployment[];
  readonly next: Deployment | undefined;
}

export function slotsOf(snapshot: Snapshot): Slots {
  const inOrder = inBootOrder(snapshot);
  const booted = snapshot.deployments.find((deployment) => deployment.isBooted);
  const [nextEntry] = snapshot.entries;
  const next = nextEntry && snapshot.deployments.find(({ id }) => id === deploymentOf(nextEntry));
  const armed = next !== undefined && next !== booted && isWaitingForItsFirstBoot(nextEntry) ? next : undefined;
  const pending = snapshot.deployments.find(({ isStaged }) => isStaged) ?? armed;
  const rest = inOrder.filter((deployment) => deployment !== booted && deployment !== pending);
  const rollback = rest.find((deployment) => deployment.entries.length > 0 && deployment !== armed);
  return { booted, pending, rollback, others: rest.filter((deployment) => deployment !== rollback), next };
}

/** An entry that an activation made and that has tries left; one that a rollback made is an old deployment's. */
function isWaitingForItsFirstBoot(entry: BootEntry | undefined): boolean {
  return entry?.counter !== undefined && !isBad(entry.counter) && !isRollbackEntry(entry.name);
}

export function bootFactsOf(snapshot: Snapshot): BootFacts {
  const { booted, next } = slotsOf(snapshot);
  const deployments = inBootOrder(snapshot).map(factsOf);
  return {
    booted: booted && factsOf(booted),
    assessment: assessmentOf(booted),
    canFallBack: deployments.some(({ state, isBooted }) => state === "good" && !isBooted),
    nextBoot: next?.id,
    deployments,
  };
}

function assessmentOf(booted: Deployment | undefined): BootFacts["assessment"] {
  if (booted === undefined) return "not-booted";
  return stateOf(booted) === "armed" ? "assessing" : "confirmed";
}

/**
 * A deployment that runs without any entry of its own (vfat lost it to a power cut, or someone removed it) is assessed
 * whatever it was: taken for good, it would never be booted again, and what it replaced would be locked out.
 */
export function stateOf({ entries, isBooted, isStaged }: Deployment): DeploymentState {
  if (isStaged) return "staged";
  if (entries.some(({ counter }) => counter === undefined)) return "good";
  if (entries.length === 0) return isBooted ? "armed" : "bad";
  // The last try leaves zero: what runs now is being tried, whatever the counter says.
  return isBooted || entries.some(({ counter }) => !isBad(counter)) ? "armed" : "bad";
}

function factsOf(deployment: Deployment): DeploymentFacts {
  const { id, serial, origin, isBooted, isPinned } = deployment;
  const { imageDigest, manifestDigest, payloadDigest, release } = origin;
  const state = stateOf(deployment);
  const counted = deployment.entries.find(({ counter }) => counter !== undefined);
  const triesLeft = state === "good" ? undefined : counted?.counter?.triesLeft;
  return { id, serial, state, isBooted, isPinned, triesLeft, imageDigest, manifestDigest, payloadDigest, release };
}

function inBootOrder({ entries, deployments }: Snapshot): readonly Deployment[] {
  const rank = (deployment: Deployment) => {
    const index = entries.findIndex((entry) => deploymentOf(entry) === deployment.id);
    return index < 0 ? entries.length : index;
  };
  return deployments.toSorted((a, b) => rank(a) - rank(b) || b.serial - a.serial);
}

/** The first good entry: the one that the loader falls back to. It is never changed or removed. */
export function lastGood(snapshot: Snapshot): Deployment | undefined {
  const entry = snapshot.entries.find(({ counter }) => counter === undefined);
  return entry && snapshot.deployments.find(({ id }) => id === deploymentOf(entry));
}

/**
 * What runs was started by an entry, so that there is at least one. With the boot partition not mounted, deployments that
 * only its entries name would look like leftovers, and one that is being tried like one that was confirmed.
 * @throws DeployError DEPLOY_BOOT_PARTITION_ABSENT
 */
export function requireBootPartition(snapshot: Snapshot): Snapshot {
  const { running, entries } = snapshot;
  if (running.id === undefined || entries.length > 0) return snapshot;
  const what = `${running.id} is running, and the boot partition holds no boot entry of this engine`;
  throw new DeployError("DEPLOY_BOOT_PARTITION_ABSENT", what);
}

/** @throws DeployError DEPLOY_NOT_BOOTED */
export function requireBooted(snapshot: Snapshot): Deployment {
  const booted = snapshot.deployments.find((deployment) => deployment.isBooted);
  if (booted !== undefined) return booted;
  const running = snapshot.running.id === undefined ? "none" : `${snapshot.running.id}, which is not in the store`;
  throw new DeployError("DEPLOY_NOT_BOOTED", `no deployment of this engine is running (command line: ${running})`);
}

/** @throws DeployError DEPLOY_NOT_BOOTED, DEPLOY_UNCONFIRMED */
export function requireConfirmed(snapshot: Snapshot): Deployment {
  const booted = requireBooted(snapshot);
  if (stateOf(booted) === "armed") {
    throw new DeployError("DEPLOY_UNCONFIRMED", `the running deployment ${booted.id} is not confirmed yet`);
  }
  return booted;
}
