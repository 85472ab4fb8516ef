/** `bootferry doctor`: what this machine lacks, why it is needed, and how to get it. */
import { type Command, Option } from "commander";
import { hostFiles } from "../../config/device-files.ts";
import { surveyAgentConfig } from "../../config/survey-agent-config.ts";
import { EXIT } from "../../error.ts";
import { type AbsPath, parseAbsPath } from "../../path.ts";
import { agentVersion } from "../agent-version.ts";
import type { CliContext } from "../context.ts";
import { addSysrootOption, findDevice, type SysrootOption } from "../device.ts";
import { describeFindings } from "../doctor/describe.ts";
import { examine } from "../doctor/examine.ts";
import type { AccessFacts, MachineFacts, Role } from "../doctor/facts.ts";
import { countVerdicts, isReady } from "../doctor/finding.ts";
import { probeDevice } from "../doctor/probe-device.ts";
import {
  hostMachine,
  type MachinePorts,
  probeBootferry,
  probeDistribution,
  probeKernel,
  probeMedia,
  probeUser,
} from "../doctor/probe-machine.ts";
import { addTeaching } from "../help.ts";
import { blockDevicePorts } from "../media-ports.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";

interface Options extends OutputOptions, SysrootOption {
  readonly device?: boolean;
  readonly workstation?: boolean;
  readonly all?: boolean;
}

/** A command without verbs: it takes the place of a group. */
export function registerVerbs(doctor: Command, context: CliContext): void {
  doctor
    .description(
      "Looks at tools, kernel, permissions, units, boot loader, configuration, trust root, room and media, and says of each whether it is there, what it is " +
        "for and how to get it. Changes nothing and needs no root, but sees less without it. Looks as a device where agent.toml or a deployment is there, else as " +
        "a workstation. Ends with 1 when something is missing without which this machine cannot do its work.",
    )
    .summary("what this machine lacks, and how to get it")
    .addOption(new Option("--device", "look as a device, which is updated"))
    .addOption(new Option("--workstation", "look as a workstation, which makes releases and media"))
    .addOption(new Option("--all", "also what is not needed here, and settings at their defaults"))
    .action((options: Options) => run(context, doctor, options));
  addSysrootOption(doctor);
  addOutputOptions(doctor);
  addTeaching(doctor, {
    examples: [
      { does: "What is missing here", command: "bootferry doctor" },
      { does: "Can this machine be updated by stick", command: "sudo bootferry doctor --device" },
      {
        does: "Every setting, with its default or the file that sets it",
        command: "sudo bootferry doctor --device --all",
      },
      { does: "For a program", command: "bootferry doctor --json" },
    ],
  });
}

async function run(context: CliContext, command: Command, options: Options): Promise<void> {
  const machine = hostMachine({
    files: hostFiles,
    hasTool: context.media.hasTool,
    blockDevices: blockDevicePorts(context),
  });
  const facts = await gatherFacts(context, machine, options, agentVersion(command));
  const findings = examine(facts);
  const ready = isReady(findings);
  const { roles, distribution } = facts;
  const result = { ready, roles, distribution, summary: countVerdicts(findings), findings };
  context.openOutput(options).result(result, () => describeFindings(facts, findings, options.all ?? false));
  if (!ready) context.setExitStatus(EXIT.failed);
}

async function gatherFacts(
  context: CliContext,
  machine: MachinePorts,
  options: Options,
  version: string,
): Promise<MachineFacts> {
  const roles = await chooseRoles(context, options);
  const media = await probeMedia(machine);
  const { paths } = findDevice(context, options);
  const state = roles.includes("device") ? [paths.stateDirectory] : [];
  const disks = roles.includes("workstation") ? media.map(({ path }) => parseAbsPath(path)) : [];
  return {
    roles,
    distribution: await probeDistribution(machine),
    bootferry: probeBootferry(version),
    hasTool: machine.hasTool,
    kernel: await probeKernel(machine),
    user: await probeUser(machine),
    access: [...state, ...disks].map((path) => accessOf(machine, path)),
    media,
    device: roles.includes("device") ? await probeDevice(context, options) : undefined,
  };
}

function accessOf(machine: MachinePorts, path: AbsPath): AccessFacts {
  return { path, access: machine.canWrite(path) };
}

/** As asked; else what this machine looks like. */
async function chooseRoles(context: CliContext, options: Options): Promise<readonly Role[]> {
  if (options.device || options.workstation) {
    return [...(options.workstation ? ["workstation" as const] : []), ...(options.device ? ["device" as const] : [])];
  }
  if (options.sysroot !== undefined) return ["device"];
  const { files } = await surveyAgentConfig(hostFiles);
  const commandLine = (await hostFiles.readFile(findDevice(context, {}).paths.kernelCommandLine)) ?? Buffer.alloc(0);
  return files.length > 0 || commandLine.includes("bootferry.deployment=") ? ["device"] : ["workstation"];
}
