/** `bootferry root show`: what a trust root says, and whether it is intact. */
import type { Command } from "commander";
import { EXIT } from "../../error.ts";
import { joinRoots } from "../../trust/join-roots.ts";
import type { CliContext } from "../context.ts";
import { CliError } from "../error.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { readRootEnvelopes } from "../read-root.ts";
import { describeRoot, type RootFacts, rootFacts } from "../root-facts.ts";

export function registerRootShow(parent: Command, context: CliContext): void {
  const command = parent
    .command("show")
    .summary("show a trust root and check its signatures")
    .description(
      "Shows the keys, roles and thresholds of a trust root, what it forbids and allows, and checks that enough of its own root keys have signed it. Of a chain the newest is shown, and every step is checked. " +
        "That a root is intact does not say that it is yours: compare the key ids with those you know.",
    )
    .argument("<file>", "the root, as written by `bootferry root create`, or a chain")
    .action((file: string, options: OutputOptions) => {
      const output = context.openOutput(options);
      const joined = joinRoots(readRootEnvelopes(context, file));
      const chain = joined.map(({ envelope }, index) => rootFacts(envelope, joined[index - 1]?.document));
      const [newest, before] = [chain.at(-1), joined.at(-2)?.document];
      if (newest === undefined) throw new CliError("CLI_USAGE", `${file} is no trust root: it is empty`);
      const steps = chain.map(({ document, digest, problem }) => ({ version: document.version, digest, problem }));
      output.result({ ...newest, chain: steps }, () =>
        [...(steps.length > 1 ? steps.map(describeStep) : []), describeRoot(newest, before)].join("\n"),
      );
      if (steps.some(({ problem }) => problem !== null)) context.setExitStatus(EXIT.notTrusted);
    });
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Look at a root", command: "bootferry root show root.json" },
      { does: "Look at the newest root of a chain", command: "bootferry root show chain.json" },
    ],
    exits: [EXIT.notTrusted],
  });
}

function describeStep({
  version,
  digest,
  problem,
}: Pick<RootFacts, "digest" | "problem"> & { version: number }): string {
  return `chain     version ${version}  ${digest}  ${problem === null ? "good" : `[${problem.code}]`}`;
}
