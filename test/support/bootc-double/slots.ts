/** Which deployment is what. */
import { readEntries } from "./boot-entries.ts";
import type { Machine } from "./context.ts";
import type { RecordedDeployment } from "./state.ts";

export interface Slots {
  readonly staged: RecordedDeployment | undefined;
  readonly booted: RecordedDeployment | undefined;
  readonly rollback: RecordedDeployment | undefined;
  readonly others: readonly RecordedDeployment[];
}

/** Ids in the order of the boot entries, without the staged one and without entries that nobody knows. */
export function bootOrder(machine: Machine): readonly string[] {
  const ids = readEntries(machine.files, machine.facts).map(({ deploymentId }) => deploymentId);
  return ids.filter((id) => machine.deployment(id) !== undefined);
}

export function slotsOf(machine: Machine): Slots {
  const { staged, bootedId } = machine.state();
  const rest = bootOrder(machine)
    .filter((id) => id !== bootedId && id !== staged?.id)
    .flatMap((id) => machine.deployment(id) ?? []);
  const [rollback, ...others] = rest;
  return { staged: machine.deployment(staged?.id), booted: machine.deployment(bootedId), rollback, others };
}

/**
 * True when another deployment stands before the booted one; with kernel images on composefs, but for classic GRUB, bootc
 * forgets to negate.
 */
export function isRollbackQueued(machine: Machine): boolean {
  const { bootedId } = machine.state();
  const { backend, bootType, bootloader } = machine.facts;
  const [first] = bootOrder(machine);
  if (bootedId === null || first === undefined) return false;
  const isInverted = backend === "composefs" && bootType === "Uki" && bootloader !== "grub";
  return isInverted ? first === bootedId : first !== bootedId;
}
