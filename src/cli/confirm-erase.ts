/** Before a disk is erased: what it is, what is on it, and a sign that the person means this one. */
import type { BlockDevice } from "../media/block-device.ts";
import { MediaError } from "../media/error.ts";
import { askLine } from "./ask-line.ts";
import type { CliContext } from "./context.ts";
import { describeContents, describeDisk } from "./device-facts.ts";
import type { Output } from "./output.ts";

/**
 * Shows the disk and takes `--yes`, or its serial number (its path when it has none) typed on the terminal.
 * @throws MediaError MEDIA_NOT_CONFIRMED
 */
export async function confirmErase(
  context: CliContext,
  output: Output,
  disk: BlockDevice,
  yes: boolean,
): Promise<void> {
  output.note(`${disk.path}: ${describeDisk(disk)}`);
  output.note(`  on it now: ${describeContents(disk) ?? "nothing that is known"}`);
  if (yes) return;
  const { stdin } = context;
  if (!stdin.isTTY)
    throw new MediaError("MEDIA_NOT_CONFIRMED", `${disk.path} is only erased with --yes or on a terminal`);
  const expected = disk.serial ?? disk.path;
  const what = disk.serial === undefined ? "its path" : "its serial number";
  const typed = await askLine(context, `Everything on it will be lost. Type ${what} (${expected}) to go on: `);
  if (typed?.trim() !== expected) throw new MediaError("MEDIA_NOT_CONFIRMED", `what was typed is not ${what}`);
}
