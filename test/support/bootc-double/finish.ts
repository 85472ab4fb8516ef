/** What `switch` and `upgrade` do with what is staged: unlock it, or reboot into it. */
import { setTimeout as sleep } from "node:timers/promises";
import { BootcFailure, type Machine, type Output } from "./context.ts";

const HOUR_MS = 3_600_000;

/** `--from-downloaded`. @throws BootcFailure when nothing is staged */
export function unlockStaged(machine: Machine, { out }: Output): void {
  out(unlock(machine));
}

function unlock(machine: Machine): string {
  const { staged } = machine.state();
  if (staged === null) throw new BootcFailure("No staged deployment found");
  if (staged.isLocked) {
    setLock(machine, false);
    return "Staged deployment will now be applied on reboot\n";
  }
  if (machine.facts.backend === "ostree") return "Staged deployment is already set to apply on reboot\n";
  return "Staged deployment is present and not in download only mode.\nUse `bootc upgrade --apply` to apply the update.\n";
}

/** Locks or unlocks what is staged. @returns whether that changed anything */
export function setLock(machine: Machine, isLocked: boolean): boolean {
  const { staged } = machine.state();
  if (staged === null || staged.isLocked === isLocked) return false;
  machine.update({ staged: { ...staged, isLocked } });
  return true;
}

/** `--apply`: asks for the reboot and waits for it. It comes from outside. */
export async function applyNow(machine: Machine): Promise<never> {
  machine.update({ isRebootRequested: true });
  return await neverEnd();
}

export async function neverEnd(): Promise<never> {
  for (;;) await sleep(HOUR_MS);
}
