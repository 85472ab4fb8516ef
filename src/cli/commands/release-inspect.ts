/** `bootferry release inspect`: one release in full. */
import { type Command, Option } from "commander";
import { openMedium } from "../../bundle/medium.ts";
import { EXIT } from "../../error.ts";
import { findRelease, readReleases } from "../../release/existing-releases.ts";
import type { CliContext } from "../context.ts";
import { addTeaching } from "../help.ts";
import { addMediumArgument, addOutputOptions, releaseOption } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { describeStatement, releaseFacts } from "../release-facts.ts";

interface Options extends OutputOptions {
  readonly release?: string;
  readonly payload?: boolean;
}

export function registerReleaseInspect(parent: Command, context: CliContext): void {
  const command = parent
    .command("inspect")
    .summary("show one release in full")
    .description("Shows the statement of a release and who is said to have signed it. Nothing is verified.");
  addMediumArgument(command);
  command
    .addOption(releaseOption())
    .addOption(new Option("--payload", "print the signed bytes as they are, and nothing else").conflicts("json"))
    .action(async (directory: string, options: Options) => {
      const output = context.openOutput(options);
      const { releases } = await readReleases(await openMedium(context.path(directory)), context.signal);
      const found = findRelease(releases, options.release);
      if (options.payload) {
        context.stdout.write(found.release.envelope.payload);
        return;
      }
      const signatures = found.release.envelope.signatures;
      output.result(releaseFacts(found), () =>
        [
          ...describeStatement(found.statement),
          `payload   ${found.payloadDigest}`,
          `manifest  ${found.release.manifestDigest}`,
          ...signatures.map(({ keyId }) => `signature by ${keyId} (not verified)`),
        ].join("\n"),
      );
    });
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Show the only release on a stick", command: "bootferry release inspect /media/usb" },
      { does: "Show one of several", command: "bootferry release inspect /media/usb --release kiosk-os@42.3.1 --json" },
    ],
    exits: [EXIT.medium],
  });
}
