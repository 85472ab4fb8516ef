/** Pinning: a deployment that stays whatever is installed after it, until it is unpinned. */
import { closeSync, existsSync, fsyncSync, openSync } from "node:fs";
import { removeDurably } from "../../boot/publish-file.ts";
import { hostError } from "../../host/error.ts";
import { type DeploymentId, isDeploymentId } from "../deployment-id.ts";
import { DeployError } from "../error.ts";
import { slotsOf } from "./boot-facts.ts";
import { type Engine, syncEngine } from "./engine.ts";
import { pinFile } from "./layout.ts";
import { type Deployment, readSnapshot, type Snapshot } from "./snapshot.ts";

/** A deployment by its id, or by the slot that it is in. */
export type DeploymentName = "booted" | "staged" | "rollback" | DeploymentId;

/** @throws DeployError DEPLOY_NOT_FOUND for what is neither a slot nor an id */
export function parseDeploymentName(text: string): DeploymentName {
  if (text === "booted" || text === "staged" || text === "rollback" || isDeploymentId(text)) return text;
  throw new DeployError("DEPLOY_NOT_FOUND", `"${text}" is no deployment: expected booted, staged, rollback or an id`);
}

/** Idempotent; durable when it returns. @throws DeployError DEPLOY_NOT_FOUND; HostError */
export async function setPinned(
  engine: Pick<Engine, "paths" | "loader" | "exec">,
  name: DeploymentName,
  isPinned: boolean,
): Promise<{ readonly id: DeploymentId; readonly hasChanged: boolean }> {
  const { id } = findDeployment(readSnapshot(engine.paths, engine.loader), name);
  const file = pinFile(engine.paths, id);
  if (existsSync(file) === isPinned) return { id, hasChanged: false };
  if (!isPinned) {
    await removeDurably(engine.exec, file);
    return { id, hasChanged: true };
  }
  try {
    const fd = openSync(file, "w");
    fsyncSync(fd);
    closeSync(fd);
  } catch (error) {
    throw hostError(error, `making ${file}`);
  }
  await syncEngine(engine);
  return { id, hasChanged: true };
}

function findDeployment(snapshot: Snapshot, name: DeploymentName): Deployment {
  const { booted, pending, rollback } = slotsOf(snapshot);
  const slots = new Map<DeploymentName, Deployment | undefined>([
    ["booted", booted],
    ["staged", pending],
    ["rollback", rollback],
  ]);
  const found = slots.get(name) ?? snapshot.deployments.find(({ id }) => id === name);
  if (found !== undefined) return found;
  const known = snapshot.deployments.map(({ id }) => id).join(", ") || "none";
  throw new DeployError("DEPLOY_NOT_FOUND", `there is no deployment ${name}; there are ${known}`);
}
