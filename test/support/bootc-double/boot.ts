/** What shutdown and boot loader do with a machine: between two runs of bootc. */
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { blsValue } from "../../../src/boot/bls-entry.ts";
import { simulateBoot } from "../../../src/boot/simulated-boot.ts";
import { simulatedDevicePaths } from "../../../src/config/device-paths.ts";
import { parseAbsPath } from "../../../src/path.ts";
import { dropStagedEntries, exchangeStagedEntries, parseEntry, writeEntries } from "./boot-entries.ts";
import { type Machine, openMachine } from "./context.ts";
import { countByGreenboot } from "./greenboot.ts";
import { bootOrder, slotsOf } from "./slots.ts";
import { dropStaged } from "./stage.ts";

export interface BootOptions {
  /** No shutdown: nothing is finalised. */
  readonly powerCut?: boolean;
  /** The loader cannot start the first entry and takes the next one. */
  readonly fallsBack?: boolean;
}

/**
 * Switches a machine off and on.
 * @param stateDirectory `BOOTC_DOUBLE_STATE`
 * @returns the id of the deployment that runs now
 */
export function bootDouble(stateDirectory: string, { powerCut = false, fallsBack = false }: BootOptions = {}): string {
  const machine = openMachine(parseAbsPath(stateDirectory));
  if (!powerCut) finalise(machine);
  dropStaged(machine); // it lives below /run, and what is locked is not finalised
  dropStagedEntries(machine.files);
  rmSync(machine.files.run, { recursive: true, force: true });
  const bootedId = fallsBack ? secondEntry(machine) : chooseEntry(machine);
  const bootId = randomUUID();
  machine.update({ bootedId, bootId, usrOverlay: null, cachedUpdate: null, isRebootRequested: false });
  writeProc(machine, bootId, bootedId);
  return bootedId;
}

/** ostree-finalize-staged.service and bootc-finalize-staged.service. */
function finalise(machine: Machine): void {
  const { files, facts, traps } = machine;
  const { staged, deployments } = machine.state();
  if (staged === null || staged.isLocked) return;
  if (traps.finalisationFails) {
    if (facts.backend === "ostree") writeMarked(`${files.boot}/ostree/finalize-failure.stamp`, "");
    return;
  }
  if (facts.backend === "composefs") exchangeStagedEntries(files);
  else {
    const { booted, rollback, others } = slotsOf(machine);
    const pinned = [rollback, ...others].filter((it) => it?.isPinned === true);
    const kept = [machine.deployment(staged.id), booted, ...pinned].flatMap((it) => it ?? []);
    writeEntries(files, facts, kept);
    machine.update({ deployments: deployments.filter((it) => kept.includes(it)) });
  }
  machine.update({ staged: null });
}

function chooseEntry(machine: Machine): string {
  const { files, facts } = machine;
  if (facts.bootloader === "systemd") {
    const { fileName, entry } = simulateBoot(files.boot);
    const text = ["options", "uki"].map((key) => `${key} ${blsValue(entry, key) ?? ""}`).join("\n");
    return parseEntry(fileName, text).deploymentId;
  }
  if (facts.hasGreenboot && countByGreenboot(files.boot) === "second-entry") return secondEntry(machine);
  const [first] = bootOrder(machine);
  if (first === undefined) throw new Error(`nothing boots on ${files.boot}`);
  return first;
}

function secondEntry(machine: Machine): string {
  const [first = "", second = first] = bootOrder(machine);
  return second;
}

/** What the kernel says below /proc. */
function writeProc({ files, facts }: Machine, bootId: string, id: string): void {
  const { bootId: bootIdFile, kernelCommandLine } = simulatedDevicePaths(files.root);
  const [checksum, serial] = id.split(".");
  const karg = facts.backend === "ostree" ? `ostree=/ostree/boot.0/default/${checksum}/${serial}` : `composefs=${id}`;
  writeMarked(bootIdFile, `${bootId}\n`);
  writeMarked(kernelCommandLine, `rw ${karg}\n`);
}

function writeMarked(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
