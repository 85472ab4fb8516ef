/** `bootferry agent write-receipts`: what this device has to say, onto the medium that it has just read. */
import { type Command, Option } from "commander";
import type { MediumSource } from "../../agent/medium-source.ts";
import { readSynchronisedTime } from "../../agent/synchronised-time.ts";
import { writeReceipts } from "../../agent/write-receipts.ts";
import { EXIT } from "../../error.ts";
import { hostDevices } from "../../media/device-lookup.ts";
import { RECEIPTS_DIRECTORY } from "../../receipt/medium-layout.ts";
import type { CliContext } from "../context.ts";
import { addConfiguredDeviceOptions, type DeviceOptions, readDevice } from "../device.ts";
import { CliError } from "../error.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";

interface Options extends OutputOptions, DeviceOptions {
  readonly medium?: string;
  readonly device?: string;
}

const DESCRIPTION = `Writes the signed receipts of this device, and RESULT.txt in plain words, into ${RECEIPTS_DIRECTORY}/ of a medium, and touches nothing else on it. bootferry-receipts@.service does this after a medium was read.

Only when [receipts] write-to-media of agent.toml is true, and only to a medium of which a release has verified in "bootferry agent run" since it was inserted: vfat or exfat, not encrypted. A medium that cannot be written to is noted in the history; the receipts are kept, and go to the next one.`;

export function registerAgentWriteReceipts(parent: Command, context: CliContext): void {
  const command = parent
    .command("write-receipts")
    .summary("write this device's receipts to the medium that was just read")
    .description(DESCRIPTION)
    .addOption(new Option("--medium <dir>", "the medium, where it is mounted for writing"))
    .addOption(
      new Option(
        "--device <device>",
        "block device of the medium, such as /dev/sdb1: it is mounted for as long as it is written to",
      ).conflicts("medium"),
    )
    .action((options: Options) => run(context, options));
  addConfiguredDeviceOptions(command);
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "As the unit does", command: "bootferry agent write-receipts --device /dev/sdb1" },
      {
        does: "Try it out without root, after `agent run` with the same medium",
        command: "bootferry agent write-receipts --sysroot device --medium stick",
      },
    ],
    exits: [EXIT.notTrusted, EXIT.notApplicable, EXIT.medium],
  });
}

async function run(context: CliContext, options: Options): Promise<void> {
  const output = context.openOutput(options);
  const source = sourceOf(context, options);
  const { exec, clock, signal } = context;
  const { paths, config, programs } = await readDevice(context, options);
  const written = await writeReceipts(
    {
      ...{ paths, config, programs, exec, clock, signal, devices: hostDevices },
      synchronisedNowUtc: () => readSynchronisedTime(exec, clock),
    },
    source,
  );
  const { deviceId, receipts, newestSerial } = written;
  output.result(written, () =>
    [`written   ${receipts} receipts, the newest is number ${newestSerial}`, `device    ${deviceId}`].join("\n"),
  );
}

function sourceOf(context: CliContext, { medium, device }: Options): MediumSource {
  if (device !== undefined) return { kind: "device", device: context.path(device) };
  if (medium !== undefined) return { kind: "directory", directory: context.path(medium) };
  throw new CliError("CLI_USAGE", "no medium is named: give --device or --medium");
}
