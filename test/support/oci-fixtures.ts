/**
 * Small OCI layouts for tests, from entries in memory: written by tar-stream and node:zlib, not by the code under test.
 */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type Header, pack } from "tar-stream";

export type FixtureEntry =
  | (EntryMetadata & { readonly type?: "file"; readonly content?: string | Uint8Array })
  | (EntryMetadata & { readonly type: "directory" })
  | (EntryMetadata & { readonly type: "symlink" | "link"; readonly linkname: string })
  | (EntryMetadata & {
      readonly type: "character-device" | "block-device";
      readonly major: number;
      readonly minor: number;
    })
  | (EntryMetadata & { readonly type: "fifo" });

interface EntryMetadata {
  /** As it stands in the tar: `usr/bin/sh`, or what a hostile one would say. */
  readonly name: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtimeSeconds?: number;
  /** PAX records, for example `SCHILY.xattr.user.x`. */
  readonly pax?: Readonly<Record<string, string>>;
}

export type FixtureCompression = "none" | "gzip" | "zstd";

export interface FixtureLayer {
  readonly entries: readonly FixtureEntry[];
  readonly compression?: FixtureCompression;
}

export interface FixtureImage {
  readonly layers: readonly FixtureLayer[];
  readonly architecture?: string;
  readonly variant?: string;
  readonly os?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Of the manifest. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of the config; RFC 3339. */
  readonly created?: string;
  /** The config says where each layer is from, which bootc wants to see. */
  readonly hasHistory?: boolean;
  /** Replaces the diff_ids that the layers have, for images that lie. */
  readonly diffIds?: readonly string[];
}

/** Images under one tag; several of them (or `index: true`) stand in an image index. */
export interface FixtureTag {
  readonly tag?: string;
  readonly images: readonly FixtureImage[];
  readonly index?: boolean;
}

export interface FixtureDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const FIXTURE_MTIME_SECONDS = 1_700_000_000;

const LAYER_TYPE: Readonly<Record<FixtureCompression, string>> = {
  none: "application/vnd.oci.image.layer.v1.tar",
  gzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  zstd: "application/vnd.oci.image.layer.v1.tar+zstd",
};
const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
const INDEX_TYPE = "application/vnd.oci.image.index.v1+json";
const CONFIG_TYPE = "application/vnd.oci.image.config.v1+json";

/** A tar archive of `entries`, in their order. */
export async function buildTar(entries: readonly FixtureEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const entry of entries) {
    const content = entry.type === undefined || entry.type === "file" ? Buffer.from(contentOf(entry)) : Buffer.alloc(0);
    archive.entry(headerOf(entry, content.length), content);
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function contentOf(entry: FixtureEntry): Uint8Array {
  const content = "content" in entry ? (entry.content ?? "") : "";
  return typeof content === "string" ? Buffer.from(content) : content;
}

function headerOf(entry: FixtureEntry, size: number): Partial<Header> & Pick<Header, "name"> {
  const isDirectory = entry.type === "directory";
  return {
    name: entry.name,
    type: entry.type ?? "file",
    size,
    mode: entry.mode ?? (isDirectory ? 0o755 : 0o644),
    uid: entry.uid ?? 0,
    gid: entry.gid ?? 0,
    mtime: new Date((entry.mtimeSeconds ?? FIXTURE_MTIME_SECONDS) * 1000),
    ...("linkname" in entry ? { linkname: entry.linkname } : {}),
    ...("major" in entry ? { devmajor: entry.major, devminor: entry.minor } : {}),
    ...(entry.pax === undefined ? {} : { pax: { ...entry.pax } }),
  };
}

export function compressFixture(bytes: Uint8Array, compression: FixtureCompression): Buffer {
  switch (compression) {
    case "none":
      return Buffer.from(bytes);
    case "gzip":
      return gzipSync(bytes);
    case "zstd":
      return zstdCompressSync(bytes);
  }
}

export function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/**
 * Writes a whole layout into `directory`.
 * @returns the descriptors of its index.json
 */
export async function writeOciLayout(
  directory: string,
  tags: readonly FixtureTag[],
): Promise<readonly FixtureDescriptor[]> {
  mkdirSync(join(directory, "blobs", "sha256"), { recursive: true });
  const manifests: FixtureDescriptor[] = [];
  for (const { tag, images, index } of tags) {
    const written: FixtureDescriptor[] = [];
    for (const image of images) written.push(await writeImage(directory, image));
    const entries =
      (index ?? images.length > 1)
        ? [writeJsonBlob(directory, INDEX_TYPE, { schemaVersion: 2, mediaType: INDEX_TYPE, manifests: written })]
        : written;
    const annotations = tag === undefined ? {} : { annotations: { "org.opencontainers.image.ref.name": tag } };
    manifests.push(...entries.map((entry) => ({ ...entry, ...annotations })));
  }
  writeFileSync(join(directory, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(directory, "index.json"), JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests }));
  return manifests;
}

/** Writes a blob of `directory` under its digest. */
export function writeBlob(directory: string, mediaType: string, bytes: Uint8Array): FixtureDescriptor {
  const digest = sha256(bytes);
  writeFileSync(join(directory, "blobs", "sha256", digest.slice("sha256:".length)), bytes);
  return { mediaType, digest, size: bytes.length };
}

function writeJsonBlob(directory: string, mediaType: string, value: unknown): FixtureDescriptor {
  return writeBlob(directory, mediaType, Buffer.from(JSON.stringify(value)));
}

async function writeImage(directory: string, image: FixtureImage): Promise<FixtureDescriptor> {
  const layers: FixtureDescriptor[] = [];
  const diffIds: string[] = [];
  for (const { entries, compression = "gzip" } of image.layers) {
    const tar = await buildTar(entries);
    diffIds.push(sha256(tar));
    layers.push(writeBlob(directory, LAYER_TYPE[compression], compressFixture(tar, compression)));
  }
  const architecture = image.architecture ?? "amd64";
  const os = image.os ?? "linux";
  const variant = image.variant === undefined ? {} : { variant: image.variant };
  const config = writeJsonBlob(directory, CONFIG_TYPE, {
    architecture,
    os,
    ...variant,
    config: { Labels: image.labels ?? {} },
    rootfs: { type: "layers", diff_ids: image.diffIds ?? diffIds },
    ...(image.created === undefined ? {} : { created: image.created }),
    ...(image.hasHistory === true ? { history: layers.map((_, index) => ({ created_by: `layer ${index}` })) } : {}),
  });
  const annotations = image.annotations === undefined ? {} : { annotations: image.annotations };
  const manifest = { schemaVersion: 2, mediaType: MANIFEST_TYPE, config, layers, ...annotations };
  return { ...writeJsonBlob(directory, MANIFEST_TYPE, manifest), platform: { architecture, os, ...variant } };
}

/** A root file system in miniature that a native device could boot: kernel, initramfs, os-release, a shell's name. */
export function miniatureRoot(options: { readonly version?: string } = {}): readonly FixtureEntry[] {
  const version = options.version ?? "1";
  return [
    { name: "boot/", type: "directory" },
    { name: "etc/", type: "directory" },
    { name: "etc/hostname", content: "kiosk\n" },
    { name: "sysroot/", type: "directory" },
    { name: "usr/", type: "directory" },
    { name: "usr/bin/", type: "directory" },
    { name: "usr/bin/bootferry", mode: 0o755, content: "#!stand-in for the agent\n" },
    { name: "usr/bin/sh", mode: 0o755, content: `#!stand-in for a shell\n${"x".repeat(5000)}` },
    { name: "usr/lib/", type: "directory" },
    { name: "usr/lib/os-release", content: `ID=fixture\nVERSION_ID=${version}\n` },
    { name: "usr/lib/modules/", type: "directory" },
    { name: "usr/lib/modules/6.12.0-fixture/", type: "directory" },
    {
      name: "usr/lib/modules/6.12.0-fixture/vmlinuz",
      content: `stand-in for a kernel, release ${version}\n${"k".repeat(9000)}`,
    },
    { name: "usr/lib/modules/6.12.0-fixture/initramfs.img", content: `stand-in for an initramfs\n${"i".repeat(7000)}` },
    { name: "bin", type: "symlink", linkname: "usr/bin" },
    { name: "var/", type: "directory" },
  ];
}
