/** `bootferry agent restore-source`: a bootc host follows its registry again. */
import type { Command } from "commander";
import { openAgentLock } from "../../agent/agent-lock.ts";
import { BOOTC_DEVICE_PATHS } from "../../config/device-paths.ts";
import { makeBootcEngine } from "../../deploy/bootc/backend.ts";
import { type RestoredSource, restoreSource } from "../../deploy/bootc/restore-source.ts";
import { EXIT } from "../../error.ts";
import type { CliContext } from "../context.ts";
import { requireBootc } from "../device-backend.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";

/** Nothing of ours is tried by it. */
const NO_TRIES = 1;

export function registerAgentRestoreSource(parent: Command, context: CliContext): void {
  const command = parent
    .command("restore-source")
    .summary("make a bootc host follow its registry again")
    .description(
      "On a bootc host: makes bootc follow the image that it followed before the first medium, so that `bootc upgrade` asks the registry again. " +
        "Where bootc can do so nothing is fetched and what runs stays; else the image is fetched and staged for the next reboot. " +
        "A medium can be installed from at any time after that, too.",
    )
    .action((options: OutputOptions) => run(context, options));
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Go back to updates by network", command: "bootferry agent restore-source" },
      { does: "What is followed now", command: "bootc status --format=json | jq .spec.image" },
    ],
    exits: [EXIT.busy],
  });
}

async function run(context: CliContext, options: OutputOptions): Promise<void> {
  const output = context.openOutput(options);
  await requireBootc(context.exec);
  const paths = BOOTC_DEVICE_PATHS;
  await using _lock = await openAgentLock(paths.runtimeDirectory);
  const restored = await restoreSource(makeBootcEngine({ paths, exec: context.exec, tries: NO_TRIES }));
  output.result(restored, () => describe(restored));
}

function describe({ source, how }: RestoredSource): string {
  const name = source.transport === "registry" ? source.image : `${source.transport}:${source.image}`;
  switch (how) {
    case "followed-already":
      return `${name} is followed already.`;
    case "in-place":
      return `${name} is followed from now on. What runs is the same.`;
    case "staged":
      return `${name} is staged: it is followed from the next reboot on, and runs then.`;
  }
}
