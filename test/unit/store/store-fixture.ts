/**
 * Images for the store's tests: layers of a few files, the composefs image of the tree that they make, and a release
 * that pins both. Signing belongs to other rooms' tests, so the release is made up here.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { onTestFinished } from "vitest";
import type { Target } from "../../../src/bundle/statement.ts";
import type { VerifiedRelease } from "../../../src/bundle/verify-release.ts";
import { formatImageDigest, type ImageDigest } from "../../../src/composefs/image-digest.ts";
import { objectsSizeBytes } from "../../../src/composefs/image-objects.ts";
import { verityOf } from "../../../src/composefs/verity.ts";
import { writeImage } from "../../../src/composefs/write-image.ts";
import { CodedError } from "../../../src/error.ts";
import type { Exec } from "../../../src/host/exec.ts";
import { type Digest, digestOf } from "../../../src/oci/digest.ts";
import type { LayoutReader } from "../../../src/oci/layout.ts";
import { type AbsPath, type ByteString, toAbsPath, utf8ToByteString } from "../../../src/path.ts";
import {
  DEFAULT_STORE_LIMITS,
  type ObjectStore,
  type ObjectStoreOptions,
  openObjectStore,
  type StoreLimits,
} from "../../../src/store/object-store.ts";
import type { ContentDigest, DirectoryNode, FileContent, TreeNode } from "../../../src/tree/node.ts";
import { MAX_INLINE_BYTES } from "../../../src/tree/node.ts";
import { memoryLayout } from "../../support/lying-layout.ts";
import { buildTar, compressFixture, type FixtureCompression, type FixtureEntry } from "../../support/oci-fixtures.ts";

export type Files = Readonly<Record<string, Uint8Array | string>>;
/** Content may also be claimed: digest and size of what nobody has. */
export type TreeFiles = Readonly<Record<string, Uint8Array | string | FileContent>>;

export interface ReleaseFixture {
  readonly target: Target;
  readonly release: VerifiedRelease;
  readonly medium: LayoutReader;
  readonly root: DirectoryNode;
  readonly image: Buffer;
  readonly imageDigest: ImageDigest;
  readonly blobs: readonly Buffer[];
  readonly treeBlob: Digest;
  readonly manifestBlob: Digest;
  readonly configBlob: Digest;
  /** Bottom first. */
  readonly layerBlobs: readonly Digest[];
}

export interface ReleaseFixtureOptions {
  /** What the tree shows; what the layers hold, upper over lower, unless given. */
  readonly tree?: TreeFiles;
  readonly compression?: FixtureCompression;
  readonly objectsSize?: number;
  readonly composefs?: ImageDigest;
  /** Entries that go before the files of the first layer. */
  readonly extraEntries?: readonly FixtureEntry[];
  /** A whole blob instead of the packed first layer. */
  readonly layerBytes?: Buffer;
  readonly layerMediaType?: string;
  readonly treeBytes?: Buffer;
  /** What the config of the image says; the target is for amd64. */
  readonly architecture?: string;
  /** More members of the image's config, and annotations of its manifest. */
  readonly config?: object;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The medium gives its blobs in chunks of this size. */
  readonly chunkBytes?: number;
}

const LAYER_TYPE: Readonly<Record<FixtureCompression, string>> = {
  none: "application/vnd.oci.image.layer.v1.tar",
  gzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  zstd: "application/vnd.oci.image.layer.v1.tar+zstd",
};

/** A release of one target whose image has these layers, on a medium of its own. */
export async function releaseFixture(
  layers: readonly Files[],
  options: ReleaseFixtureOptions = {},
): Promise<ReleaseFixture> {
  const compression = options.compression ?? "gzip";
  const layerBlobs: Buffer[] = [];
  for (const [index, files] of layers.entries()) {
    const extra = index === 0 ? (options.extraEntries ?? []) : [];
    const entries = Object.entries(files).map(([name, content]) => ({ name, content }));
    const packed = compressFixture(await buildTar([...extra, ...entries]), compression);
    layerBlobs.push(index === 0 ? (options.layerBytes ?? packed) : packed);
  }
  const mediaType = options.layerMediaType ?? LAYER_TYPE[compression];
  const config = Buffer.from(
    JSON.stringify({
      architecture: options.architecture ?? "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: layerBlobs.map((blob) => digestOf(blob)) },
      ...options.config,
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      config: descriptor("application/vnd.oci.image.config.v1+json", config),
      layers: layerBlobs.map((blob) => descriptor(mediaType, blob)),
      ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
    }),
  );
  const root = treeOf(options.tree ?? Object.assign({}, ...layers));
  const image = writeImage(root);
  const treeBlob = options.treeBytes ?? gzipSync(image);
  const imageDigest = formatImageDigest(verityOf(image));
  const blobs = [treeBlob, manifest, config, ...layerBlobs];
  const target: Target = {
    compatible: "acme-kiosk-v2",
    architecture: "amd64",
    devices: null,
    image: { ...descriptor("", manifest), mediaType: "application/vnd.oci.image.manifest.v1+json" },
    apps: [],
    tree: {
      composefs: options.composefs ?? imageDigest,
      image: { ...descriptor("", treeBlob), mediaType: "application/vnd.bootferry.composefs.v1+gzip" },
      objectsSize: options.objectsSize ?? objectsSizeBytes(root),
    },
  };
  const release = {
    statement: { name: "kiosk-os", version: "1", sequence: 1, targets: [target] },
    payloadDigest: digestOf("statement"),
  } as unknown as VerifiedRelease;
  return {
    target,
    release,
    medium: memoryLayout(blobs, options.chunkBytes),
    root,
    image,
    imageDigest,
    blobs,
    treeBlob: digestOf(treeBlob),
    manifestBlob: digestOf(manifest),
    configBlob: digestOf(config),
    layerBlobs: layerBlobs.map((blob) => digestOf(blob)),
  };
}

function descriptor(mediaType: string, bytes: Buffer) {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

const METADATA = { mode: 0o644, uid: 0, gid: 0, mtimeSeconds: 1_700_000_000, xattrs: new Map() };

/** A tree with these files, by path. */
export function treeOf(files: TreeFiles): DirectoryNode {
  const root = new Map<ByteString, TreeNode>();
  for (const [path, content] of Object.entries(files)) {
    const names = path.split("/");
    const last = names.pop() ?? "";
    let entries = root;
    for (const name of names) entries = subdirectory(entries, utf8ToByteString(name));
    entries.set(utf8ToByteString(last), { kind: "file", metadata: METADATA, content: contentOf(content) });
  }
  return { kind: "directory", metadata: { ...METADATA, mode: 0o755 }, entries: root };
}

function subdirectory(entries: Map<ByteString, TreeNode>, name: ByteString): Map<ByteString, TreeNode> {
  const found = entries.get(name);
  if (found?.kind === "directory") return found.entries as Map<ByteString, TreeNode>;
  const made = new Map<ByteString, TreeNode>();
  entries.set(name, { kind: "directory", metadata: { ...METADATA, mode: 0o755 }, entries: made });
  return made;
}

export function contentOf(content: Uint8Array | string | FileContent): FileContent {
  if (typeof content !== "string" && !(content instanceof Uint8Array)) return content;
  const bytes = Buffer.from(content);
  if (bytes.length <= MAX_INLINE_BYTES) return { kind: "inline", bytes };
  return { kind: "object", digest: verityOf(bytes), sizeBytes: bytes.length };
}

/** Content that does not compress and differs from seed to seed. */
export function noise(seed: string, sizeBytes: number): Buffer {
  return createHash("shake256", { outputLength: sizeBytes }).update(seed).digest();
}

/** As {@link noise}, stored in the same directory of objects/ as `neighbour`. */
export function noiseBeside(neighbour: Uint8Array, seed: string, sizeBytes: number): Buffer {
  const prefix = verityOf(neighbour).slice(0, 2);
  for (let attempt = 0; ; attempt++) {
    const content = noise(`${seed} ${attempt}`, sizeBytes);
    if (verityOf(content).startsWith(prefix)) return content;
  }
}

/** A directory of the running test's own, removed after it. */
export function scratchDirectory(): AbsPath {
  const directory = mkdtempSync(join(tmpdir(), "bootferry-store-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return toAbsPath(directory);
}

/** What is on its way into the store, or was left on it. */
export function inStaging(store: ObjectStore): readonly string[] {
  return existsSync(store.stagingDirectory) ? readdirSync(store.stagingDirectory) : [];
}

/** Every file of the store in `directory` with the digest of its content: what must be equal after a recovery. */
export function listing(directory: string): Record<string, ContentDigest> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name !== "store.lock",
  );
  const named = files.map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return [path.slice(directory.length + 1), verityOf(readFileSync(path))] as const;
  });
  return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** An Exec that runs nothing and says that it worked; `calls` records what was asked for. */
export function recordingExec(): Exec & { readonly calls: (readonly string[])[] } {
  const calls: (readonly string[])[] = [];
  const exec: Exec = async (argv) => {
    calls.push(argv);
    return { exitCode: 0, stdout: Buffer.alloc(0), stderrTail: "" };
  };
  return Object.assign(exec, { calls });
}

/** Larger content than this is streamed in tests. */
export const MAX_BUFFERED_BYTES = 4096;
const TEST_LIMITS: StoreLimits = { ...DEFAULT_STORE_LIMITS, maxBufferedBytes: MAX_BUFFERED_BYTES };

/** A store in a directory of the running test's own, without seals. */
export function openTestStore(
  directory: AbsPath = scratchDirectory(),
  options: Partial<ObjectStoreOptions> = {},
): Promise<ObjectStore> {
  return openObjectStore(directory, { exec: recordingExec(), fsVerity: "off", limits: TEST_LIMITS, ...options });
}

/** The code that `action` fails with. */
export async function codeOf(action: () => unknown): Promise<string | undefined> {
  try {
    await action();
  } catch (error) {
    return error instanceof CodedError ? error.code : String(error);
  }
  return undefined;
}
