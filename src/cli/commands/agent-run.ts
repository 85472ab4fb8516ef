/** `bootferry agent run`: what the agent does once, with a medium or after a boot. */
import { type Command, Option } from "commander";
import { assessBoot } from "../../agent/assess.ts";
import { readChoiceFacts } from "../../agent/choice-facts.ts";
import { planRun } from "../../agent/dry-run.ts";
import { type MediumSource, requireDevice } from "../../agent/medium-source.ts";
import { runAgent } from "../../agent/run-agent.ts";
import { EXIT } from "../../error.ts";
import { hostDevices } from "../../media/device-lookup.ts";
import { describeContinuation, describeOutcome, outcomeFacts } from "../agent-outcome.ts";
import { agentPorts } from "../agent-ports.ts";
import { agentVersion } from "../agent-version.ts";
import type { CliContext } from "../context.ts";
import { addConfiguredDeviceOptions, type DeviceOptions, openDevice } from "../device.ts";
import { CliError } from "../error.ts";
import { addTeaching } from "../help.ts";
import { addLogOption, openAgentLog } from "../open-agent-log.ts";
import { addOutputOptions, wholeNumber } from "../options.ts";
import type { OutputOptions } from "../output.ts";

interface Options extends OutputOptions, DeviceOptions {
  readonly medium?: string;
  readonly device?: string;
  readonly storeOnly?: boolean;
  readonly assess?: boolean;
  readonly dryRun?: boolean;
  readonly logJson?: boolean;
}

export function registerAgentRun(parent: Command, context: CliContext): void {
  const command = parent
    .command("run")
    .summary("install from a medium, or go on after a boot")
    .description(
      "With a medium: verifies its releases, stores the best one that fits, stages it and reboots as agent.toml says. " +
        "Without: goes on with what an earlier run has left; after a boot it checks the health of the new system and confirms it. " +
        "Running it again changes nothing that is done already.",
    )
    .addOption(new Option("--medium <dir>", "mount point of the medium, or the directory in its place"))
    .addOption(
      new Option(
        "--device <device>",
        "block device of the medium, such as /dev/sdb1: it is mounted read-only (and unlocked, if it is LUKS2) for as long as it is read",
      ).conflicts("medium"),
    )
    .addOption(
      new Option("--store-only", "end when the medium can be removed; a later run without it stages and reboots"),
    )
    .addOption(
      new Option(
        "--assess",
        "only decide whether the running system is kept: when it is on trial, confirm it or reboot; when it is confirmed, only report its health",
      ).conflicts(["medium", "device", "storeOnly", "dryRun"]),
    )
    .addOption(
      new Option("--lock-timeout <seconds>", "how long to wait while another run is at work")
        .argParser(wholeNumber(0))
        .default(0, "0: fail at once"),
    )
    .addOption(new Option("--dry-run", "say what would be done; write nothing"))
    .action((options: Options) => run(context, agentVersion(parent), options));
  addConfiguredDeviceOptions(command);
  addLogOption(command);
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Install from a mounted stick", command: "bootferry agent run --medium /run/media/stick" },
      {
        does: "Only read a stick that was plugged in, as the udev rule does",
        command: "bootferry agent run --device /dev/sdb1 --store-only --lock-timeout 600",
      },
      { does: "After a boot, check and confirm the new system", command: "bootferry agent run" },
      { does: "The same and nothing else, as bootferry-health.service does", command: "bootferry agent run --assess" },
      { does: "Try it out without root", command: "bootferry agent run --sysroot device --medium stick" },
    ],
    exits: [EXIT.notTrusted, EXIT.notApplicable, EXIT.noSpace, EXIT.medium, EXIT.busy],
  });
}

async function run(context: CliContext, version: string, options: Options): Promise<void> {
  const output = context.openOutput(options);
  const medium = mediumSource(context, options);
  await using device = await openDevice(context, options);
  await using log = openAgentLog(context, output, options);
  const ports = agentPorts(context, device, version, log);
  const outcome = options.dryRun
    ? await planRun(ports, medium, await readChoiceFacts(ports))
    : options.assess
      ? await assessBoot(ports)
      : await runAgent(ports, { medium, storeOnly: options.storeOnly });
  const { reboot } = device.config;
  const goesOn =
    outcome.kind === "would-install" ? describeContinuation(reboot, options.storeOnly ?? false) : undefined;
  const next = options.dryRun ? { dryRun: true, rebootPolicy: goesOn === undefined ? null : reboot.policy } : {};
  output.result({ ...outcomeFacts(outcome), ...next }, () =>
    [describeOutcome(outcome), ...(goesOn === undefined ? [] : [goesOn])].join("\n"),
  );
  if (outcome.error !== undefined) throw outcome.error; // prints it with its remedy, and sets the exit status
}

function mediumSource(context: CliContext, { medium, device, storeOnly }: Options): MediumSource | undefined {
  if (device !== undefined) {
    const path = context.path(device);
    requireDevice(hostDevices, path); // before the lock is waited for
    return { kind: "device", device: path };
  }
  if (medium !== undefined) return { kind: "directory", directory: context.path(medium) };
  if (storeOnly) throw new CliError("CLI_USAGE", "--store-only needs a medium: give --device or --medium");
  return undefined;
}
