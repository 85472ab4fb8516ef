/** `bootferry agent approve`: a release that did not work out here may be tried once more. */
import type { Command } from "commander";
import { openAgentLock } from "../../agent/agent-lock.ts";
import { approveRelease } from "../../agent/approve.ts";
import { describeRelease } from "../../agent/release-facts.ts";
import { EXIT } from "../../error.ts";
import type { CliContext } from "../context.ts";
import { addSysrootOption, findDevice, type SysrootOption } from "../device.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";

export function registerAgentApprove(parent: Command, context: CliContext): void {
  const command = parent
    .command("approve")
    .summary("allow a release that failed on this device another try")
    .description(
      "A release whose health checks failed on this device is not tried again by itself. This allows it another try: " +
        "at the next `bootferry agent run`, or when a medium with it is inserted.",
    )
    .argument("[release]", "its version, or its payload digest; the last one that failed unless given")
    .action((release: string | undefined, options: OutputOptions & SysrootOption) => run(context, release, options));
  addSysrootOption(command);
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Try the last failed release again", command: "bootferry agent approve" },
      { does: "Or a certain one", command: "bootferry agent approve 42.3.1" },
    ],
    exits: [EXIT.busy],
  });
}

async function run(context: CliContext, release: string | undefined, options: OutputOptions & SysrootOption) {
  const { stateDirectory, runtimeDirectory } = findDevice(context, options).paths;
  await using _lock = await openAgentLock(runtimeDirectory);
  const approved = approveRelease(stateDirectory, release, context.clock);
  context.openOutput(options).result(approved, () => `${describeRelease(approved)} may be tried again.`);
}
