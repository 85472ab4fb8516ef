/**
 * Our entries among the Type 1 files of a boot partition: how they are named, written and read back. All loaders share
 * them; what differs is where a loader keeps the counter.
 */
import { type AbsPath, parseRelPath, type RelPath } from "../path.ts";
import { type BlsEntry, type BlsField, blsValue, blsValues } from "./bls-entry.ts";
import { type BootCounter, parseBootCounter } from "./boot-counter.ts";
import type { BootEntry, BootEntryContent, EntryName } from "./boot-loader.ts";
import { readEntryFiles } from "./entry-files.ts";
import type { EntryFile } from "./entry-order.ts";

/** Groups our entries in the loader's order; entries of other systems on the machine keep their own. */
const SORT_KEY = "bootferry";
export const NAME_PREFIX = "bootferry-";

/** @param text what follows `bootferry-` in the entry's name: letters, digits, `.`, `_` and `-`, which vfat keeps */
export function makeEntryName(text: string): EntryName {
  if (!/^[a-z0-9._-]+$/.test(text)) throw new TypeError(`not fit for an entry's name: ${JSON.stringify(text)}`);
  return `${NAME_PREFIX}${text}` as EntryName;
}

/** Ours, complete ones only; of two names of one entry the good one comes first, then the one that was tried more. */
export function readOurFiles(boot: AbsPath): readonly EntryFile[] {
  const rank = (file: EntryFile) => counterOf(file)?.triesLeft ?? -1;
  return readEntryFiles(boot)
    .filter((file) => file.fileName.startsWith(NAME_PREFIX) && parseOurEntry(file) !== undefined)
    .sort((a, b) => rank(a) - rank(b));
}

export function blsEntryOf(content: BootEntryContent): BlsEntry {
  const field = (key: string, value: string | undefined): BlsField[] => (value === undefined ? [] : [{ key, value }]);
  return {
    fields: [
      ...field("title", content.title),
      ...field("version", String(content.serial)),
      ...field("machine-id", content.machineId),
      ...field("sort-key", SORT_KEY),
      ...field("linux", `/${content.linux}`),
      ...field("initrd", content.initrd === undefined ? undefined : `/${content.initrd}`),
      ...field("options", content.options.join(" ")),
    ],
  };
}

export function parseOurEntry({ fileName, entry }: EntryFile): BootEntry | undefined {
  const name = parseBootCounter(fileName);
  const serial = Number(blsValue(entry, "version"));
  const linux = partitionPath(blsValue(entry, "linux"));
  if (name === undefined || !Number.isSafeInteger(serial) || linux === undefined) return undefined;
  return {
    name: name.stem as EntryName,
    counter: name.counter,
    title: blsValue(entry, "title") ?? "",
    serial,
    machineId: blsValue(entry, "machine-id"),
    linux,
    initrd: partitionPath(blsValue(entry, "initrd")),
    options: blsValues(entry, "options")
      .flatMap((value) => value.split(/\s+/))
      .filter((option) => option !== ""),
  };
}

/** Undefined also for what someone wrote there that is no plain path: such an entry is not ours any more. */
function partitionPath(text: string | undefined): RelPath | undefined {
  if (text === undefined) return undefined;
  try {
    return parseRelPath(text.replace(/^\/+/, ""));
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

export function nameOf(file: EntryFile): EntryName {
  return (parseBootCounter(file.fileName)?.stem ?? file.fileName) as EntryName;
}

export function counterOf(file: EntryFile | undefined): BootCounter | undefined {
  return file === undefined ? undefined : parseBootCounter(file.fileName)?.counter;
}
