/**
 * Sticks as raw images, filled without mounting anything (a test machine may have no vfat): mtools for vfat, `mkfs -d` for ext4.
 */
import { readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tool } from "./tool.ts";

export interface StickOptions {
  readonly label?: string;
  readonly filesystem?: "vfat" | "ext4";
  /** Without a table the file system takes the whole stick. */
  readonly table?: "gpt" | "dos";
}

const MIB = 1 << 20;
const ROOM_MIB = 64; // FAT32 wants 33 MiB at least

/** Makes the image of a stick in `file`, with everything in the directory `contents` (nothing when undefined). */
export function makeStick(file: string, contents: string | undefined, options: StickOptions = {}): void {
  const { label = "BOOTFERRY", filesystem = "vfat", table } = options;
  const sizeMib = Math.ceil((contents === undefined ? 0 : sizeOf(contents)) / MIB) + ROOM_MIB;
  const volume = table === undefined ? file : `${file}.volume`;
  blank(volume, sizeMib);
  if (filesystem === "vfat") {
    tool("mkfs.vfat", "-F", "32", "-n", label, volume);
    const names = contents === undefined ? [] : readdirSync(contents).map((name) => join(contents, name));
    if (names.length > 0) tool("mcopy", "-s", "-i", volume, ...names, "::/");
  } else {
    tool("mkfs.ext4", "-q", "-F", "-L", label, ...(contents === undefined ? [] : ["-d", contents]), volume);
  }
  if (table === undefined) return;
  blank(file, sizeMib + 2);
  const type = table === "gpt" ? "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7" : "c";
  tool(
    "sh",
    "-c",
    `printf 'label: ${table}\\nstart=2048, size=${sizeMib * 2048}, type=${type}\\n' | sfdisk -q "$0"`,
    file,
  );
  tool("dd", `if=${volume}`, `of=${file}`, "bs=1M", "seek=1", "conv=notrunc,sparse", "status=none");
  tool("rm", volume);
}

/** An image of `sizeMib` with nothing on it. */
export function blank(file: string, sizeMib: number): void {
  writeFileSync(file, "");
  truncateSync(file, sizeMib * MIB);
}

function sizeOf(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
