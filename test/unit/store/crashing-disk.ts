/**
 * A disk that loses power, below the store's own port.
 *
 * It writes through to a real directory (so that the store reads what it wrote) and remembers which steps were made
 * durable by a sync. `powerCut` puts the directory into a state that a real file system could show after a cut: what was
 * synced, and of the later steps whatever the chosen outcome says. A file whose content was not synced may have its name
 * and no bytes: what ext4, xfs and f2fs do with a rename that overtakes its data.
 */
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { HostError } from "../../../src/host/error.ts";
import type { AbsPath } from "../../../src/path.ts";
import type { StoreFilesystem } from "../../../src/store/store-filesystem.ts";

/** What becomes of the steps since the last sync. */
export type Outcome =
  /** None of them happened. */
  | "nothing"
  /** All of them did, but no content reached the disk. */
  | "names-without-content"
  /** All of them did, and half of each content. */
  | "names-with-half-content"
  /** The odd ones did, without their content: a file system that orders nothing. */
  | "every-second-name"
  /** Only the last one did. */
  | "only-the-last-name"
  /** No power was lost: the process was killed, and everything is as it was. */
  | "killed";

export const OUTCOMES: readonly Outcome[] = [
  "nothing",
  "names-without-content",
  "names-with-half-content",
  "every-second-name",
  "only-the-last-name",
  "killed",
];

/** Thrown instead of the step at which the power goes, and by every step after it. */
export class PowerCut extends Error {}

interface FileState {
  content: Buffer;
  durable: Buffer;
}

type Namespace = Map<string, FileState | "directory">;
type NameStep = (names: Namespace) => void;

export interface CrashingDisk extends StoreFilesystem {
  /** Steps done so far; the cut comes instead of the step with the number `cutBefore`. */
  readonly steps: readonly string[];
  cutBefore: number;
  /** Files that were opened and not closed. */
  readonly openFiles: number;
  /** Runs instead of a step when it is set: for ENOSPC and the like. */
  failure: ((step: string) => void) | undefined;
  powerCut(outcome: Outcome): void;
}

/** A disk whose one directory is `directory`. */
export function crashingDisk(directory: AbsPath): CrashingDisk {
  let live: Namespace = new Map();
  let durable: Namespace = new Map();
  let sinceSync: NameStep[] = [];
  let steps: string[] = [];
  let isLocked = false;
  const open = new Map<number, FileState>();

  const step = (what: string, path: string) => {
    if (steps.length >= disk.cutBefore) throw new PowerCut(what);
    steps.push(`${what} ${path}`);
    disk.failure?.(what);
  };
  const change = (change: NameStep) => {
    change(live);
    sinceSync.push(change);
  };

  const disk: CrashingDisk = {
    get steps() {
      return steps;
    },
    get openFiles() {
      return open.size;
    },
    cutBefore: Number.POSITIVE_INFINITY,
    failure: undefined,
    makeDirectory(path) {
      step("mkdir", path);
      mkdirSync(path, { recursive: true });
      change((names) => names.set(path, "directory"));
    },
    createFile(path) {
      step("create", path);
      const fd = openSync(path, "wx");
      const file: FileState = { content: Buffer.alloc(0), durable: Buffer.alloc(0) };
      open.set(fd, file);
      change((names) => names.set(path, file));
      return fd;
    },
    write(fd, bytes) {
      step("write", String(bytes.length));
      writeSync(fd, bytes);
      const file = open.get(fd);
      if (file !== undefined) file.content = Buffer.concat([file.content, bytes]);
    },
    close(fd) {
      closeSync(fd);
      open.delete(fd);
    },
    rename(from, to) {
      step("rename", to);
      renameSync(from, to);
      change((names) => {
        for (const [name, file] of [...names]) {
          if (name !== from && !name.startsWith(`${from}/`)) continue;
          names.delete(name);
          names.set(`${to}${name.slice(from.length)}`, file);
        }
      });
    },
    remove(path) {
      step("remove", path);
      rmSync(path, { recursive: true, force: true });
      change((names) => {
        for (const name of names.keys()) if (name === path || name.startsWith(`${path}/`)) names.delete(name);
      });
    },
    async sync() {
      step("sync", "");
      for (const file of live.values()) if (file !== "directory") file.durable = file.content;
      durable = new Map(live);
      sinceSync = [];
    },
    async lock() {
      if (isLocked) throw new HostError("HOST_BUSY", "locked");
      isLocked = true;
      return {
        async [Symbol.asyncDispose]() {
          isLocked = false;
        },
      };
    },
    powerCut(outcome) {
      disk.cutBefore = Number.POSITIVE_INFINITY;
      steps = [];
      isLocked = false;
      for (const fd of open.keys()) closeSync(fd);
      open.clear();
      if (outcome === "killed") return;
      const names = new Map(durable);
      for (const [index, apply] of sinceSync.entries()) {
        if (survives(outcome, index, sinceSync.length)) apply(names);
      }
      for (const file of names.values()) if (file !== "directory") file.content = surviving(file, outcome);
      writeOut(directory, names);
      live = names;
      durable = new Map(names);
      sinceSync = [];
    },
  };
  return disk;
}

function survives(outcome: Outcome, index: number, count: number): boolean {
  switch (outcome) {
    case "nothing":
      return false;
    case "every-second-name":
      return index % 2 === 1;
    case "only-the-last-name":
      return index === count - 1;
    case "names-without-content":
    case "names-with-half-content":
    case "killed":
      return true;
  }
}

function surviving(file: FileState, outcome: Outcome): Buffer {
  if (file.content === file.durable || outcome !== "names-with-half-content") return file.durable;
  return file.content.subarray(0, Math.floor(file.content.length / 2));
}

function writeOut(directory: AbsPath, names: Namespace): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [path, file] of names) {
    mkdirSync(file === "directory" ? path : dirname(path), { recursive: true });
    if (file === "directory") continue;
    writeFileSync(path, file.content);
    file.durable = file.content;
  }
}
