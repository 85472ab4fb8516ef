/** `bootferry release remove`: one release less, and the blobs that only it needed. */
import type { Command } from "commander";
import { EXIT } from "../../error.ts";
import { removeRelease } from "../../release/remove-release.ts";
import type { CliContext } from "../context.ts";
import { formatBytes } from "../format-units.ts";
import { addTeaching } from "../help.ts";
import { addMediumArgument, addOutputOptions, releaseOption } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { releaseTitle } from "../release-facts.ts";

export function registerReleaseRemove(parent: Command, context: CliContext): void {
  const command = parent
    .command("remove")
    .summary("remove a release from a medium")
    .description("Removes a release from a medium, and the blobs that no other release on it needs.");
  addMediumArgument(command);
  command
    .addOption(releaseOption())
    .action(async (directory: string, options: OutputOptions & { readonly release?: string }) => {
      const output = context.openOutput(options);
      const { found, removedBlobs, removedBytes } = await removeRelease(
        context.path(directory),
        options.release,
        context,
      );
      output.result({ payloadDigest: found.payloadDigest, removedBlobs, removedBytes }, () =>
        [
          `removed   ${releaseTitle(found.statement)}`,
          `freed     ${removedBlobs} blobs, ${formatBytes(removedBytes)}`,
        ].join("\n"),
      );
    });
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Remove one of several", command: "bootferry release remove /media/usb --release kiosk-os@42.3.0" },
    ],
    exits: [EXIT.medium, EXIT.busy],
  });
}
