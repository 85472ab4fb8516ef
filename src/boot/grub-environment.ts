/**
 * GRUB's environment block, `<boot>/grub/grubenv`: the only file that GRUB can write to (GRUB manual, "Environment
 * block"; format of grub-core/lib/envblk.c).
 *
 *     # GRUB Environment Block\n   name=value\n …   # filling up to 1024 bytes
 *
 * A backslash before a backslash or a newline belongs to the value. GRUB overwrites the blocks of the file in place, so
 * that the file must have its full size from the start. What counts our tries is written first: it lies in one sector,
 * and since the count is always one digit, counting changes one byte; no power cut can tear that.
 */
import { BootError } from "./error.ts";

export type GrubEnvironment = ReadonlyMap<string, string>;

const SIGNATURE = "# GRUB Environment Block\n";
const BLOCK_BYTES = 1024; // GRUB_ENVBLK_SIZE is what grub-editenv makes; GRUB keeps whatever size it finds

/** The variables that greenboot shares with us, and which entry they are about. */
export const BOOT_COUNTER = "boot_counter";
export const BOOT_SUCCESS = "boot_success";
export const COUNTED_ENTRY = "bootferry_entry";
const WRITTEN_FIRST: readonly string[] = [BOOT_COUNTER, BOOT_SUCCESS, COUNTED_ENTRY];

/** @throws BootError BOOT_ENVIRONMENT_DAMAGED */
export function parseGrubEnvironment(bytes: Uint8Array): GrubEnvironment {
  const text = Buffer.from(bytes).toString("latin1"); // what others wrote is kept byte for byte
  if (bytes.length !== BLOCK_BYTES) {
    throw new BootError("BOOT_ENVIRONMENT_DAMAGED", `grubenv: expected ${BLOCK_BYTES} bytes, got ${bytes.length}`);
  }
  if (!text.startsWith(SIGNATURE)) {
    throw new BootError("BOOT_ENVIRONMENT_DAMAGED", "grubenv does not begin with the signature of GRUB");
  }
  const environment = new Map<string, string>();
  for (const line of text.slice(SIGNATURE.length).match(/(?:\\[\s\S]|[^\\\n])+/g) ?? []) {
    const end = line.indexOf("=");
    if (line.startsWith("#") || end < 1) continue;
    environment.set(line.slice(0, end), line.slice(end + 1).replace(/\\([\s\S])/g, "$1"));
  }
  return environment;
}

/** @throws BootError BOOT_ENVIRONMENT_FULL when the variables of all programs together do not fit */
export function formatGrubEnvironment(environment: GrubEnvironment): Buffer {
  const names = [...WRITTEN_FIRST, ...[...environment.keys()].filter((name) => !WRITTEN_FIRST.includes(name))];
  const lines = names.flatMap((name) => {
    const value = environment.get(name);
    return value === undefined ? [] : [`${checkName(name)}=${value.replace(/[\\\n]/g, "\\$&")}\n`];
  });
  const text = Buffer.from(SIGNATURE + lines.join(""), "latin1");
  if (text.length > BLOCK_BYTES) {
    throw new BootError("BOOT_ENVIRONMENT_FULL", `grubenv: ${text.length} bytes do not fit into ${BLOCK_BYTES}`);
  }
  return Buffer.concat([text], BLOCK_BYTES).fill("#", text.length);
}

function checkName(name: string): string {
  // Other programs' names are theirs to choose; an escaped newline in one is no end of its line.
  if (!/^(?!#)(?:\\[^=]|[^\\\n=])+$/.test(name))
    throw new TypeError(`not a name of a variable: ${JSON.stringify(name)}`);
  return name;
}
