/** What happens to the store of a device that is off: worn flash, lost files, and hands that should not be there. */
import { verityOf } from "../../../src/composefs/verity.ts";
import { flipBit } from "../rig/disk.ts";
import { tool } from "../rig/tool.ts";
import type { Entry } from "./matrix.ts";
import { type Victim, victimContent } from "./tiny-image.ts";

/** Each victim in its own way; `whole` is left alone. */
export function spoilVictims(disk: string): void {
  flipBitOf(disk, objectOf("flipped"));
  for (const victim of ["missing", "unsealed", "impostor"] as const) edit(disk, `rm ${objectOf(victim)}`);
  // A file of the right name without a seal: another file of the disk that was never sealed.
  edit(disk, `ln /rig/libcrypto.so.3 ${objectOf("unsealed")}`);
  // A seal, but of other content than the image names.
  edit(disk, `ln /rig/impostor ${objectOf("impostor")}`);
}

/** The sealed image under the name of another one. */
export function renameImage(hex: string): (disk: string, entry: Entry) => void {
  return (disk, { imageHex }) => edit(disk, `ln ${imageOf(imageHex)} ${imageOf(hex)}`);
}

export function removeImage(disk: string, { imageHex }: Entry): void {
  edit(disk, `rm ${imageOf(imageHex)}`);
}

/** A bit in the middle of the image, where it names files and objects. */
export function flipImage(disk: string, { imageHex }: Entry): void {
  flipBitOf(disk, imageOf(imageHex));
}

function imageOf(hex: string): string {
  return `/bootferry/images/${hex}.cfs`;
}

function objectOf(victim: Victim): string {
  const hex = verityOf(victimContent(victim));
  return `/bootferry/objects/${hex.slice(0, 2)}/${hex.slice(2)}`;
}

/** Below the file system, as a worn flash chip would. */
function flipBitOf(disk: string, path: string): void {
  const blocks = tool("debugfs", "-R", `blocks ${path}`, disk).trim().split(/\s+/).map(Number);
  const block = blocks[Math.floor(blocks.length / 2)];
  if (block === undefined || Number.isNaN(block)) throw new Error(`${path} has no blocks on ${disk}`);
  flipBit(disk, block * BLOCK_BYTES + 100);
}

const BLOCK_BYTES = 4096;

/** Runs a command of debugfs that writes. @throws with what debugfs said, since it ends with 0 all the same */
function edit(disk: string, command: string): void {
  const output = tool("sh", "-c", 'debugfs -w -R "$1" "$0" 2>&1', disk, command);
  const complaint = output.split("\n").find((line) => line !== "" && !line.startsWith("debugfs "));
  if (complaint !== undefined) throw new Error(`debugfs ${command}: ${complaint}`);
}
