/** `ostree admin undeploy 0`, the one verb of ostree's own that an updater needs: index 0 is what is staged. */
import { writeEntries } from "./boot-entries.ts";
import { logCall } from "./calls.ts";
import { BootcFailure, type Machine, openMachine } from "./context.ts";
import { pruneLayers } from "./kept-layers.ts";
import { takeLock } from "./lock.ts";
import type { BootcOptions } from "./run-bootc.ts";
import { bootOrder } from "./slots.ts";

/** @returns the exit status */
export function runOstree(argv: readonly string[], options: Omit<BootcOptions, "isTerminal">): number {
  const { stateDirectory, output, isInhibited } = options;
  const machine = openMachine(stateDirectory);
  logCall(machine.files, { argv: ["ostree", ...argv], isInhibited });
  try {
    output.out(`Deleted deployment ${undeploy(machine, argv)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof BootcFailure)) throw error;
    output.err(`error: ${error.message}\n`);
    return error.exitStatus;
  }
}

function undeploy(machine: Machine, argv: readonly string[]): string {
  const [admin, verb, index] = argv;
  if (admin !== "admin" || verb !== "undeploy" || index === undefined) throw new BootcFailure("Unknown command");
  if (machine.facts.backend !== "ostree") throw new BootcFailure("No such file or directory: /ostree/repo");
  using _lock = takeLock(machine);
  const { staged, bootedId, deployments } = machine.state();
  const id = [...(staged === null ? [] : [staged.id]), ...bootOrder(machine)][Number(index)];
  if (id === undefined) throw new BootcFailure(`Out of range deployment index ${index}`);
  if (id === bootedId) throw new BootcFailure("Cannot undeploy currently booted deployment");
  const order = bootOrder(machine).filter((it) => it !== id);
  machine.update({ deployments: deployments.filter((it) => it.id !== id), staged: staged?.id === id ? null : staged });
  writeEntries(
    machine.files,
    machine.facts,
    order.flatMap((it) => machine.deployment(it) ?? []),
  );
  pruneLayers(machine);
  return id;
}
