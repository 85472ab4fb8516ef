/** `bootferry release list`: what a medium claims to hold. */
import type { Command } from "commander";
import { openMedium } from "../../bundle/medium.ts";
import { listRoots } from "../../bundle/read-root.ts";
import { EXIT } from "../../error.ts";
import { readReleases } from "../../release/existing-releases.ts";
import { carriedRootFacts, describeCarriedRoot } from "../carried-roots.ts";
import type { CliContext } from "../context.ts";
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
    output.result(
      {
        releases: releases.map(releaseFacts),
        roots: roots.map(carriedRootFacts),
        problems: problems.map(({ digest, error }) => ({ digest, code: error.code, message: error.message })),
      },
      () =>
        [
          ...(releases.length === 0 ? ["no releases"] : releases.map((found) => line(found))),
          ...roots.map(describeCarriedRoot),
        ].join("\n"),
    );
    if (problems.length > 0) context.setExitStatus(EXIT.medium);
  });
  addOutputOptions(command);
  addTeaching(command, {
    examples: [{ does: "See what is on a stick", command: "bootferry release list /media/usb" }],
    exits: [EXIT.medium],
  });
}

function line({ statement, payloadDigest, release }: Parameters<typeof releaseFacts>[0]): string {
  const kinds = statement.targets.map(({ compatible, architecture }) => `${compatible}/${architecture}`).join(" ");
  const count = release.envelope.signatures.length;
  const signatures = count === 1 ? "1 signature" : `${count} signatures`;
  return `${releaseTitle(statement)}  ${statement.createdAt}  ${signatures}  ${payloadDigest.slice(0, 19)}  ${kinds}`;
}
