/**
 * Extended attributes of a directory of this machine, access control lists among them. Node has no calls for them, so that
 * they are read and set by GNU tar and cp (coreutils), which every image with systemd can bring:
 *
 *     tar --create --xattrs    → what each file has
 *     tar --extract --xattrs   → a skeleton of empty files in staging/ → cp --attributes-only → the tree
 *
 * No content of a file passes through them on the way in: whatever becomes of the tools, the files stay whole. What could
 * not be set is found by reading it back, and reported.
 */
import { chmodSync, lutimesSync, mkdirSync, rmSync } from "node:fs";
import { CodedError } from "../../error.ts";
import type { Exec } from "../../host/exec.ts";
import { type AbsPath, type ByteString, below, displayBytes } from "../../path.ts";
import type { Metadata } from "../../tree/node.ts";
import { TarParser } from "../../tree/tar-parser.ts";
import { formatTreePath, type TreePath } from "../../tree/tree-path.ts";
import type { NotApplied } from "../port.ts";
import type { Engine } from "./engine.ts";
import { engineDirectory } from "./layout.ts";
import { isCarried, isSameXattr, NO_XATTRS, type Xattrs } from "./merge-xattrs.ts";
import type { PlainDirectory, PlainNode } from "./plain-tree.ts";
import { joinBytes } from "./read-plain-tree.ts";
import { modeOnDisk } from "./write-plain-tree.ts";
import { formatXattrArchive, type XattrEntry } from "./xattr-archive.ts";

const TOOL_TIMEOUT_MS = 60_000; // a tree like /etc takes a fraction of a second
/** GNU tar's "some files differ": something was written while it was read. */
const TAR_RACE_STATUS = 1;
const SECURITY_PREFIX = "security.";

/** By path below the directory, as `formatTreePath` writes it. */
export type XattrsByPath = ReadonlyMap<ByteString, Xattrs>;

/** What the files and directories below `directory` have; undefined where the tools cannot tell. */
export async function readXattrs(exec: Exec, directory: AbsPath): Promise<XattrsByPath | undefined> {
  const options = ["--format=pax", "--xattrs", "--xattrs-include=*", "--hard-dereference", "--ignore-failed-read"];
  try {
    const argv = ["tar", "--create", ...options, `--directory=${directory}`, "--file=-", "."] as const;
    const { stdout } = await exec(argv, { timeoutMs: TOOL_TIMEOUT_MS, accept: [TAR_RACE_STATUS] });
    const found = new Map<ByteString, Xattrs>();
    const parser = new TarParser({
      entry({ path, metadata }) {
        const carried = carriedOf(metadata);
        if (carried.size > 0) found.set(formatTreePath(path), carried);
        return undefined;
      },
    });
    parser.write(stdout);
    parser.end();
    return found;
  } catch (error) {
    if (error instanceof CodedError) return undefined; // no GNU tar, or what only it understands
    throw error;
  }
}

function carriedOf({ xattrs }: Pick<Metadata, "xattrs">): Xattrs {
  return xattrs.size === 0 ? NO_XATTRS : new Map([...xattrs].filter(([name]) => isCarried(name)));
}

/** The tree with what was read of it. */
export function withXattrs(tree: PlainDirectory, xattrs: XattrsByPath): PlainDirectory {
  const annotate = (node: PlainNode, path: TreePath): PlainNode => {
    const metadata = { ...node.metadata, xattrs: xattrs.get(formatTreePath(path)) ?? NO_XATTRS };
    return node.kind === "directory" ? annotateDirectory(node, path) : { ...node, metadata };
  };
  const annotateDirectory = (node: PlainDirectory, path: TreePath): PlainDirectory => ({
    ...node,
    metadata: { ...node.metadata, xattrs: xattrs.get(formatTreePath(path)) ?? NO_XATTRS },
    entries: new Map([...node.entries].map(([name, child]) => [name, annotate(child, [...path, name])])),
  });
  return xattrs.size === 0 ? tree : annotateDirectory(tree, []);
}

/**
 * Whether a tree on disk has what it can have of the attributes of `wanted`, and no others; but for `security.*`, which
 * policies of the kernel add to as they like.
 */
export function hasXattrs(wanted: PlainDirectory, found: XattrsByPath, isRoot: boolean): boolean {
  return [...nodesOf(wanted)].every(({ node, path }) => {
    if (node.kind !== "file" && node.kind !== "directory") return true;
    const [want, have] = [node.metadata.xattrs, found.get(formatTreePath(path)) ?? NO_XATTRS];
    const wantedHere = [...want.keys()].filter((name) => isRoot || !name.startsWith(SECURITY_PREFIX));
    const others = [...have.keys()].filter((name) => !name.startsWith(SECURITY_PREFIX));
    return [...wantedHere, ...others].every((name) => isSameXattr(name, want.get(name), have.get(name)));
  });
}

/**
 * Sets the extended attributes of a tree that was just written to `destination`; modes and times stay as they are. Not
 * durable: the caller syncs.
 * @returns the files that did not get all of theirs, by path below `label`
 * @throws HostError
 */
export async function writeXattrs(
  engine: Pick<Engine, "exec" | "paths" | "isRoot">,
  tree: PlainDirectory,
  destination: AbsPath,
  label: string,
): Promise<readonly NotApplied[]> {
  const entries = [...nodesOf(tree)].flatMap(({ node, path }) => entryOf(engine, node, path));
  const wanted = entries.filter(({ metadata }) => metadata.xattrs.size > 0);
  if (wanted.length === 0) return [];
  // Directories on the way are in it too: cp sets the mode of each that it passes.
  const isOnTheWay = ({ path }: XattrEntry) =>
    wanted.some((one) => path.every((name, depth) => one.path[depth] === name));
  const chosen = entries.filter((entry) => wanted.includes(entry) || (entry.kind === "directory" && isOnTheWay(entry)));
  await copyAttributes(engine, chosen, destination);
  for (const { path, kind, metadata } of chosen.toReversed()) {
    const file = path.reduce(joinBytes, Buffer.from(destination));
    chmodSync(file, modeOnDisk(metadata.mode, kind, engine.isRoot)); // a list has a mode of its own in it
    lutimesSync(file, metadata.mtimeSeconds, metadata.mtimeSeconds);
  }
  const found = await readXattrs(engine.exec, destination);
  return wanted
    .filter(({ path, metadata }) => !hasAll(metadata.xattrs, found?.get(formatTreePath(path))))
    .map(({ path }) => ({ path: [label, ...path.map(displayBytes)].join("/"), what: "xattrs" as const }));
}

function hasAll(wanted: Xattrs, found: Xattrs = NO_XATTRS): boolean {
  return [...wanted].every(([name, value]) => isSameXattr(name, value, found.get(name)));
}

async function copyAttributes(
  { exec, paths }: Pick<Engine, "exec" | "paths">,
  entries: readonly XattrEntry[],
  destination: AbsPath,
): Promise<void> {
  const skeleton = below(engineDirectory(paths), "staging", "xattrs");
  try {
    rmSync(skeleton, { recursive: true, force: true });
    mkdirSync(skeleton, { recursive: true, mode: 0o700 });
    const options = ["--xattrs", "--xattrs-include=*", "--preserve-permissions", "--numeric-owner"];
    await exec(["tar", "--extract", ...options, `--directory=${skeleton}`, "--file=-"], {
      timeoutMs: TOOL_TIMEOUT_MS,
      stdin: formatXattrArchive(entries),
    });
    await exec(["cp", "--archive", "--attributes-only", `${skeleton}/.`, destination], { timeoutMs: TOOL_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof CodedError)) throw error; // what is missing now is found when it is read back
  } finally {
    rmSync(skeleton, { recursive: true, force: true });
  }
}

/** Files and directories, parents before what they hold. */
function* nodesOf(
  node: PlainNode,
  path: TreePath = [],
): Generator<{ readonly node: PlainNode; readonly path: TreePath }> {
  yield { node, path };
  if (node.kind !== "directory") return;
  for (const [name, child] of node.entries) yield* nodesOf(child, [...path, name]);
}

function entryOf({ isRoot }: Pick<Engine, "isRoot">, node: PlainNode, path: TreePath): readonly XattrEntry[] {
  if (node.kind !== "file" && node.kind !== "directory") return [];
  const { uid, gid, mode } = node.metadata;
  const owner = isRoot ? { uid, gid } : { uid: process.getuid?.() ?? uid, gid: process.getgid?.() ?? gid };
  const own = { mode: modeOnDisk(mode, node.kind, isRoot), xattrs: carriedOf(node.metadata) };
  return [{ kind: node.kind, path, metadata: { ...node.metadata, ...owner, ...own } }];
}
