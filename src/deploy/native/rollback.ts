/** Going back by hand: bootc's `rollback`, which changes what boots next and takes it back when called again. */
import type { DeploymentId } from "../deployment-id.ts";
import { DeployError } from "../error.ts";
import { requireBooted, slotsOf, stateOf } from "./boot-facts.ts";
import { dropDeployments } from "./drop.ts";
import { type Engine, requireSafeLoader, sweepAndRead } from "./engine.ts";
import { isRollbackEntry, rollbackEntry } from "./entries.ts";
import { type Deployment, readSnapshot, type Snapshot } from "./snapshot.ts";

/** See {@link DeployBackend.rollback}. */
export async function rollbackDeployment(engine: Engine): Promise<{ readonly nextBoot: "rollback" | "current" }> {
  const before = slotsOf(await requireBootedAfterSweep(engine));
  if (before.rollback === undefined && before.pending === undefined) {
    throw new DeployError("DEPLOY_NO_ROLLBACK", "there is no other deployment to boot");
  }
  await requireSafeLoader(engine);
  await dropDeployments(engine, ({ id, isPinned }) => id === before.pending?.id && !isPinned);

  const snapshot = readSnapshot(engine.paths, engine.loader);
  const { booted, rollback, next } = slotsOf(snapshot);
  if (booted === undefined || rollback === undefined) return { nextBoot: "current" }; // only what was staged is gone
  const isQueued = next?.id === rollback.id;
  if (isQueued) await withdrawRollback(engine, rollback);
  await putFirst(engine, isQueued ? booted.id : rollback.id);
  return { nextBoot: isQueued ? "current" : "rollback" };
}

async function requireBootedAfterSweep(engine: Engine): Promise<Snapshot> {
  const snapshot = await sweepAndRead(engine);
  requireBooted(snapshot);
  return snapshot;
}

/** Publishes an entry that sorts before all others, where the deployment is not the first already. */
async function putFirst(engine: Engine, id: DeploymentId): Promise<void> {
  const snapshot = readSnapshot(engine.paths, engine.loader);
  const deployment = snapshot.deployments.find((candidate) => candidate.id === id);
  if (deployment === undefined || slotsOf(snapshot).next === deployment) return;
  // One that never proved itself is tried, not trusted: it may be what the loader has just fallen back from.
  const tries = stateOf(deployment) === "good" ? undefined : engine.tries;
  await engine.loader.arm(rollbackEntry(deployment.origin, snapshot.highestSerial + 1), tries);
}

/** Removes entries that an earlier rollback made for a deployment and that were never booted. */
async function withdrawRollback(engine: Engine, { entries }: Deployment): Promise<void> {
  const made = entries.filter(({ name }) => isRollbackEntry(name));
  if (made.length === entries.length) return; // its only ones: without them it could not boot at all
  for (const { name } of made) await engine.loader.remove(name);
}
