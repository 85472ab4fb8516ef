/**
 * Media that are wrong in one place, and a device to insert them into.
 *
 * The device is a simulated one whose first release is confirmed. Whatever is inserted, all that may change on it is
 * what the agent remembers (its state directory, and the second copy of its trust) and what is gone with the next boot (`run/`).
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { expect } from "vitest";
import { type BuiltImage, json, pin } from "../../bundle-format/vectors/source/image.ts";
import { MediumDraft } from "../../bundle-format/vectors/source/medium-draft.ts";
import {
  CONTEXT,
  envelopeOf,
  NAME,
  ROOT_DRAFTS,
  rootEnvelope,
  statementOf,
} from "../../bundle-format/vectors/source/parts.ts";
import type { TestKeyName } from "../../bundle-format/vectors/source/test-keys.ts";
import type { VectorFiles } from "../../bundle-format/vectors/source/vector.ts";
import { trustStateFiles } from "../../src/agent/trust-memory.ts";
import type { Statement } from "../../src/bundle/statement.ts";
import { contentDigesters } from "../../src/composefs/content-digester.ts";
import { formatImageDigest } from "../../src/composefs/image-digest.ts";
import { objectsSizeBytes } from "../../src/composefs/image-objects.ts";
import { verityOf } from "../../src/composefs/verity.ts";
import { writeImage } from "../../src/composefs/write-image.ts";
import { type DevicePaths, simulatedDevicePaths } from "../../src/config/device-paths.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { MEDIA_TYPE } from "../../src/oci/media-type.ts";
import { toAbsPath } from "../../src/path.ts";
import { canonicalTree } from "../../src/tree/canonical-tree.ts";
import { LayerMerge } from "../../src/tree/layer-merge.ts";
import type { DirectoryNode } from "../../src/tree/node.ts";
import { TarParser } from "../../src/tree/tar-parser.ts";
import { INITIAL_TRUST_STATE } from "../../src/trust/state.ts";
import { writeTrustCopies } from "../../src/trust/state-copies.ts";
import { type LayerBlob, TAR } from "../hostile-layers/hostile-layer.ts";
import { layOutFiles } from "../unit/bundle/vector-reader.ts";
import type { CliRun } from "./cli.ts";
import { runInProcess } from "./cli-in-process.ts";
import { buildTar, type FixtureEntry } from "./oci-fixtures.ts";
import { readDisk } from "./power-cut.ts";

/** What an image of the given version holds: a kernel that can be booted, and a large file that each version changes. */
export function rootFiles(version: string): readonly FixtureEntry[] {
  return [
    { name: "etc/hostname", content: "kiosk\n" },
    { name: "usr/lib/app", content: `version ${version}\n`.padEnd(20_000, version) },
    { name: "usr/lib/modules/6.12/vmlinuz", content: `kernel of ${version}\n`.repeat(20) },
    { name: "usr/lib/modules/6.12/initramfs.img", content: `initramfs of ${version}\n`.repeat(20) },
  ];
}

/** The tree that archives make when they are merged. */
export function treeOf(tars: readonly Buffer[]): DirectoryNode {
  const merge = new LayerMerge(contentDigesters());
  for (const tar of tars) {
    const layer = merge.openLayer();
    const parser = new TarParser(layer);
    parser.write(tar);
    parser.end();
    layer.close();
  }
  return canonicalTree(merge.finish());
}

export interface BadImage {
  readonly layers: readonly LayerBlob[];
  /** Not what the layers make, if need be. */
  readonly tree: DirectoryNode;
  /** The blob of the tree, in place of an honest one. */
  readonly treeBlob?: (image: Buffer) => LayerBlob;
  readonly objectsSize?: (honest: number) => number;
}

/** An image as it stands on a medium, lies and all: every digest is right, so that it can be signed. */
export function buildBadImage({ layers, tree: root, treeBlob, objectsSize = (it) => it }: BadImage): BuiltImage {
  const diffIds = layers.map(({ bytes }) => digestOf(bytes)); // only the workstation looks at them
  const config = json({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: diffIds } });
  const manifest = json({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: { mediaType: MEDIA_TYPE.config, ...pin(config) },
    layers: layers.map(({ mediaType, bytes }) => ({ mediaType, ...pin(bytes) })),
  });
  const image = writeImage(root);
  const compressed = treeBlob?.(image) ?? {
    mediaType: "application/vnd.bootferry.composefs.v1+zstd",
    bytes: zstdCompressSync(image),
  };
  return {
    blobs: [...layers.map(({ bytes }) => bytes), config, manifest, compressed.bytes],
    manifest: { mediaType: MEDIA_TYPE.manifest, ...pin(manifest) },
    config: pin(config),
    layers: layers.map(({ bytes }) => pin(bytes)),
    tree: {
      composefs: formatImageDigest(verityOf(image)),
      image: { ...pin(compressed.bytes), mediaType: compressed.mediaType as BuiltImage["tree"]["image"]["mediaType"] },
      objectsSize: objectsSize(objectsSizeBytes(root)),
    },
  };
}

/** An honest image of two layers. */
export async function honestImage(version: string): Promise<BuiltImage> {
  const [app, ...others] = rootFiles(version).toReversed();
  const tars = await Promise.all([others.toReversed(), app === undefined ? [] : [app]].map(buildTar));
  return buildBadImage({ layers: tars.map((bytes) => ({ mediaType: TAR, bytes })), tree: treeOf(tars) });
}

export interface Parts {
  readonly medium: MediumDraft;
  readonly image: BuiltImage;
  readonly statement: Statement;
  readonly envelope: Buffer;
}

/** A medium with one signed release on it: sequence 42, which follows the device's 41. */
export async function mediumOf(
  image: BuiltImage,
  overrides: Partial<Statement> = {},
  signers: readonly TestKeyName[] = ["release-a"],
): Promise<Parts> {
  const statement = statementOf(image, overrides);
  const envelope = await envelopeOf(statement, signers);
  const medium = new MediumDraft().addImage(image, statement);
  medium.addRelease(envelope, statement);
  return { medium, image, statement, envelope };
}

/** A medium with the release under another envelope. */
export function withEnvelope({ image, statement }: Omit<Parts, "medium">, envelope: Buffer): MediumDraft {
  const medium = new MediumDraft().addImage(image, statement);
  medium.addRelease(envelope, statement);
  return medium;
}

export interface Refusal {
  readonly code: string | undefined;
  readonly exitStatus: number | null;
  readonly hasRemedy: boolean;
}

/** What a run said on stderr. */
export function refusalOf({ exitStatus, stderr }: CliRun): Refusal {
  const code = /^error: .* \[([A-Z_]+)\]$/m.exec(stderr)?.[1];
  return { code, exitStatus, hasRemedy: /^help: \S.{10}/m.test(stderr) };
}

/** Path → what is there, to the inode: a file that was written anew with the same bytes shows. */
export function snapshotOf(directory: string, isIgnored: (path: string) => boolean = () => false) {
  const entries = [...readDisk(directory)].filter(([path]) => !isIgnored(path));
  const describe = (content: string) => createHash("sha256").update(content, "latin1").digest("hex");
  return Object.fromEntries(
    entries.map(([path, { kind, mode, inode, content }]) => [
      path,
      `${kind} ${mode.toString(8)} ${inode} ${describe(content)}`,
    ]),
  );
}

/** What the agent may have left in its state directory: the journal, what it remembers, the statement it was about, receipts. */
const MEMORIES = [
  ...["device.key", "history.jsonl", "journal.json", "receipt-head.json"],
  ...["receipts.jsonl", "receipts.jsonl.1", "release.dsse.json", "trust.json", "verdicts.json"],
];

export interface InsertOptions {
  readonly root?: keyof typeof ROOT_DRAFTS;
  readonly compatible?: string;
  readonly architecture?: string;
  /** The newest signed time that the device has confirmed. */
  readonly timeFloorUtc?: string;
}

/** A device on which release 41 is confirmed, in a directory of its own with the media that are inserted into it. */
export class BadInputDevice implements Disposable {
  readonly directory: string;
  readonly paths: DevicePaths;
  #media = 0;
  #temporary: string | undefined;

  constructor(directory: string) {
    this.directory = directory;
    this.paths = simulatedDevicePaths(toAbsPath(join(directory, "device")));
    this.#temporary = process.env["TMPDIR"];
    process.env["TMPDIR"] = join(directory, "tmp"); // so that what is left there is seen
    mkdirSync(join(directory, "tmp"));
  }

  /** @returns its directory, relative to the device's */
  layOut(medium: MediumDraft | VectorFiles): string {
    const name = `medium-${this.#media++}`;
    mkdirSync(join(this.directory, name));
    const files = medium instanceof MediumDraft ? medium.files() : medium;
    layOutFiles(files, toAbsPath(join(this.directory, name)));
    return name;
  }

  run(...args: readonly string[]): Promise<CliRun> {
    return runInProcess(this.directory, args);
  }

  insert(name: string, ...args: readonly string[]): Promise<CliRun> {
    return this.run(...this.insertion(name, ...args));
  }

  insertion(name: string, ...args: readonly string[]): readonly string[] {
    return ["agent", "run", "--sysroot", "device", "--medium", name, ...args];
  }

  /** All that must not change. */
  snapshot() {
    const { stateDirectory, sysroot } = this.paths;
    const ours = [stateDirectory, trustStateFiles(this.paths).second].map((path) => relative(sysroot, path));
    // A directory of objects/ (there are 256 at most) stays when its objects are gone.
    const isIgnored = (path: string) =>
      [...ours, "run"].some((it) => path === it || path.startsWith(`${it}/`)) || /^bootferry\/objects\/..$/.test(path);
    return snapshotOf(sysroot, isIgnored);
  }

  /** Runs `attempt`; afterwards the device is as it was, and only its memory has grown. */
  async staysAsItIs<T>(attempt: () => Promise<T>): Promise<T> {
    const before = this.snapshot();
    const result = await attempt();
    expect(this.snapshot()).toEqual(before);
    expect(readdirSync(join(this.paths.sysroot, "bootferry/staging"))).toEqual([]);
    expect(readdirSync(join(this.directory, "tmp"))).toEqual([]);
    expect(MEMORIES).toEqual(expect.arrayContaining(readdirSync(this.paths.stateDirectory)));
    return result;
  }

  /** Inserts a medium: it is refused with this code, the medium is not written to, and the device stays as it is. */
  async refuses(medium: MediumDraft | VectorFiles, code: string, exitStatus: number, ...args: string[]): Promise<void> {
    const name = this.layOut(medium);
    const before = snapshotOf(join(this.directory, name));
    const run = await this.staysAsItIs(() => this.insert(name, ...args));
    expect(refusalOf(run), run.stderr).toEqual({ code, exitStatus, hasRemedy: true });
    expect(snapshotOf(join(this.directory, name))).toEqual(before);
    rmSync(join(this.directory, name), { recursive: true });
  }

  /** Forgets what happened, as if nothing had ever been inserted, and trusts another root. */
  async reset({ root = "single", timeFloorUtc }: InsertOptions = {}): Promise<void> {
    rmSync(this.paths.stateDirectory, { recursive: true, force: true });
    mkdirSync(this.paths.stateDirectory);
    const trust = trustStateFiles(this.paths);
    rmSync(trust.second, { force: true });
    if (timeFloorUtc !== undefined) writeTrustCopies(trust, { ...INITIAL_TRUST_STATE, timeFloorUtc });
    const draft = ROOT_DRAFTS[root];
    if (draft === undefined) throw new Error(`no root ${root}`);
    const [deployment = ""] = readdirSync(join(this.paths.sysroot, "bootferry/deploy"));
    const file = join(this.paths.sysroot, "bootferry/deploy", deployment, "etc/bootferry/root.json");
    writeFileSync(file, await rootEnvelope(draft.draft, draft.signers));
  }

  [Symbol.dispose](): void {
    if (this.#temporary === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = this.#temporary;
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** An agent.toml of a device. */
export function agentToml(options: InsertOptions = {}): string {
  const { compatible = CONTEXT.device.compatible, architecture = "amd64" } = options;
  const device = `[device]\ncompatible = "${compatible}"\narchitecture = "${architecture}"\n`;
  return `${device}[follow]\nname = "${NAME}"\n[store]\nfs-verity = "off"\n`;
}

/** Provisions a device with release 41 and boots it. */
export async function openBadInputDevice(): Promise<BadInputDevice> {
  const device = new BadInputDevice(mkdtempSync(join(tmpdir(), "bad-input-")));
  const { medium } = await mediumOf(await honestImage("41"), { version: "41.0.0", sequence: 41 });
  const stick = device.layOut(medium);
  const { draft, signers } = ROOT_DRAFTS["single"] ?? { draft: undefined, signers: [] };
  if (draft === undefined) throw new Error("there is no root to trust");
  writeFileSync(join(device.directory, "root.json"), await rootEnvelope(draft, signers));
  writeFileSync(join(device.directory, "agent.toml"), agentToml());
  const provision = ["--medium", stick, "--trust-root", "root.json", "--agent-config", "agent.toml"];
  for (const args of [
    ["install", "to-filesystem", "device", ...provision],
    ["simulate-boot", "--sysroot", "device"],
  ]) {
    const run = await device.run("os", ...args);
    if (run.exitStatus !== 0) throw new Error(run.stderr);
  }
  // The first run makes what every run needs: the lock files and the state directory.
  const first = await device.run("agent", "run", "--sysroot", "device");
  if (first.exitStatus !== 0 || !existsSync(device.paths.stateDirectory)) throw new Error(first.stderr);
  return device;
}
