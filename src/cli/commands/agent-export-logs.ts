/** `bootferry agent export-logs`: an encrypted archive of logs and records, for whoever helps from afar. */
import { relative } from "node:path";
import { type Command, Option } from "commander";
import { openAgentLock } from "../../agent/agent-lock.ts";
import { EVENT_MESSAGE_IDS } from "../../agent/message-ids.ts";
import { EXIT } from "../../error.ts";
import { journalOnHost } from "../../host/systemd-journal.ts";
import { MediaError } from "../../media/error.ts";
import type { AbsPath } from "../../path.ts";
import { type ExportedArchive, exportArchive, requireRecipients } from "../../support/export-archive.ts";
import { agentVersion } from "../agent-version.ts";
import type { CliContext } from "../context.ts";
import { addConfiguredDeviceOptions, type DeviceOptions, findDevice } from "../device.ts";
import { CliError } from "../error.ts";
import { formatBytes } from "../format-units.ts";
import { addTeaching } from "../help.ts";
import { findToWrite, type MediumToWrite } from "../open-medium-to-write.ts";
import { addOutputOptions, collect, utcTime, wholeNumber } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { collectFromDevice, type LookedAtDevice, labelsOf, lookAtDevice, recipientsOf } from "../support-collection.ts";

interface Options extends OutputOptions, DeviceOptions {
  readonly to?: string;
  readonly device?: string;
  readonly since?: Date;
  readonly recipient?: readonly string[];
}

const DESCRIPTION = `Puts an archive of this device's logs and records onto a stick, as bootferry-support/DEVICE-TIME.tar.zst.age: the agent's history, journal and status, agent.toml (secrets taken out), the deployments, receipts, and what the systemd journal holds of bootferry and of the kernel. Private keys are not in it.

It is encrypted to the recipients of [support] in agent.toml; this device cannot open it again. What cannot be read is named in the archive and does not stop the rest. It is written as a whole or not at all, and nothing is overwritten. Only a person starts this: no medium can.`;

export function registerAgentExportLogs(parent: Command, context: CliContext): void {
  const command = parent
    .command("export-logs")
    .summary("write encrypted logs and records onto a stick, for support")
    .description(DESCRIPTION)
    .addOption(new Option("--to <dir>", "mount point of a stick, or any directory"))
    .addOption(
      new Option(
        "--device <device>",
        "block device of a medium, such as /dev/sdb1: it is mounted for as long as it is written to; waits for a run of the agent to end",
      ).conflicts("to"),
    )
    .addOption(
      new Option("--since <time>", "journals from this day or time on, in UTC (2026-11-20)").argParser(utcTime),
    )
    .addOption(
      new Option("--recipient <age1...>", "who can open it, in place of agent.toml's recipients; repeatable").argParser(
        collect,
      ),
    )
    .addOption(
      new Option("--lock-timeout <seconds>", "with --device: how long to wait while the agent is at work")
        .argParser(wholeNumber(0))
        .default(60),
    )
    .action((options: Options) => run(context, agentVersion(parent), options));
  addConfiguredDeviceOptions(command);
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Onto a stick with the medium's label", command: "bootferry agent export-logs --device /dev/sdb1" },
      {
        does: "Into a directory, the journals of the last days only",
        command: "bootferry agent export-logs --to /run/media/stick --since 2026-11-20",
      },
    ],
    exits: [EXIT.noSpace, EXIT.medium, EXIT.busy],
  });
}

async function run(context: CliContext, version: string, options: Options): Promise<void> {
  const output = context.openOutput(options);
  if (options.to === undefined && options.device === undefined) {
    throw new CliError("CLI_USAGE", "nowhere to write to: give --to DIR or --device DEVICE");
  }
  const device = await lookAtDevice(context, options);
  const recipients = options.recipient ?? recipientsOf(device);
  await requireRecipients(recipients);
  output.note("Collecting logs and records.");
  const collection = await collectFromDevice(context, device, { version, sinceUtc: options.since });
  const write = (directory: AbsPath) => exportArchive(directory, collection, recipients);
  const medium = options.device === undefined ? null : context.path(options.device);
  const { file, sizeBytes }: Written =
    medium === null
      ? await write(context.path(options.to ?? "."))
      : await onMedium(context, options, medium, labelsOf(device), write);
  await recordExport(context, device, medium === null ? file : `${file} on ${medium}`);
  const { files, missing } = collection.manifest;
  output.result({ file, device: medium, sizeBytes, recipients, files, missing }, () =>
    [
      `written    ${file} (${formatBytes(sizeBytes)})`,
      ...(medium === null ? [] : [`medium     ${medium}: unmounted, it can be removed`]),
      `holds      ${files.length} files`,
      `opened by  ${recipients.join("\n           ")}`,
      ...missing.map(({ name, why }) => `left out   ${name}: ${why}`),
    ].join("\n"),
  );
}

/** `file` is below the directory that was named, or below the medium, whose mount point is gone by then. */
interface Written extends Omit<ExportedArchive, "file"> {
  readonly file: string;
}

/**
 * Mounts the medium, has `write` write to it, and unmounts it, so that it can be pulled out. The agent's lock is held: the
 * kernel mounts no device for writing that a run has mounted for reading.
 */
async function onMedium(
  context: CliContext,
  options: Options,
  device: AbsPath,
  labels: readonly string[],
  write: (directory: AbsPath) => Promise<ExportedArchive>,
): Promise<Written> {
  const { runtimeDirectory } = findDevice(context, options).paths;
  const wait = { timeoutSeconds: options.lockTimeout ?? 0, signal: context.signal };
  await using _lock = await openAgentLock(runtimeDirectory, wait);
  await using medium = await findLabelled(context, device, labels);
  const written = await write(medium.mountPoint);
  await medium.finish();
  return { ...written, file: relative(medium.mountPoint, written.file) };
}

async function findLabelled(context: CliContext, device: AbsPath, labels: readonly string[]): Promise<MediumToWrite> {
  const [label = "", ...others] = labels;
  try {
    return await findToWrite(context, device, { label });
  } catch (error) {
    if (others.length === 0 || !(error instanceof MediaError) || error.code !== "MEDIA_NOT_LABELLED") throw error;
    return findLabelled(context, device, others);
  }
}

/** The device keeps in its journal that its logs have left it. */
async function recordExport({ exec }: CliContext, { paths }: LookedAtDevice, file: string): Promise<void> {
  if (paths.isSimulated) return;
  await journalOnHost(
    exec,
    process.pid,
  )({
    ...{ MESSAGE_ID: EVENT_MESSAGE_IDS["logs-exported"], PRIORITY: "5", SYSLOG_IDENTIFIER: "bootferry-agent" },
    ...{ MESSAGE: `A support archive was written to ${file}.`, BOOTFERRY_FILE: file },
  });
}
