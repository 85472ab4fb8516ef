/** `bootferry media list`: which disks there are, and which of them are media. */
import { type Command, Option } from "commander";
import { type BlockDevice, walkDevice } from "../../media/block-device.ts";
import { listBlockDevices } from "../../media/list-block-devices.ts";
import { evaluateSystemDisk } from "../../media/system-disk.ts";
import type { CliContext } from "../context.ts";
import { diskFacts, modelName } from "../device-facts.ts";
import { formatTable } from "../format-table.ts";
import { formatBytes } from "../format-units.ts";
import { addTeaching } from "../help.ts";
import { blockDevicePorts } from "../media-ports.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";

interface Options extends OutputOptions {
  readonly all?: boolean;
}

export function registerMediaList(parent: Command, context: CliContext): void {
  const command = parent
    .command("list")
    .summary("show disks, and which of them are media")
    .description(
      "Shows the disks of this computer with model, serial number, size and bus, what is on them, and whether they belong to the running system: " +
        "those are never formatted or written to. What cannot be told counts as a system disk.",
    )
    .addOption(new Option("--all", "also loop devices, optical drives, RAM disks and drives without a medium"));
  addOutputOptions(command);
  command.action(async (options: Options) => {
    const output = context.openOutput(options);
    const all = await listBlockDevices(blockDevicePorts(context));
    const shown = options.all ? all : all.filter(isDrive);
    output.result({ disks: shown.map((disk) => diskFacts(disk, all)) }, () => describe(shown, all));
  });
  addTeaching(command, {
    examples: [
      { does: "Which stick is which", command: "bootferry media list" },
      { does: "For programs", command: "bootferry media list --all --json" },
    ],
  });
}

function isDrive({ kind, sizeBytes, kernelName }: BlockDevice): boolean {
  return kind !== "loop" && kind !== "rom" && sizeBytes > 0 && !/^(?:zram|ram)\d/.test(kernelName);
}

function describe(disks: readonly BlockDevice[], all: readonly BlockDevice[]): string {
  if (disks.length === 0) return "no disks\n";
  const verdicts = disks.map((disk) => ({ disk, ...evaluateSystemDisk(disk, all) }));
  const rows = verdicts.flatMap(({ disk, isSystemDisk }) =>
    [...walkDevice(disk)].map((device) => rowOf(device, disk, isSystemDisk)),
  );
  const table = formatTable(["DEVICE", "SIZE", "BUS", "MODEL", "SERIAL", "FILESYSTEM", "LABEL", "USE"], rows);
  const why = verdicts
    .filter(({ isSystemDisk }) => isSystemDisk)
    .map(({ disk, reasons }) => `${disk.path} is a system disk: ${reasons.join("; ")}`);
  return [...table, ...(why.length > 0 ? ["", ...why] : [])].join("\n");
}

function rowOf(device: BlockDevice, disk: BlockDevice, isSystemDisk: boolean): readonly string[] {
  const { path, sizeBytes, bus, vendor, model, serial, filesystem, label, mountPoints } = device;
  const isDisk = device === disk;
  const mounted = mountPoints.length === 0 ? [] : [`at ${mountPoints.join(", ")}`];
  const use = [...(isDisk && isSystemDisk ? ["system disk"] : []), ...mounted].join(", ");
  return [
    isDisk ? path : `  ${path}`,
    formatBytes(sizeBytes),
    isDisk ? (bus ?? "?") : "",
    isDisk ? (modelName(vendor, model) ?? "?") : "",
    isDisk ? (serial ?? "?") : "",
    filesystem ?? "",
    label ?? "",
    use,
  ];
}
