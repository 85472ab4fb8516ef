/** `bootferry release list`: what a medium claims to hold. */
import type { Command } from "commander";
import { openMedium } from "../../bundle/medium.ts";
import { listRoots } from "../../bundle/read-root.ts";
import { EXIT } from "../../error.ts";
import { readFormsIfThere, type TargetForm } from "../../release/delta/read-forms.ts";
import { type FoundRelease, readReleases } from "../../release/existing-releases.ts";
import { carriedRootFacts, describeCarriedRoot } from "../carried-roots.ts";
import type { CliContext } from "../context.ts";
import { describeForms, formFacts } from "../delta-facts.ts";
import { addTeaching } from "../help.ts";
import { addMediumArgument, addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { distinctProblems, releaseFacts, releaseTitle } from "../release-facts.ts";

export function registerReleaseList(parent: Command, context: CliContext): void {
  const command = parent
    .command("list")
    .summary("list the releases and trust roots on a medium")
    .description(
      "Lists the releases and trust roots on a medium, as they claim to be: nothing is verified. `bootferry release verify` does that.",
    );
  addMediumArgument(command);
  command.action(async (directory: string, options: OutputOptions) => {
    const output = context.openOutput(options);
    const medium = await openMedium(context.path(directory), context.signal);
    const { releases, problems: unreadable } = await readReleases(medium, context.signal);
    const { roots, problems: badRoots } = await listRoots(medium, context);
    const problems = distinctProblems([...unreadable, ...badRoots]);
    for (const { digest, error } of problems) output.warn(`${digest}: ${error.message} [${error.code}]`);
    const listed: Listed[] = [];
    for (const found of releases) {
      listed.push({ found, forms: await readFormsIfThere(medium, found.statement, context.signal) });
    }
    output.result(
      {
        releases: listed.map(({ found, forms }) => ({
          ...releaseFacts(found),
          carried: forms?.map(formFacts) ?? null,
        })),
        roots: roots.map(carriedRootFacts),
        problems: problems.map(({ digest, error }) => ({ digest, code: error.code, message: error.message })),
      },
      () =>
        [...(releases.length === 0 ? ["no releases"] : listed.map(line)), ...roots.map(describeCarriedRoot)].join("\n"),
    );
    if (problems.length > 0) context.setExitStatus(EXIT.medium);
  });
  addOutputOptions(command);
  addTeaching(command, {
    examples: [{ does: "See what is on a stick", command: "bootferry release list /media/usb" }],
    exits: [EXIT.medium],
  });
}

interface Listed {
  readonly found: FoundRelease;
  /** Undefined when it cannot be told. */
  readonly forms: readonly TargetForm[] | undefined;
}

function line({ found: { statement, payloadDigest, release }, forms }: Listed): string {
  const kinds = statement.targets.map(({ compatible, architecture }) => `${compatible}/${architecture}`).join(" ");
  const count = release.envelope.signatures.length;
  const signatures = count === 1 ? "1 signature" : `${count} signatures`;
  return `${releaseTitle(statement)}  ${statement.createdAt}  ${signatures}  ${payloadDigest.slice(0, 19)}  ${kinds}  ${describeForms(forms)}`;
}
