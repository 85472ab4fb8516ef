/** `bootferry root show`: what a trust root says, and whether it is intact. */
import type { Command } from "commander";
import { EXIT } from "../../error.ts";
import type { CliContext } from "../context.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { readRootEnvelope } from "../read-root.ts";
import { describeRoot, rootFacts } from "../root-facts.ts";

export function registerRootShow(parent: Command, context: CliContext): void {
  const command = parent
    .command("show")
    .summary("show a trust root and check its signatures")
    .description(
      "Shows the keys, roles and thresholds of a trust root and checks that enough of its own root keys have signed it. " +
        "That a root is intact does not say that it is yours: compare the key ids with those you know.",
    )
    .argument("<file>", "the root, as written by `bootferry root create`")
    .action((file: string, options: OutputOptions) => {
      const output = context.openOutput(options);
      const facts = rootFacts(readRootEnvelope(context, file));
      output.result(facts, () => describeRoot(facts));
      if (facts.problem !== null) context.setExitStatus(EXIT.notTrusted);
    });
  addOutputOptions(command);
  addTeaching(command, {
    examples: [{ does: "Look at a root", command: "bootferry root show root.json" }],
    exits: [EXIT.notTrusted],
  });
}
