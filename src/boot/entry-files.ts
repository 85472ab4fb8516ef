/**
 * The entries on a boot partition as systemd-boot finds them, ours and those of others.
 *
 *     <boot>/loader/entries/<name>[+left[-done]].conf
 *     <boot>/loader/loader.conf
 *
 * What systemd-boot passes over is passed over: hidden files, `auto-…`, entries that start nothing or whose kernel is
 * not there. A file that vfat lost in a power cut is such an entry, not an error.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { errnoOf } from "../error.ts";
import { hostError } from "../host/error.ts";
import { type AbsPath, below } from "../path.ts";
import { blsValue, parseBlsEntry } from "./bls-entry.ts";
import { parseBootCounter } from "./boot-counter.ts";
import { compareEntries, type EntryFile } from "./entry-order.ts";

export function entriesDirectory(boot: AbsPath): AbsPath {
  return below(boot, "loader", "entries");
}

/** All entries that can be started, in the order in which systemd-boot tries them. @throws HostError */
export function readBootableEntries(boot: AbsPath): readonly EntryFile[] {
  return readEntryFiles(boot)
    .filter((file) => isBootable(boot, file))
    .sort(compareEntries);
}

/** All files that systemd-boot reads as entries, whether they can be started or not. @throws HostError */
export function readEntryFiles(boot: AbsPath): readonly EntryFile[] {
  const directory = entriesDirectory(boot);
  return listFiles(directory)
    .filter((fileName) => parseBootCounter(fileName) !== undefined && !/^auto-/i.test(fileName))
    .map((fileName) => ({ fileName, entry: parseBlsEntry(readText(below(directory, fileName)) ?? "") }));
}

/** The pattern of `default` in loader.conf, or undefined. */
export function readLoaderDefault(boot: AbsPath): string | undefined {
  const text = readText(below(boot, "loader", "loader.conf"));
  return text === undefined ? undefined : blsValue(parseBlsEntry(text), "default");
}

function isBootable(boot: AbsPath, { entry }: EntryFile): boolean {
  const loaders = ["linux", "uki", "efi"].flatMap((key) => blsValue(entry, key) ?? []);
  const [loader] = loaders;
  return loaders.length === 1 && loader !== undefined && existsSync(below(boot, loader.replaceAll("\\", "/")));
}

/** Names of the plain files in a directory, in no particular order. */
export function listFiles(directory: AbsPath): readonly string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => file.name);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw hostError(error, `reading ${directory}`);
  }
}

function readText(path: AbsPath): string | undefined {
  return readOptional(path)?.toString("utf8");
}

/** The content of a file, or undefined when there is none. @throws HostError */
export function readOptional(path: AbsPath): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw hostError(error, `reading ${path}`);
  }
}
