/** Object packs for tests, written by the text of spec.md, section 10, and not by the code under test. */
import { zstdCompressSync } from "node:zlib";
import { verityOf } from "../../src/composefs/verity.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";

const PACK_LAYER_BYTES = 2 ** 27;

export interface PackFixture {
  readonly manifest: Buffer;
  readonly list: Buffer;
  readonly contents: readonly Buffer[];
  /** All of them. */
  readonly blobs: readonly Buffer[];
  /** The index.json that names it. */
  readonly index: Buffer;
}

export interface PackFixtureOptions {
  readonly subject: { readonly mediaType: string; readonly digest: string; readonly size: number };
  /** The composefs digest of the tree that the pack is for. */
  readonly tree: string;
  readonly base?: {
    readonly name?: string;
    readonly version?: string;
    readonly payloadDigest?: Digest;
    readonly tree?: string;
  };
  readonly files: readonly (Uint8Array | string)[];
  /** What becomes of the lines of the list. */
  readonly changeLines?: (lines: readonly string[]) => readonly string[];
  /** Replaces what all contents together inflate to. */
  readonly changeContent?: (content: Buffer) => Buffer;
  readonly changeManifest?: (manifest: Record<string, unknown>) => unknown;
}

/** A pack of the contents of `files`. */
export function packFixture(options: PackFixtureOptions): PackFixture {
  const { subject, tree, base = {}, files } = options;
  const objects = new Map(files.map((file) => [verityOf(Buffer.from(file)) as string, Buffer.from(file)]));
  const sorted = [...objects].sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = [
    "bootferry-objects 1",
    `tree ${tree}`,
    `base ${base.name ?? "kiosk-os"} ${base.version ?? "42.3.0"} 41 ${base.payloadDigest ?? digestOf("base")} ${base.tree ?? `v1-sha256-12:${"0".repeat(64)}`}`,
    ...sorted.map(([digest, bytes]) => `${digest} ${bytes.length}`),
  ];
  const list = Buffer.from((options.changeLines?.(lines) ?? lines).map((line) => `${line}\n`).join(""));
  const plain = Buffer.concat(sorted.map(([, bytes]) => bytes));
  const content = options.changeContent?.(plain) ?? plain;
  const contents: Buffer[] = [];
  for (let at = 0; at < content.length; at += PACK_LAYER_BYTES)
    contents.push(zstdCompressSync(content.subarray(at, at + PACK_LAYER_BYTES)));
  const empty = Buffer.from("{}");
  const plainManifest = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    artifactType: "application/vnd.bootferry.objects.v1",
    config: describe("application/vnd.oci.empty.v1+json", empty),
    layers: [
      describe("application/vnd.bootferry.objects.list.v1", list),
      ...contents.map((blob) => describe("application/vnd.bootferry.objects.content.v1+zstd", blob)),
    ],
    subject,
  };
  const manifest = Buffer.from(JSON.stringify(options.changeManifest?.(plainManifest) ?? plainManifest));
  return { manifest, list, contents, blobs: [manifest, list, empty, ...contents], index: indexOf([manifest]) };
}

/** An index.json that names artifacts of packs. */
export function indexOf(manifests: readonly Buffer[]): Buffer {
  const artifactType = "application/vnd.bootferry.objects.v1";
  const entries = manifests.map((bytes) => ({
    ...describe("application/vnd.oci.image.manifest.v1+json", bytes),
    artifactType,
  }));
  return Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: entries }));
}

function describe(mediaType: string, bytes: Buffer): { mediaType: string; digest: Digest; size: number } {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}
