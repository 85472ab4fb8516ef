/** The last question before a disk is overwritten: what it is, and something of it to be typed. */
import { createInterface } from "node:readline/promises";
import type { CliContext } from "./context.ts";
import { CliError } from "./error.ts";
import { formatBytes } from "./format-units.ts";

export interface DiskToConfirm {
  readonly path: string;
  readonly sizeBytes: number;
  readonly model: string | undefined;
  readonly serial: string | undefined;
  /** What is on it: `gpt`, `ext4` … */
  readonly signatures: readonly string[];
}

/** `/dev/sdb: SanDisk Ultra, serial 4C53…, 32 GB, holds gpt`. */
export function describeDisk({ path, model, serial, sizeBytes, signatures }: DiskToConfirm): string {
  const facts = [
    model ?? "unknown model",
    serial === undefined ? "no serial number" : `serial ${serial}`,
    formatBytes(sizeBytes),
    signatures.length === 0 ? "empty" : `holds ${signatures.join(", ")}`,
  ];
  return `${path}: ${facts.join(", ")}`;
}

/**
 * Asks for the serial number of the disk, or for its path when it has none. Says nothing with `--yes`.
 * @throws CliError CLI_NOT_CONFIRMED without a terminal, or when something else is typed
 */
export async function confirmDisk(context: CliContext, disk: DiskToConfirm, isConfirmed: boolean): Promise<void> {
  const { stdin, stderr, signal } = context;
  if (isConfirmed) return;
  if (!stdin.isTTY) {
    throw new CliError("CLI_NOT_CONFIRMED", `${describeDisk(disk)}: there is no terminal to ask on, and no --yes`);
  }
  const expected = disk.serial ?? disk.path;
  stderr.write(`Everything on it is overwritten: ${describeDisk(disk)}\n`);
  const lines = createInterface({ input: stdin, output: stderr as NodeJS.WritableStream });
  try {
    const what = disk.serial === undefined ? "its path" : "its serial number";
    const typed = await lines.question(`Type ${what} to go on: `, { signal });
    if (typed.trim() !== expected)
      throw new CliError("CLI_NOT_CONFIRMED", `expected ${expected}, got "${typed.trim()}"`);
  } finally {
    lines.close();
  }
}
