/**
 * `bootc rollback`: a toggle, which also drops what is staged. So it is written down before it is run, run once, and its
 * effect is read from the status afterwards.
 */
import type { Host } from "../host-status.ts";
import { type BootcEngine, readBootId } from "./engine.ts";
import { explainFailure } from "./explain-failure.ts";
import { readHost } from "./read-host.ts";
import { changeRecord } from "./record.ts";
import { runBootc } from "./run-bootc.ts";

/**
 * Turns the boot order of the booted deployment and the one in the rollback slot around.
 * @param isReordered what is true then: the order is one that we have made in this boot
 * @returns the status after it
 * @throws DeployError DEPLOY_BOOTC_FAILED
 */
export async function reorder(engine: BootcEngine, isReordered: boolean): Promise<Host> {
  const { paths, exec } = engine;
  const bootId = readBootId(engine);
  changeRecord(paths.stateDirectory, (record) => ({ ...record, reorderedInBoot: isReordered ? bootId : null }));
  await runRollback(engine);
  return readHost(exec);
}

/** The toggle itself. @throws DeployError DEPLOY_BOOTC_FAILED */
export async function runRollback({ exec, paths }: BootcEngine): Promise<void> {
  const { exitCode, stderrTail } = await runBootc(exec, ["rollback"], paths);
  if (exitCode !== 0) throw explainFailure("bootc rollback", exitCode, stderrTail);
}
