/** `bootferry os install to-filesystem`: the first deployment of a device, into a directory. */
import { mkdirSync } from "node:fs";
import type { Command } from "commander";
import { simulatedDevicePaths } from "../../config/device-paths.ts";
import { EXIT } from "../../error.ts";
import { hostError } from "../../host/error.ts";
import type { AbsPath } from "../../path.ts";
import { agentVersion } from "../agent-version.ts";
import type { CliContext } from "../context.ts";
import { addTeaching } from "../help.ts";
import {
  addInstallSourceOptions,
  type InstallSourceOptions,
  installRelease,
  openInstallSource,
  requireNotInstalled,
} from "../install-release.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";

interface Options extends InstallSourceOptions, OutputOptions {}

const DESCRIPTION = `Lays out DIRECTORY as the root file system of a device with its boot partition in DIRECTORY/boot, and installs the best release of the medium into it: verified and stored as the agent does it. The deployment gets agent.toml and the trust root in its /etc/bootferry and is good from the start.

This makes no partitions and installs no boot loader. It needs no root; without it, owners, devices and extended attributes stand only in the image, which is what boots. The result can be tried with \`bootferry os simulate-boot --sysroot DIRECTORY\`.`;

export function registerOsInstallToFilesystem(parent: Command, context: CliContext): void {
  const command = parent
    .command("to-filesystem")
    .summary("install into a directory")
    .description(DESCRIPTION)
    .argument("<directory>", "where the device's file system is mounted, or any empty directory");
  addInstallSourceOptions(command);
  addOutputOptions(command);
  command.action(async (directory: string, options: Options) => {
    const output = context.openOutput(options);
    const paths = simulatedDevicePaths(context.path(directory));
    requireNotInstalled(context, paths);
    const source = await openInstallSource(context, options, agentVersion(command));
    makeDirectory(paths.boot);
    const result = await installRelease(context, output, source, { paths, kargs: source.kargs });
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

function makeDirectory(path: AbsPath): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw hostError(error, `making ${path}`);
  }
}
