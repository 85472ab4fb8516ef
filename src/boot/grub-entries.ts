/**
 * The entries of a GRUB boot partition, put together from its three kinds of files. Reads only.
 *
 * What an entry boots stands in its BLS file, what it is worth in bootferry.cfg, and the tries that are left in grubenv.
 */
import { readFileSync } from "node:fs";
import { errnoOf } from "../error.ts";
import { hostError } from "../host/error.ts";
import { type AbsPath, below } from "../path.ts";
import { blsValue, blsValues } from "./bls-entry.ts";
import { type BootCounter, formatBootCounter } from "./boot-counter.ts";
import { compareEntries, type EntryFile } from "./entry-order.ts";
import { BootError } from "./error.ts";
import { formatGrubConfig, type GrubStanding, parseGrubConfig } from "./grub-config.ts";
import {
  BOOT_COUNTER,
  BOOT_SUCCESS,
  COUNTED_ENTRY,
  type GrubEnvironment,
  parseGrubEnvironment,
} from "./grub-environment.ts";
import { nameOf, readOurFiles } from "./our-entry.ts";

export interface GrubEntry {
  readonly file: EntryFile;
  /** As bootferry.cfg is to record it. */
  readonly standing: GrubStanding;
  /** What it comes to together with grubenv; undefined for a good entry. */
  readonly counter: BootCounter | undefined;
}

export function grubFile(boot: AbsPath, name: "bootferry.cfg" | "grubenv" | "grub.cfg"): AbsPath {
  return below(boot, "grub", name);
}

/**
 * The entries that bootferry.cfg records and that have a file, in boot order. Without a readable bootferry.cfg, which no
 * power cut leaves, every file is an entry. @throws HostError
 */
export function readGrubEntries(boot: AbsPath): readonly GrubEntry[] {
  const environment = tryReadGrubEnvironment(boot);
  const text = readOptional(grubFile(boot, "bootferry.cfg"))?.toString("utf8");
  const recorded = text === undefined ? undefined : parseGrubConfig(text);
  const entries = readOurFiles(boot).flatMap((file) => {
    const standing = recorded === undefined ? guessStanding(file, environment) : recorded.get(nameOf(file));
    return standing === undefined ? [] : [makeGrubEntry(file, standing, environment)];
  });
  return inBootOrder(entries);
}

/** An entry with what grubenv says about it: it may have proved itself since bootferry.cfg was written. */
export function makeGrubEntry(file: EntryFile, standing: GrubStanding, environment?: GrubEnvironment): GrubEntry {
  switch (standing.kind) {
    case "good":
      return { file, standing, counter: undefined };
    case "bad":
      return { file, standing, counter: { triesLeft: 0, triesDone: standing.triesDone } };
    case "counted": {
      if (isDeclaredGood(nameOf(file), environment)) return { file, standing: { kind: "good" }, counter: undefined };
      const isNamed = environment?.get(COUNTED_ENTRY) === nameOf(file);
      const triesLeft = isNamed ? countOf(environment?.get(BOOT_COUNTER)) : 0; // GRUB starts the good one then
      return { file, standing, counter: { triesLeft, triesDone: Math.max(0, standing.tries - triesLeft) } };
    }
  }
}

/** bootferry.cfg for these entries. @throws BootError BOOT_ARGUMENT_UNFIT */
export function grubConfigOf(entries: readonly GrubEntry[]): string {
  return formatGrubConfig(
    inBootOrder(entries).map(({ file, standing }) => ({
      name: nameOf(file),
      standing,
      title: blsValue(file.entry, "title") ?? nameOf(file),
      linux: blsValue(file.entry, "linux") ?? "",
      initrd: blsValue(file.entry, "initrd"),
      options: blsValues(file.entry, "options").join(" "),
    })),
  );
}

/** Undefined when there is none that GRUB could read. @throws HostError */
export function tryReadGrubEnvironment(boot: AbsPath): GrubEnvironment | undefined {
  try {
    return parseGrubEnvironment(readOptional(grubFile(boot, "grubenv")) ?? Buffer.alloc(0));
  } catch (error) {
    if (error instanceof BootError) return undefined;
    throw error;
  }
}

export function readOptional(path: AbsPath): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw hostError(error, `reading ${path}`);
  }
}

/** greenboot says it by `boot_success=1`, and takes `boot_counter` away. */
function isDeclaredGood(name: string, environment: GrubEnvironment | undefined): boolean {
  if (environment?.get(COUNTED_ENTRY) !== name) return false;
  return environment.get(BOOT_SUCCESS) === "1" || (environment.get(BOOT_COUNTER) ?? "") === "";
}

/** What the chain of bootferry.cfg does not know is used up, as is greenboot's -1. */
function countOf(text: string | undefined): number {
  return text !== undefined && /^[0-9]$/.test(text) ? Number(text) : 0;
}

function guessStanding(file: EntryFile, environment: GrubEnvironment | undefined): GrubStanding {
  const isCounted = environment?.get(COUNTED_ENTRY) === nameOf(file) && !isDeclaredGood(nameOf(file), environment);
  return isCounted ? { kind: "counted", tries: countOf(environment.get(BOOT_COUNTER)) } : { kind: "good" };
}

function inBootOrder(entries: readonly GrubEntry[]): readonly GrubEntry[] {
  const asNamed = ({ file, counter }: GrubEntry): EntryFile => ({
    fileName: formatBootCounter({ stem: nameOf(file), counter }),
    entry: file.entry,
  });
  return entries.toSorted((a, b) => compareEntries(asNamed(a), asNamed(b)));
}
