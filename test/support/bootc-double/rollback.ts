/** `bootc rollback`: a toggle between the booted deployment and the other one; what is staged goes. */
import { dropStagedEntries, OS_ID_AFTER_ROLLBACK, readEntries, writeEntries } from "./boot-entries.ts";
import { BootcFailure, type Machine, type Output } from "./context.ts";
import { bootOrder, slotsOf } from "./slots.ts";
import { dropStaged } from "./stage.ts";

const PANIC_STATUS = 101; // of a Rust program

/** @throws BootcFailure */
export function runRollback(machine: Machine, { out, err }: Output): void {
  const { files, facts } = machine;
  const { booted, rollback, others } = slotsOf(machine);
  if (booted === undefined || rollback === undefined) throw new BootcFailure("No rollback available");
  const isComposefs = facts.backend === "composefs";
  if (isComposefs && readEntries(files, facts).length !== 2) {
    err("thread 'main' panicked at crates/lib/src/bootc_composefs/rollback.rs:\nassertion `left == right` failed\n");
    throw new BootcFailure("", PANIC_STATUS);
  }
  const isQueued = bootOrder(machine)[0] !== booted.id;
  const first = isQueued ? [booted, rollback] : [rollback, booted];
  if (isQueued) out("notice: Reverting queued rollback state\n");
  writeEntries(files, facts, [...first, ...others], isComposefs ? { osId: OS_ID_AFTER_ROLLBACK } : {});
  dropStagedEntries(files);
  dropStaged(machine);
  out(`Next boot: ${isQueued ? "current" : "rollback"} deployment\n`);
}
