/** `bootferry release remove`: one release less, and the blobs that only it needed. */
import { type Command, Option } from "commander";
import { EXIT } from "../../error.ts";
import { removeRelease } from "../../release/remove-release.ts";
import type { CliContext } from "../context.ts";
import { formatBytes } from "../format-units.ts";
import { addTeaching } from "../help.ts";
import { addMediumArgument, addOutputOptions, releaseOption } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { readReleaseFile } from "../read-release-file.ts";
import { releaseTitle } from "../release-facts.ts";

interface Options extends OutputOptions {
  readonly release?: string;
  readonly unsigned?: string;
}

export function registerReleaseRemove(parent: Command, context: CliContext): void {
  const command = parent
    .command("remove")
    .summary("remove a release from a medium")
    .description(
      "Removes a release from a medium, and the blobs that no other release on it needs. With --unsigned, the images that were put there for a release which is not going to be signed.",
    );
  addMediumArgument(command);
  command
    .addOption(releaseOption())
    .addOption(new Option("--unsigned <file>", "the release in this file by `release create`").conflicts("release"))
    .action(async (directory: string, options: Options) => {
      const output = context.openOutput(options);
      const wanted = options.unsigned === undefined ? options.release : readReleaseFile(context, options.unsigned);
      const removed = await removeRelease(context.path(directory), wanted, context);
      const { statement, payloadDigest, removedBlobs, removedBytes } = removed;
      output.result({ payloadDigest, removedBlobs, removedBytes }, () =>
        [`removed   ${releaseTitle(statement)}`, `freed     ${removedBlobs} blobs, ${formatBytes(removedBytes)}`].join(
          "\n",
        ),
      );
    });
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Remove one of several", command: "bootferry release remove /media/usb --release kiosk-os@42.3.0" },
      {
        does: "Give up one that was to be signed",
        command: "bootferry release remove /media/usb --unsigned kiosk-os-42.json",
      },
    ],
    exits: [EXIT.medium, EXIT.busy],
  });
}
