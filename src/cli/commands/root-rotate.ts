/** `bootferry root rotate`: the next version of a trust root. */
import type { Command } from "commander";
import type { CliContext } from "../context.ts";
import { addTeaching } from "../help.ts";
import { addNextRootOptions, makeNextRoot, NEXT_ROOT_EXITS, type NextRootOptions } from "../next-root.ts";

export function registerRootRotate(parent: Command, context: CliContext): void {
  const command = parent
    .command("rotate")
    .summary("make the next version of a trust root")
    .description(
      "Makes version N+1 of a trust root from the newest root in OLD: other keys, thresholds or expiry, and what it forbids and allows. What is not changed is kept. " +
        "It takes the signatures of the old root's threshold and of its own: sign with the keys that are here, and let other holders add theirs by `bootferry root sign`. " +
        "Join it with the roots before it by `bootferry root verify-chain`; devices follow the chain.",
    );
  addNextRootOptions(command);
  command.action((old: string, options: NextRootOptions) => makeNextRoot(context, old, options));
  addTeaching(command, {
    examples: [
      {
        does: "Replace a release key",
        command:
          "bootferry root rotate root.json --out root-2.json --add-release-key new.pub --remove-release-key old.pub --key root.key",
      },
      {
        does: "Pass the root on to another holder: both keys sign",
        command:
          "bootferry root rotate root.json --out root-2.json --add-root-key ben.key --remove-root-key ann.pub --key ann.key",
      },
      {
        does: "Extend its life, and nothing else",
        command: "bootferry root rotate root.json --out root-2.json --expires 2030-01-01 --key root.key",
      },
      {
        does: "Let devices go back to one older release",
        command: "bootferry root rotate root.json --out root-2.json --allow-downgrade sha256:… --key root.key",
      },
    ],
    exits: NEXT_ROOT_EXITS,
  });
}
