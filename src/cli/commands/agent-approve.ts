/** `bootferry agent approve`: a release that did not work out here may be tried once more. */
import { type Command, Option } from "commander";
import { openAgentLock } from "../../agent/agent-lock.ts";
import { approveRelease } from "../../agent/approve.ts";
import { releaseMedia } from "../../agent/quarantine.ts";
import { describeRelease } from "../../agent/release-facts.ts";
import { EXIT } from "../../error.ts";
import type { CliContext } from "../context.ts";
import { addSysrootOption, findDevice, type SysrootOption } from "../device.ts";
import { CliError } from "../error.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";

interface Options extends OutputOptions, SysrootOption {
  readonly medium?: boolean;
}

export function registerAgentApprove(parent: Command, context: CliContext): void {
  const command = parent
    .command("approve")
    .summary("allow a release that failed on this device another try")
    .description(
      "A release whose health checks failed on this device is not tried again by itself. This allows it another try: " +
        "at the next `bootferry agent run`, or when a medium with it is inserted.",
    )
    .addOption(
      new Option(
        "--medium",
        "allow media another try that were set aside because the machine went down while they were in",
      ),
    )
    .argument("[release]", "its version, or its payload digest; the last one that failed unless given")
    .action((release: string | undefined, options: Options) => run(context, release, options));
  addSysrootOption(command);
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Try the last failed release again", command: "bootferry agent approve" },
      { does: "Or a certain one", command: "bootferry agent approve 42.3.1" },
      {
        does: "Open a medium again at which the machine went down",
        command: "bootferry agent approve --medium",
      },
    ],
    exits: [EXIT.busy],
  });
}

async function run(context: CliContext, release: string | undefined, options: Options) {
  if (options.medium && release !== undefined) {
    throw new CliError("CLI_USAGE", "--medium allows media, not a release: give one of the two");
  }
  const { stateDirectory, runtimeDirectory } = findDevice(context, options).paths;
  await using _lock = await openAgentLock(runtimeDirectory);
  const output = context.openOutput(options);
  if (options.medium) {
    const media = releaseMedia(stateDirectory);
    output.result({ media }, () => [`media that may be opened again: ${media.length}`, ...media].join("\n"));
    return;
  }
  const approved = approveRelease(stateDirectory, release, context.clock);
  output.result(approved, () => `${describeRelease(approved)} may be tried again.`);
}
