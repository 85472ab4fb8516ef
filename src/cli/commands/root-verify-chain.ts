/** `bootferry root verify-chain`: do these roots follow one another, and who has still to sign? */
import { type Command, Option } from "commander";
import { EXIT } from "../../error.ts";
import { createDurably } from "../../host/durable-write.ts";
import { formatEnvelope } from "../../trust/dsse.ts";
import { joinRoots } from "../../trust/join-roots.ts";
import { parseRootFile } from "../../trust/root-chain.ts";
import type { CliContext } from "../context.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { readRootEnvelopes } from "../read-root.ts";
import { describeWanted, rootFacts } from "../root-facts.ts";

export function registerRootVerifyChain(parent: Command, context: CliContext): void {
  const command = parent
    .command("verify-chain")
    .summary("check that trust roots follow one another, and join them")
    .description(
      "Reads roots from several files (each with one root or a chain), brings the signatures of copies together, and checks every step: versions rise by one, and each root is signed by the threshold of the root before it and by its own. " +
        "Says which signatures are still wanted, and of whom. With --out a chain that is complete is written to one file: what `--root`, devices and `bootferry root publish` take.",
    )
    .argument("<file...>", "roots, in any order; copies of one root with different signatures are welcome")
    .addOption(new Option("--out <file>", "the chain; it is never overwritten"))
    .action((files: readonly string[], options: OutputOptions & { readonly out?: string }) =>
      run(context, files, options),
    );
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      {
        does: "Join the first root and the one that two holders have signed, each in a copy",
        command: "bootferry root verify-chain root.json ann/root-2.json ben/root-2.json --out chain.json",
      },
    ],
    exits: [EXIT.notTrusted],
  });
}

function run(context: CliContext, files: readonly string[], options: OutputOptions & { readonly out?: string }): void {
  const output = context.openOutput(options);
  const joined = joinRoots(files.flatMap((file) => readRootEnvelopes(context, file)));
  const roots = joined.map(({ envelope }, index) => rootFacts(envelope, joined[index - 1]?.document));
  const isComplete = roots.every(({ problem }) => problem === null);
  const out = options.out === undefined ? null : context.path(options.out);
  if (isComplete && out !== null) {
    const bytes = Buffer.concat(joined.map(({ envelope }) => formatEnvelope(envelope)));
    parseRootFile(bytes); // as devices will read it
    createDurably(out, bytes);
  }
  const documents = roots.map(({ document }) => document);
  output.result({ complete: isComplete, file: isComplete ? out : null, roots }, () =>
    [
      ...roots.flatMap(({ document, digest, problem, wanted }) => [
        `version ${document.version}  ${digest}  ${problem === null ? "good" : `${problem.message} [${problem.code}]`}`,
        ...describeWanted(wanted, documents).map((line) => `  ${line}`),
      ]),
      isComplete ? `complete  version ${versions(documents)}${out === null ? "" : `, in ${out}`}` : "not complete",
    ].join("\n"),
  );
  if (!isComplete) context.setExitStatus(EXIT.notTrusted);
}

function versions(documents: readonly { readonly version: number }[]): string {
  const [first, last] = [documents[0]?.version, documents.at(-1)?.version];
  return first === last ? `${first}` : `${first} to ${last}`;
}
