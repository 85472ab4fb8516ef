/**
 * A boot loader without a machine: chooses and counts from the real entry files as systemd-boot does.
 *
 * It takes the first entry of the order, bad ones last; a `default` in loader.conf wins over the order even at zero
 * tries, which is why the adapter refuses to arm with one. A counted entry is renamed *before* it is started, and when
 * only bad entries are left the first of them is started all the same (its count of tries done goes on).
 */
import { renameSync } from "node:fs";
import { matchesGlob } from "node:path";
import { hostError } from "../host/error.ts";
import { type AbsPath, below } from "../path.ts";
import { blsValues } from "./bls-entry.ts";
import { countOneTry, formatBootCounter, parseBootCounter } from "./boot-counter.ts";
import { entriesDirectory, readBootableEntries, readLoaderDefault } from "./entry-files.ts";
import type { EntryFile } from "./entry-order.ts";
import { BootError } from "./error.ts";

export interface SimulatedBoot {
  /** The file of the entry as it was found, and after counting. */
  readonly fileName: string;
  readonly countedFileName: string;
  readonly entry: EntryFile["entry"];
  /** What the kernel gets. */
  readonly commandLine: string;
}

/**
 * Boots what systemd-boot would boot from this boot partition, and counts the try.
 * @throws BootError BOOT_NOTHING_BOOTS
 */
export function simulateBoot(boot: AbsPath): SimulatedBoot {
  const { fileName, entry } = chooseEntry(boot);
  const countedFileName = countTry(boot, fileName);
  return { fileName, countedFileName, entry, commandLine: blsValues(entry, "options").join(" ") };
}

/** The entry that would be booted; changes nothing. @throws BootError BOOT_NOTHING_BOOTS */
export function chooseEntry(boot: AbsPath): EntryFile {
  const entries = readBootableEntries(boot);
  const pattern = readLoaderDefault(boot)?.toLowerCase();
  const preset = pattern === undefined ? undefined : entries.find((file) => matchesGlob(idOf(file), pattern));
  const chosen = preset ?? entries[0];
  if (chosen === undefined) {
    throw new BootError("BOOT_NOTHING_BOOTS", `no entry on ${boot} names a kernel that is there`);
  }
  return chosen;
}

function countTry(boot: AbsPath, fileName: string): string {
  const name = parseBootCounter(fileName);
  if (name?.counter === undefined) return fileName;
  const counted = formatBootCounter({ stem: name.stem, counter: countOneTry(name.counter) });
  try {
    renameSync(below(entriesDirectory(boot), fileName), below(entriesDirectory(boot), counted));
  } catch (error) {
    throw hostError(error, `counting the try of ${fileName}`);
  }
  return counted;
}

function idOf({ fileName }: EntryFile): string {
  return `${parseBootCounter(fileName)?.stem ?? fileName}.conf`.toLowerCase();
}
