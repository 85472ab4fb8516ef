/** Machines whose `lsblk --json` we have, in place of the one that the tests run on. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HostError } from "../../src/host/error.ts";
import type { Exec, ExecOptions } from "../../src/host/exec.ts";
import type { BlockDevice } from "../../src/media/block-device.ts";
import { parseLsblk } from "../../src/media/lsblk.ts";
import { parseAbsPath } from "../../src/path.ts";

export type MachineName = "laptop-nvme-lvm-luks" | "raspberry" | "live-iso" | "sticks" | "old-lsblk";

export function lsblkOf(machine: MachineName): string {
  return readFileSync(join(import.meta.dirname, "../unit/media/machines", `${machine}.json`), "utf8");
}

export function devicesOf(machine: MachineName): readonly BlockDevice[] {
  return parseLsblk(lsblkOf(machine));
}

/** A stick of 8 GB with nothing on it. */
export function blankDisk(changes: Partial<BlockDevice> = {}): BlockDevice {
  return {
    path: parseAbsPath("/dev/sdx"),
    kernelName: "sdx",
    kind: "disk",
    sizeBytes: 8_000_000_000,
    isReadOnly: false,
    isRemovable: true,
    isHotplug: true,
    bus: "usb",
    vendor: "ACME",
    model: "Stick",
    serial: "S1",
    filesystem: undefined,
    label: undefined,
    uuid: undefined,
    partitionTable: undefined,
    partitionType: undefined,
    mountPoints: [],
    children: [],
    ...changes,
  };
}

export interface Call {
  readonly argv: readonly string[];
  readonly options: ExecOptions;
}

/** What a tool answers: text for its stdout, a status other than 0, or an error that the port throws. */
export type Answer = string | { readonly exitCode: number; readonly stdout?: string } | Error;

/**
 * An Exec that runs nothing, remembers what it was asked to run and answers as told, with a status that is not accepted
 * thrown as the real one does.
 */
export function scriptedExec(answer: (argv: readonly string[]) => Answer | undefined = () => undefined) {
  const calls: Call[] = [];
  const exec: Exec = async (argv, options) => {
    calls.push({ argv, options });
    const given = answer(argv) ?? "";
    if (given instanceof Error) throw given;
    const { exitCode, stdout = "" } = typeof given === "string" ? { exitCode: 0, stdout: given } : given;
    if (exitCode !== 0 && !options.accept?.includes(exitCode)) {
      throw new HostError("HOST_TOOL_FAILED", `${argv.join(" ")}: exit status ${exitCode}`);
    }
    return { exitCode, stdout: Buffer.from(stdout), stderrTail: "" };
  };
  const ran = () => calls.map(({ argv }) => argv.join(" "));
  return { exec, calls, ran };
}

/** lsblk answers with this machine; everything else succeeds in silence. */
export function machineExec(
  machine: MachineName,
  answer: (argv: readonly string[]) => Answer | undefined = () => undefined,
) {
  return scriptedExec((argv) => answer(argv) ?? (argv[0] === "lsblk" ? lsblkOf(machine) : undefined));
}
