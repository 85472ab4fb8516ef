/**
 * Simulated devices for tests: images made from a few named files, put into a store by hand, deployed by the code under
 * test. `sync` is no child process here, so that a test can look at what would be on disk at each barrier.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { blsValue, blsValues, parseBlsEntry } from "../../src/boot/bls-entry.ts";
import { entriesDirectory } from "../../src/boot/entry-files.ts";
import { formatImageDigest, type ImageDigest, imageDigestHex } from "../../src/composefs/image-digest.ts";
import { imageObjects } from "../../src/composefs/image-objects.ts";
import { readImage } from "../../src/composefs/read-image.ts";
import { verityOf } from "../../src/composefs/verity.ts";
import { writeImage } from "../../src/composefs/write-image.ts";
import { type DevicePaths, simulatedDevicePaths } from "../../src/config/device-paths.ts";
import { makeEngine, openNativeBackend } from "../../src/deploy/native/backend.ts";
import { parseCommandLine } from "../../src/deploy/native/command-line.ts";
import { type DeploymentFiles, openBootedFiles } from "../../src/deploy/native/deployment-files.ts";
import type { Engine } from "../../src/deploy/native/engine.ts";
import { type InstallOptions, installDeployment } from "../../src/deploy/native/install.ts";
import { simulateReboot } from "../../src/deploy/native/simulated-machine.ts";
import type { DeployBackend } from "../../src/deploy/port.ts";
import { fixedClock } from "../../src/host/clock.ts";
import type { Exec } from "../../src/host/exec.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { type AbsPath, type ByteString, below, parseAbsPath, utf8ToByteString } from "../../src/path.ts";
import type { StoredTree } from "../../src/store/ingest.ts";
import { type ObjectStore, openObjectStore } from "../../src/store/object-store.ts";
import {
  type DirectoryNode,
  type FileContent,
  MAX_INLINE_BYTES,
  type Metadata,
  type TreeNode,
} from "../../src/tree/node.ts";

/** A path → its content; `{link}` is a symlink, `{mode, text}` a file with another mode than 0644. */
export type FileSpec =
  | string
  | { readonly link: string }
  | { readonly text: string; readonly mode: number; readonly xattrs?: Readonly<Record<string, string>> };
export type ImageSpec = Readonly<Record<string, FileSpec>>;

const METADATA: Metadata = { mode: 0o644, uid: 0, gid: 0, mtimeSeconds: 1_700_000_000, xattrs: new Map() };

/** The least that an image needs to be deployed: kernel and initramfs, longer than what stands in the metadata. */
export function bootable(version: string, files: ImageSpec = {}): ImageSpec {
  return {
    [`usr/lib/modules/${version}/vmlinuz`]: `kernel ${version} `.repeat(10),
    [`usr/lib/modules/${version}/initramfs.img`]: `initramfs ${version} `.repeat(10),
    "etc/hostname": "kiosk\n",
    "var/lib/seed": "from the image\n",
    ...files,
  };
}

/** A tree in memory; contents over 64 bytes are handed to `putObject`. */
function treeOf(spec: ImageSpec, putObject: (content: Buffer) => void = () => undefined): DirectoryNode {
  const root = new Map<ByteString, TreeNode>();
  for (const [path, file] of Object.entries(spec)) {
    const names = path.split("/").map(utf8ToByteString);
    const name = names.pop();
    if (name !== undefined) directoryAt(root, names).set(name, nodeOf(file, putObject));
  }
  return { kind: "directory", metadata: { ...METADATA, mode: 0o755 }, entries: root };
}

function directoryAt(root: Map<ByteString, TreeNode>, names: readonly ByteString[]): Map<ByteString, TreeNode> {
  let entries = root;
  for (const name of names) {
    const known = entries.get(name);
    const next = known?.kind === "directory" ? (known.entries as Map<ByteString, TreeNode>) : new Map();
    if (known === undefined) {
      entries.set(name, { kind: "directory", metadata: { ...METADATA, mode: 0o755 }, entries: next });
    }
    entries = next;
  }
  return entries;
}

function nodeOf(file: FileSpec, putObject: (content: Buffer) => void): TreeNode {
  if (typeof file !== "string" && "link" in file) {
    return { kind: "symlink", metadata: { ...METADATA, mode: 0o777 }, target: utf8ToByteString(file.link) };
  }
  const [text, mode] = typeof file === "string" ? [file, METADATA.mode] : [file.text, file.mode];
  const named = typeof file === "string" ? {} : (file.xattrs ?? {});
  const xattrs = new Map(Object.entries(named).map(([name, value]) => [utf8ToByteString(name), Buffer.from(value)]));
  return { kind: "file", metadata: { ...METADATA, mode, xattrs }, content: contentOf(Buffer.from(text), putObject) };
}

function contentOf(bytes: Buffer, putObject: (content: Buffer) => void): FileContent {
  if (bytes.length <= MAX_INLINE_BYTES) return { kind: "inline", bytes };
  putObject(bytes);
  return { kind: "object", digest: verityOf(bytes), sizeBytes: bytes.length };
}

/** Puts an image into a store as an ingest would leave it. */
export function storeImage(store: ObjectStore, spec: ImageSpec, version: string, sequence = 1): StoredTree {
  const root = treeOf(spec, (content) => put(store.objectFile(verityOf(content)), content));
  const bytes = writeImage(root);
  const imageDigest = formatImageDigest(verityOf(bytes));
  put(store.imageFile(imageDigest), bytes);
  return {
    kind: "tree",
    imageDigest,
    imageFile: store.imageFile(imageDigest),
    root: readImage(bytes),
    manifestDigest: digestOf(`manifest ${version}`),
    payloadDigest: digestOf(`payload ${version}`),
    release: { name: "kiosk-os", version, sequence },
    compatible: "acme-kiosk",
    architecture: "amd64",
    apps: [],
    isSealed: false,
    writtenBytes: 0,
  } as unknown as StoredTree; // the brand belongs to ingestRelease; these tests start behind it
}

function put(path: AbsPath, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

/** An Exec on which nothing can be run but `sync -f PATH`, and tar, which finds no extended attributes anywhere. */
export function execWithSync(onSync: (path: AbsPath) => void = () => undefined): Exec {
  return async ([tool, , path]) => {
    if (tool === "tar") return { exitCode: 0, stdout: Buffer.alloc(0), stderrTail: "" };
    if (tool !== "sync" || path === undefined) throw new Error(`the test expected no ${tool}`);
    onSync(parseAbsPath(path));
    return { exitCode: 0, stdout: Buffer.alloc(0), stderrTail: "" };
  };
}

export interface TestDevice extends Disposable {
  readonly paths: DevicePaths;
  readonly store: ObjectStore;
  readonly engine: Engine;
  readonly backend: DeployBackend;
  /** Presses the power button. */
  boot(): string;
  /** Names of the entry files, sorted. */
  entryFiles(): readonly string[];
}

let boots = 0;

/** A device over a directory, an own one unless given. Nothing is installed on it. */
export async function openTestDevice(options: { sysroot?: AbsPath; exec?: Exec } = {}): Promise<TestDevice> {
  const sysroot = options.sysroot ?? parseAbsPath(mkdtempSync(`${tmpdir()}/device-`));
  const paths = simulatedDevicePaths(sysroot);
  const exec = options.exec ?? execWithSync();
  mkdirSync(paths.boot, { recursive: true });
  const store = await openObjectStore(below(sysroot, "bootferry"), { exec, fsVerity: "off" });
  const engineOptions = { paths, store, exec, clock: fixedClock(1_800_000_000), isRoot: false };
  return {
    paths,
    store,
    engine: makeEngine(engineOptions),
    backend: openNativeBackend(engineOptions),
    boot: () => simulateReboot(paths, `00000000-0000-4000-8000-${String(boots++).padStart(12, "0")}`).fileName,
    entryFiles: () => readdirSync(entriesDirectory(paths.boot)).sort(),
    [Symbol.dispose]: () => rmSync(sysroot, { recursive: true, force: true }),
  };
}

/** Installs an image as the first deployment and boots it. */
export async function installAndBoot(
  device: TestDevice,
  spec: ImageSpec,
  options: Partial<InstallOptions> = {},
): Promise<void> {
  const image = storeImage(device.store, spec, "1.0", 1);
  await installDeployment(device.engine, image, { etcFiles: new Map(), kargs: [], ...options });
  device.boot();
}

export function openDeploymentFilesOfBooted({ paths, store, engine }: TestDevice): DeploymentFiles {
  return openBootedFiles(paths, store, engine.loader);
}

/** What is wrong with the deployment that an entry boots; empty when it is complete, to the last object. */
export function problemsOf(paths: DevicePaths, store: ObjectStore, entryText: string): readonly string[] {
  const entry = parseBlsEntry(entryText);
  const { id, imageDigest } = parseCommandLine(blsValues(entry, "options").flatMap((text) => text.split(" ")));
  if (id === undefined || imageDigest === undefined) return ["the entry names no deployment"];
  const directory = below(paths.sysroot, "bootferry", "deploy", id);
  const problems: string[] = [];
  const image = readOr(store.imageFile(imageDigest));
  if (image === undefined || verityOf(image) !== imageDigestHex(imageDigest)) return [`image of ${id} is damaged`];
  for (const [digest, sizeBytes] of imageObjects(readImage(image))) {
    const object = readOr(store.objectFile(digest));
    if (object?.length !== sizeBytes || verityOf(object) !== digest) problems.push(`object ${digest} is damaged`);
  }
  for (const key of ["linux", "initrd"] as const)
    problems.push(...kernelProblems(paths, entry, key, imageDigest, store));
  const origin = readOr(below(directory, "origin.json"))?.toString();
  if (origin === undefined || !origin.endsWith("}\n") || !origin.includes(id)) problems.push(`${id} has no origin`);
  if (readOr(below(directory, "etc", "hostname"))?.length === undefined) problems.push(`${id} has no /etc`);
  if (readOr(below(directory, "etc", "hostname"))?.length === 0) problems.push(`/etc of ${id} lost its contents`);
  return problems;
}

function kernelProblems(
  paths: DevicePaths,
  entry: ReturnType<typeof parseBlsEntry>,
  key: "linux" | "initrd",
  imageDigest: ImageDigest,
  store: ObjectStore,
): readonly string[] {
  const found = readOr(below(paths.boot, blsValue(entry, key) ?? "nothing"));
  const name = key === "linux" ? "vmlinuz" : "initramfs.img";
  const expected = [...imageObjects(readImage(readFileSync(store.imageFile(imageDigest)))).keys()];
  if (found !== undefined && expected.includes(verityOf(found))) return [];
  return [`${name} on the boot partition is not that of the image`];
}

function readOr(path: AbsPath): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined; // whatever is in the way, the file is not what it should be
  }
}
