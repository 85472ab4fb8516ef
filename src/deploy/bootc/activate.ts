/**
 * Letting go what is staged: from here on it boots at the next shutdown. The lock is opened without another look at the
 * layout, so that what boots is what was compared.
 */
import { DeployError } from "../error.ts";
import type { Host } from "../host-status.ts";
import type { ActivationReport, StagedDeployment } from "../port.ts";
import { armCounting } from "./boot-counting.ts";
import { requireConfirmed } from "./boot-facts.ts";
import type { BootcEngine } from "./engine.ts";
import { explainFailure } from "./explain-failure.ts";
import { manifestDigestOf } from "./host-facts.ts";
import { readKnownHost } from "./known-host.ts";
import { readHost } from "./read-host.ts";
import { changeRecord, withImage } from "./record.ts";
import { requireUsable } from "./require-usable.ts";
import { runBootc } from "./run-bootc.ts";
import { writeTrial } from "./trial-file.ts";

/** See {@link DeployBackend.activate}. bootc merges /etc at shutdown, and tells nobody of conflicts. */
export async function activateStaged(engine: BootcEngine, staged: StagedDeployment): Promise<ActivationReport> {
  const known = await readKnownHost(engine);
  await requireUsable(engine.exec, known.host);
  requireConfirmed(known);
  requireStaged(known.host, staged);
  if (known.host.status.staged?.downloadOnly) await letGo(engine, staged);
  // Afterwards: a counter that is set for what never boots would count the boots of what runs.
  const countedBy = await armCounting(engine, known.host);
  const { manifestDigest, id } = staged;
  writeTrial(engine.paths, known.host.status.staged, id, engine.tries);
  changeRecord(engine.paths.stateDirectory, (record) => withImage(record, manifestDigest, { countedBy }));
  return { id, conflicts: [], notApplied: [] };
}

async function letGo({ exec, paths }: BootcEngine, staged: StagedDeployment): Promise<void> {
  const { exitCode, stderrTail } = await runBootc(exec, ["upgrade", "--quiet", "--from-downloaded"], paths);
  const host = await readHost(exec);
  requireStaged(host, staged);
  if (!host.status.staged?.downloadOnly) return;
  throw explainFailure("bootc upgrade --from-downloaded", exitCode, stderrTail);
}

function requireStaged({ status }: Host, { manifestDigest, id }: StagedDeployment): void {
  const got = manifestDigestOf(status.staged);
  if (got === manifestDigest) return;
  throw new DeployError(
    "DEPLOY_NOT_STAGED",
    `expected ${id} (${manifestDigest}) to be staged, got ${got ?? "nothing"}`,
  );
}
