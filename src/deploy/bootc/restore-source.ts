/**
 * The way home: the source that the host followed before our first image is what it follows again.
 *
 *     ostree hosts      `bootc switch --mutate-in-place`: only the origin is rewritten, nothing is fetched. Hidden from
 *                       bootc's help, so that only its effect on the status counts
 *     elsewhere         a plain `bootc switch`, which fetches the image and stages it
 */
import { DeployError } from "../error.ts";
import type { Host, ImageReference } from "../host-status.ts";
import { isRollbackQueued, type KnownHost, requireConfirmed } from "./boot-facts.ts";
import type { BootcEngine } from "./engine.ts";
import { isComposefs, isSameReference } from "./host-facts.ts";
import { readKnownHost } from "./known-host.ts";
import { readHost } from "./read-host.ts";
import { runBootc } from "./run-bootc.ts";
import { undoStage } from "./undo-stage.ts";

export interface RestoredSource {
  readonly source: ImageReference;
  /** `staged`: it takes effect with the reboot into the image that was fetched. */
  readonly how: "followed-already" | "in-place" | "staged";
}

/**
 * Idempotent. The caller holds the device's lock.
 * @throws DeployError DEPLOY_BOOTC_NOT_BOOTED, DEPLOY_UNCONFIRMED, DEPLOY_BOOTC_ANOTHER_WAITS while an update waits,
 *   DEPLOY_BOOTC_NO_SOURCE, DEPLOY_BOOTC_SOURCE_NOT_RESTORED
 */
export async function restoreSource(engine: BootcEngine): Promise<RestoredSource> {
  const known = await readKnownHost(engine);
  requireConfirmed(known);
  const { host, record } = known;
  if (host.status.staged !== null) {
    throw new DeployError("DEPLOY_BOOTC_ANOTHER_WAITS", "an update is staged, and has a source of its own");
  }
  const source = record.sourceBefore;
  if (source === null) throw new DeployError("DEPLOY_BOOTC_NO_SOURCE", "no source before ours is recorded");
  if (isSameReference(host.spec.image, source)) return { source, how: "followed-already" };
  if (await mutateInPlace(engine, known, source)) return { source, how: "in-place" };
  await switchBack(engine, source);
  return { source, how: "staged" };
}

function switchArguments({ image, transport }: ImageReference, ...options: readonly string[]) {
  return ["switch", "--quiet", ...options, "--transport", transport, image];
}

/** It rewrites the newest deployment, which has to be the one that runs. */
async function mutateInPlace(engine: BootcEngine, known: KnownHost, source: ImageReference): Promise<boolean> {
  const { exec, paths } = engine;
  if (isComposefs(known.host) || isRollbackQueued(known)) return false;
  await runBootc(exec, switchArguments(source, "--mutate-in-place"), paths);
  const { status } = await readHost(exec);
  return isSameReference(status.booted?.image?.image ?? null, source);
}

async function switchBack(engine: BootcEngine, source: ImageReference): Promise<void> {
  const { exec, paths } = engine;
  const { exitCode, stderrTail } = await runBootc(exec, switchArguments(source), paths);
  const host: Host = await readHost(exec);
  if (exitCode === 0 && isSameReference(host.status.staged?.image?.image ?? null, source)) return;
  await undoStage(engine, host); // what is staged in spite of a failure lacks something
  throw new DeployError(
    "DEPLOY_BOOTC_SOURCE_NOT_RESTORED",
    `bootc switch to ${source.image} ended with status ${exitCode ?? "unknown"}: ${stderrTail}`,
  );
}
