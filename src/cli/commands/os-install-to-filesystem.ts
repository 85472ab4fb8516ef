/** `bootferry os install to-filesystem`: the first deployment of a device, into a directory. */
import { mkdirSync } from "node:fs";
import { type Command, Option } from "commander";
import { openAgentLock } from "../../agent/agent-lock.ts";
import { type ChoiceFacts, chooseFromMedium } from "../../agent/choose-from-medium.ts";
import { readSynchronisedTime } from "../../agent/synchronised-time.ts";
import { NO_VERDICTS } from "../../agent/verdicts.ts";
import { openMedium } from "../../bundle/medium.ts";
import { simulatedDevicePaths } from "../../config/device-paths.ts";
import { DeployError } from "../../deploy/error.ts";
import { makeEngine, openDeviceLoader } from "../../deploy/native/backend.ts";
import { installDeployment, isInstalled } from "../../deploy/native/install.ts";
import { parseKarg } from "../../deploy/native/kargs.ts";
import { engineDirectory } from "../../deploy/native/layout.ts";
import { requireRoom } from "../../deploy/native/require-room.ts";
import { EXIT } from "../../error.ts";
import { hostError } from "../../host/error.ts";
import { type AbsPath, parseRelPath } from "../../path.ts";
import { ingestRelease } from "../../store/ingest.ts";
import { openObjectStore } from "../../store/object-store.ts";
import { parseRoot } from "../../trust/root.ts";
import { INITIAL_TRUST_STATE } from "../../trust/state.ts";
import { agentVersion } from "../agent-version.ts";
import type { CliContext } from "../context.ts";
import { addTeaching } from "../help.ts";
import { ingestProgress } from "../ingest-progress.ts";
import { addOutputOptions, collect } from "../options.ts";
import type { Output, OutputOptions } from "../output.ts";
import { type ProvisioningOptions, readProvisioning } from "../provisioning.ts";
import { readInputFile } from "../read-input.ts";

interface Options extends ProvisioningOptions, OutputOptions {
  readonly medium: string;
  readonly trustRoot: string;
  readonly karg?: readonly string[];
}

const DESCRIPTION = `Lays out DIRECTORY as the root file system of a device with its boot partition in DIRECTORY/boot, and installs the best release of the medium into it: verified and stored as the agent does it. The deployment gets agent.toml and the trust root in its /etc/bootferry and is good from the start.

This makes no partitions and installs no boot loader. It needs no root; without it, owners, devices and extended attributes stand only in the image, which is what boots. The result can be tried with \`bootferry os simulate-boot --sysroot DIRECTORY\`.`;

export function registerOsInstallToFilesystem(parent: Command, context: CliContext): void {
  const command = parent
    .command("to-filesystem")
    .summary("install into a directory")
    .description(DESCRIPTION)
    .argument("<directory>", "where the device's file system is mounted, or any empty directory")
    .addOption(new Option("--medium <directory>", "mount point of the medium with the release").makeOptionMandatory())
    .addOption(
      new Option(
        "--trust-root <file>",
        "the trust root that the device gets, and is verified by",
      ).makeOptionMandatory(),
    )
    .addOption(new Option("--agent-config <file>", "the agent.toml that the device gets"))
    .addOption(new Option("--name <name>", "release name that the device follows; without --agent-config"))
    .addOption(new Option("--compatible <kind>", "kind of device; without --agent-config"))
    .addOption(new Option("--karg <argument>", "kernel argument of this machine; repeatable").argParser(collect));
  addOutputOptions(command);
  command.action(async (directory: string, options: Options) => {
    const output = context.openOutput(options);
    const result = await install(context, output, context.path(directory), options, agentVersion(command));
    output.result(result, () => `installed ${result.release.name} ${result.release.version} as ${result.deployment}`);
  });
  addTeaching(command, {
    examples: [
      {
        does: "A device to play with",
        command:
          "bootferry os install to-filesystem ./device --medium ./stick --trust-root root.json --agent-config agent.toml",
      },
    ],
    exits: [EXIT.notTrusted, EXIT.notApplicable, EXIT.noSpace, EXIT.medium, EXIT.busy],
  });
}

async function install(context: CliContext, output: Output, sysroot: AbsPath, options: Options, version: string) {
  const { exec, clock, signal } = context;
  const paths = simulatedDevicePaths(sysroot);
  const loader = openDeviceLoader(paths, exec);
  if (isInstalled({ paths, loader })) {
    throw new DeployError("DEPLOY_ALREADY_INSTALLED", `${sysroot} holds deployments already`);
  }
  const kargs = (options.karg ?? []).map(parseKarg); // before a gigabyte is read
  const { config, agentToml } = readProvisioning(context, options);
  const rootBytes = readInputFile(context.path(options.trustRoot));
  const medium = await openMedium(context.path(options.medium));
  const { compatible, architecture, id: deviceId } = config.device;
  const facts: ChoiceFacts = {
    root: parseRoot(rootBytes),
    device: { compatible, architecture, deviceId, agentVersion: version },
    followName: config.follow.name,
    trustState: INITIAL_TRUST_STATE,
    verdicts: NO_VERDICTS,
    synchronisedNowUtc: await readSynchronisedTime(exec, clock),
  };
  const choice = await chooseFromMedium(medium, facts, signal);
  if (choice.kind === "refused") throw choice.error;
  if (choice.kind === "nothing") throw new Error("a device without a past has no release already");

  await using _lock = await openAgentLock(paths.runtimeDirectory);
  makeDirectory(paths.boot);
  const store = await openObjectStore(engineDirectory(paths), { exec, fsVerity: config.store["fs-verity"] });
  using progress = ingestProgress(output);
  const image = await ingestRelease(store, medium.layout, choice.release, choice.target, {
    signal,
    onProgress: progress.show,
    onPlan: (plan, root) => requireRoom({ paths, loader }, root, plan),
  });
  const engine = makeEngine({ paths, store, exec, clock });
  const { id, notApplied } = await installDeployment(engine, image, {
    etcFiles: new Map([
      [parseRelPath("bootferry/agent.toml"), agentToml],
      [parseRelPath("bootferry/root.json"), rootBytes],
    ]),
    kargs,
  });
  return { deployment: id, release: image.release, imageDigest: image.imageDigest, notApplied };
}

function makeDirectory(path: AbsPath): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw hostError(error, `making ${path}`);
  }
}
