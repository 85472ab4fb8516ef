/**
 * The first deployment of a device, from a stored image: the one that needs no predecessor and is good from the start,
 * since a person stands beside it.
 *
 * Order as ever: /var, apps into their storage there, then the deployment with its /etc, kernel, entry. Until the entry is there it can be repeated.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { entriesDirectory } from "../../boot/entry-files.ts";
import { hostError } from "../../host/error.ts";
import { type AbsPath, type ByteString, below, type RelPath, utf8ToByteString } from "../../path.ts";
import type { StoredTree } from "../../store/ingest.ts";
import { discardCopies } from "../apps/app-copies.ts";
import { loadApps } from "../apps/load-apps.ts";
import { DeployError } from "../error.ts";
import type { ImageReference } from "../host-status.ts";
import type { ActivationReport, NotApplied } from "../port.ts";
import { type Engine, sweepAndRead, syncEngine } from "./engine.ts";
import { activationEntry } from "./entries.ts";
import { findKernel, publishKernel } from "./kernel.ts";
import { deployDirectory, engineDirectory, UNFINISHED, varDirectory } from "./layout.ts";
import { NO_XATTRS } from "./merge-xattrs.ts";
import {
  fileFingerprint,
  imageDirectory,
  type PlainDirectory,
  type PlainMetadata,
  type PlainNode,
} from "./plain-tree.ts";
import { readSnapshot } from "./snapshot.ts";
import { makeOrigin, publishDeployment } from "./stage.ts";
import { writePlainTree } from "./write-plain-tree.ts";
import { writeXattrs } from "./xattrs.ts";

/** A file by its bytes, or a symbolic link by its target. */
export type EtcFile = Uint8Array | { readonly link: string };

export interface InstallOptions {
  /** What this device's /etc gets besides the files of the image, such as `bootferry/agent.toml`. */
  readonly etcFiles: ReadonlyMap<RelPath, EtcFile>;
  /** Kernel arguments of this machine, each checked by `parseKarg`. */
  readonly kargs: readonly string[];
  readonly imageReference?: ImageReference;
}

const PROVISIONED_FILE_MODE = 0o644;
const PROVISIONED_DIRECTORY_MODE = 0o755;

/** True when there are deployments or entries of ours already. */
export function isInstalled({ paths, loader }: Pick<Engine, "paths" | "loader">): boolean {
  const { deployments, damaged, entries } = readSnapshot(paths, loader);
  return deployments.length > 0 || damaged.length > 0 || entries.length > 0;
}

/**
 * @throws DeployError DEPLOY_ALREADY_INSTALLED, DEPLOY_NO_KERNEL, DEPLOY_SEVERAL_KERNELS, DEPLOY_KARGS_INVALID,
 *   DEPLOY_BOOT_NO_SPACE; StoreError; HostError
 */
export async function installDeployment(
  engine: Engine,
  image: StoredTree,
  options: InstallOptions,
): Promise<Omit<ActivationReport, "conflicts">> {
  if (isInstalled(engine)) {
    throw new DeployError("DEPLOY_ALREADY_INSTALLED", `${engine.paths.sysroot} holds deployments already`);
  }
  const { paths, store, isRoot } = engine;
  for (const directory of [deployDirectory(paths), entriesDirectory(paths.boot)]) makeDirectory(directory);
  await sweepAndRead(engine);
  const origin = makeOrigin(engine, image, options.kargs, 1, options);
  const notApplied: NotApplied[] = [...(await seedVar(engine, image))];
  await loadApps(engine.apps, origin.apps);
  const etc = withFiles(imageDirectory(image.root, "etc"), options.etcFiles);
  await publishDeployment(engine, origin, async (directory) => {
    const destination = below(directory, "etc");
    notApplied.push(...writePlainTree(etc, destination, { store, isRoot, label: "/etc" }));
    notApplied.push(...(await writeXattrs(engine, etc, destination, "/etc")));
  });
  await publishKernel(engine, findKernel(image.root), origin.kernel.bootChecksum);
  await engine.loader.arm(activationEntry(origin), undefined);
  discardCopies(engine.apps.directory);
  return { id: origin.id, notApplied };
}

/** /var is seeded from the image once, when there is none, and never again: it is the device's own from then on. */
async function seedVar(engine: Engine, image: StoredTree): Promise<readonly NotApplied[]> {
  const { paths, store, isRoot } = engine;
  const destination = varDirectory(paths);
  if (existsSync(destination)) return [];
  const unfinished = below(engineDirectory(paths), `var${UNFINISHED}`);
  try {
    rmSync(unfinished, { recursive: true, force: true });
    const tree = imageDirectory(image.root, "var");
    const notApplied = writePlainTree(tree, unfinished, { store, isRoot, label: "/var" });
    const withoutXattrs = await writeXattrs(engine, tree, unfinished, "/var");
    await syncEngine(engine);
    renameSync(unfinished, destination);
    await syncEngine(engine);
    return [...notApplied, ...withoutXattrs];
  } catch (error) {
    throw hostError(error, `making ${destination}`);
  }
}

/** The tree with files added or replaced; directories on the way are made. A file in the way of a directory gives way. */
function withFiles(tree: PlainDirectory, files: ReadonlyMap<RelPath, EtcFile>): PlainDirectory {
  let result = tree;
  for (const [path, file] of files) result = withFile(result, path.split("/").map(utf8ToByteString), file);
  return result;
}

function withFile(directory: PlainDirectory, path: readonly ByteString[], file: EtcFile): PlainDirectory {
  const [name, ...rest] = path;
  if (name === undefined) return directory;
  const old = directory.entries.get(name);
  const child: PlainNode =
    rest.length > 0
      ? withFile(old?.kind === "directory" ? old : emptyDirectory(directory), rest, file)
      : leafOf(file, { ...directory.metadata, xattrs: NO_XATTRS });
  return { ...directory, entries: new Map([...directory.entries, [name, child]]) };
}

function leafOf(file: EtcFile, metadata: PlainMetadata): PlainNode {
  if ("link" in file) {
    return { kind: "symlink", metadata, fingerprint: `symlink ${file.link}`, target: utf8ToByteString(file.link) };
  }
  return {
    kind: "file",
    metadata: { ...metadata, mode: PROVISIONED_FILE_MODE },
    fingerprint: fileFingerprint(file),
    content: { from: "memory", bytes: file },
  };
}

function emptyDirectory({ metadata }: PlainDirectory): PlainDirectory {
  const own = { ...metadata, xattrs: NO_XATTRS, mode: PROVISIONED_DIRECTORY_MODE };
  return { kind: "directory", metadata: own, entries: new Map() };
}

function makeDirectory(path: AbsPath): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw hostError(error, `making ${path}`);
  }
}
