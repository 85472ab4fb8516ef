/** `bootferry os status`: what is booted, what is staged, what one can go back to; bootc's flags and output. */
import { type Command, Option } from "commander";
import { formatHostHuman, formatHostYaml } from "../../deploy/format-host.ts";
import { formatHostJson, type Host } from "../../deploy/host-status.ts";
import { formatDeployments } from "../../deploy/native/format-deployments.ts";
import { nativeHost } from "../../deploy/native/native-host.ts";
import { readSnapshot, type Snapshot } from "../../deploy/native/snapshot.ts";
import { readUsrOverlay } from "../../deploy/native/usr-overlay.ts";
import type { CliContext } from "../context.ts";
import { addSysrootOption, findDevice, type SysrootOption } from "../device.ts";
import { requireNative } from "../device-backend.ts";
import { CliError } from "../error.ts";
import { addTeaching } from "../help.ts";

interface Options extends SysrootOption {
  readonly format?: "human" | "humanreadable" | "yaml" | "json";
  readonly json?: boolean;
  readonly formatVersion?: string;
  readonly booted?: boolean;
  readonly verbose?: boolean;
}

export function registerOsStatus(parent: Command, context: CliContext): void {
  const command = parent
    .command("status")
    .summary("what is booted, staged, and ready to go back to")
    .description(
      "Shows the deployments of this device as `bootc status` does: the JSON is a BootcHost of org.containers.bootc/v1. " +
        "For people on a terminal, as YAML elsewhere.",
    )
    .addOption(new Option("--format <format>").choices(["human", "humanreadable", "yaml", "json"]))
    .addOption(new Option("--json", "the same as --format json").conflicts("format"))
    .addOption(new Option("--format-version <n>", "version of the JSON and YAML: 1, or 0 which means the same"))
    .addOption(new Option("--booted", "only the booted deployment"))
    .addOption(new Option("-v, --verbose", "more for people"))
    .action(async (options: Options) => {
      const { formatVersion } = options;
      if (formatVersion !== undefined && formatVersion !== "0" && formatVersion !== "1") {
        throw new CliError("CLI_USAGE", `Unsupported format version: ${formatVersion}`);
      }
      const { paths, loader } = findDevice(context, options);
      await requireNative(context.exec, { paths, loader });
      const { kind } = await loader.probe();
      const snapshot = readSnapshot(paths, loader);
      const host = nativeHost(snapshot, kind, paths.isSimulated ? null : readUsrOverlay(paths));
      context.stdout.write(format(options.booted ? onlyBooted(host) : host, snapshot, options, context));
    });
  addSysrootOption(command);
  addTeaching(command, {
    examples: [
      { does: "For people", command: "bootferry os status" },
      {
        does: "The digest of the running image",
        command: "bootferry os status --json | jq -r .status.booted.image.imageDigest",
      },
    ],
  });
}

function format(host: Host, snapshot: Snapshot, options: Options, { stdout }: CliContext): string {
  const byDefault = options.json ? "json" : stdout.isTTY ? "human" : "yaml";
  switch (options.format ?? byDefault) {
    case "json":
      return formatHostJson(host);
    case "yaml":
      return formatHostYaml(host);
    case "human":
    case "humanreadable":
      return formatForPeople(host, snapshot, options);
  }
}

/** As bootc prints it, and below it what bootc has no words for. */
function formatForPeople(host: Host, snapshot: Snapshot, { booted, verbose }: Options): string {
  const deployments = booted ? "" : formatDeployments(snapshot);
  return [formatHostHuman(host, { isVerbose: verbose ?? false }), deployments].filter((part) => part !== "").join("\n");
}

/** As bootc's --booted: the other deployments stay. */
function onlyBooted(host: Host): Host {
  return { ...host, status: { ...host.status, staged: null, rollback: null } };
}
