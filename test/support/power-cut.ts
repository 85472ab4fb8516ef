/**
 * What a power cut may leave of a simulated device, at every barrier that an operation passes.
 *
 * Two file systems are modelled, the boot partition and the rest. What was written before a file system's last `sync` is
 * safe. Of what came after it a disk may have kept anything; the extremes are tried:
 *
 *     everything     all of it reached the disk
 *     names only     new names are there, their contents are empty (files that were renamed without a sync)
 *     additions      what was added is there, what was removed is there still
 *     removals       what was removed is gone, what was added is lost (a rename on vfat that lost both names)
 *
 * `run/` is empty after a cut, as a tmpfs is.
 */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

export type CutKind = "everything" | "names only" | "additions" | "removals";
const CUT_KINDS: readonly CutKind[] = ["everything", "names only", "additions", "removals"];

interface DiskNode {
  readonly kind: "directory" | "file" | "symlink";
  readonly mode: number;
  readonly content: string;
  /** A synced file keeps its content under the new name when it is renamed. */
  readonly inode: number;
}

/** Path below the device's directory → what is there. */
export type DiskState = ReadonlyMap<string, DiskNode>;

export interface Cut {
  /** The how-manieth barrier, from 1; a cut just before it. */
  readonly barrier: number;
  readonly kind: CutKind;
  readonly state: DiskState;
}

/** Watches the barriers of an operation on the device in `sysroot`. Hand `onSync` to its Exec. */
export class PowerCuts {
  readonly cuts: Cut[] = [];
  readonly #sysroot: string;
  #safe: DiskState;
  #barriers = 0;

  constructor(sysroot: string) {
    this.#sysroot = sysroot;
    this.#safe = readDisk(sysroot);
  }

  readonly onSync = (path: string): void => {
    this.#barriers++;
    const now = readDisk(this.#sysroot);
    for (const kind of CUT_KINDS) {
      this.cuts.push({ barrier: this.#barriers, kind, state: withoutRun(cutState(this.#safe, now, kind)) });
    }
    const isBoot = isOnBoot(path.slice(this.#sysroot.length + 1));
    this.#safe = new Map([
      ...[...this.#safe].filter(([name]) => isOnBoot(name) !== isBoot),
      ...[...now].filter(([name]) => isOnBoot(name) === isBoot),
    ]);
  };
}

function isOnBoot(name: string): boolean {
  return name === "boot" || name.startsWith("boot/");
}

function cutState(safe: DiskState, now: DiskState, kind: CutKind): DiskState {
  switch (kind) {
    case "everything":
      return now;
    case "names only":
      return withoutUnsafeContents(safe, now);
    case "additions":
      return new Map([...safe, ...now]);
    case "removals":
      return new Map([...now].filter(([name]) => safe.has(name)).map(([name, node]) => [name, safe.get(name) ?? node]));
  }
}

function withoutUnsafeContents(safe: DiskState, now: DiskState): DiskState {
  const safeContents = new Set([...safe.values()].map(({ inode, content }) => `${inode} ${content}`));
  const isSafe = ({ inode, content }: DiskNode) => safeContents.has(`${inode} ${content}`);
  return new Map([...now].map(([name, node]) => [name, isSafe(node) ? node : emptied(node)]));
}

function emptied(node: DiskNode): DiskNode {
  return node.kind === "file" ? { ...node, content: "" } : node;
}

function withoutRun(state: DiskState): DiskState {
  return new Map([...state].filter(([name]) => name !== "run" && !name.startsWith("run/")));
}

/** Everything below a directory. */
export function readDisk(directory: string): DiskState {
  const state = new Map<string, DiskNode>();
  const visit = (name: string) => {
    const path = join(directory, name);
    const stat = lstatSync(path);
    const mode = stat.mode & 0o7777;
    const inode = stat.ino;
    if (stat.isSymbolicLink()) state.set(name, { kind: "symlink", mode, inode, content: readlinkSync(path) });
    else if (stat.isFile()) state.set(name, { kind: "file", mode, inode, content: readFileSync(path, "latin1") });
    else {
      if (name !== "") state.set(name, { kind: "directory", mode, inode, content: "" });
      for (const child of readdirSync(path).sort()) visit(join(name, child));
    }
  };
  visit("");
  return state;
}

/** Makes `directory` hold exactly this. */
export function writeDisk(directory: string, state: DiskState): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [name, { kind, mode, content }] of state) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    if (kind === "directory") mkdirSync(path, { recursive: true });
    else if (kind === "symlink") symlinkSync(content, path);
    else writeFileSync(path, content, "latin1");
    if (kind === "file") chmodSync(path, mode);
  }
}
