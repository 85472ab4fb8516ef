/** The operating system image of the vectors: two small layers, a config, a manifest, and its composefs image. */
import { zstdCompressSync } from "node:zlib";
import { pack } from "tar-stream";
import type { Target, Tree } from "../../../src/bundle/statement.ts";
import { contentDigesters } from "../../../src/composefs/content-digester.ts";
import { formatImageDigest } from "../../../src/composefs/image-digest.ts";
import { objectsSizeBytes } from "../../../src/composefs/image-objects.ts";
import { verityOf } from "../../../src/composefs/verity.ts";
import { writeImage } from "../../../src/composefs/write-image.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { MEDIA_TYPE } from "../../../src/oci/media-type.ts";
import type { PinnedContent } from "../../../src/oci/verified-blob.ts";
import { canonicalTree } from "../../../src/tree/canonical-tree.ts";
import { LayerMerge } from "../../../src/tree/layer-merge.ts";
import { TarParser } from "../../../src/tree/tar-parser.ts";

export const CREATED_AT = "2026-11-20T10:00:00Z";
const CREATED = new Date(CREATED_AT);
const TAR = "application/vnd.oci.image.layer.v1.tar";

export interface ImageDraft {
  readonly version: string;
  readonly architecture?: string;
  /** Of the second layer. */
  readonly layerType?: string;
}

export interface BuiltImage {
  readonly blobs: readonly Buffer[];
  readonly manifest: Target["image"];
  readonly config: PinnedContent;
  readonly layers: readonly PinnedContent[];
  readonly tree: Tree;
}

export async function buildImage({
  version,
  architecture = "amd64",
  layerType = TAR,
}: ImageDraft): Promise<BuiltImage> {
  const layers = [
    await tarOf({ "usr/lib/os-release": `ID=kiosk\nVERSION_ID=${version}\n` }),
    await tarOf({ "usr/lib/modules/6.12.0-test/vmlinuz": `stand-in for a kernel, release ${version}\n`.repeat(3) }),
  ];
  const config = json({
    architecture,
    os: "linux",
    created: CREATED_AT,
    config: { Labels: { "org.opencontainers.image.version": version } },
    rootfs: { type: "layers", diff_ids: layers.map(digestOf) },
    history: layers.map(() => ({ created: CREATED_AT, created_by: "bootferry test vectors" })),
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: { mediaType: MEDIA_TYPE.config, ...pin(config) },
    layers: layers.map((layer, index) => ({ mediaType: index === 1 ? layerType : TAR, ...pin(layer) })),
    annotations: { "org.opencontainers.image.version": version },
  });
  const { treeImage, tree } = await buildTree(layers);
  return {
    blobs: [...layers, config, manifest, treeImage],
    manifest: { mediaType: MEDIA_TYPE.manifest, ...pin(manifest) },
    config: pin(config),
    layers: layers.map(pin),
    tree,
  };
}

export function pin(bytes: Buffer): PinnedContent {
  return { digest: digestOf(bytes), size: bytes.length };
}

export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

async function tarOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name, mode: 0o644, mtime: CREATED }, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function buildTree(layers: readonly Buffer[]): Promise<{ treeImage: Buffer; tree: Tree }> {
  const merge = new LayerMerge(contentDigesters());
  for (const bytes of layers) {
    const layer = merge.openLayer();
    const parser = new TarParser(layer);
    parser.write(bytes);
    parser.end();
    layer.close();
  }
  const root = canonicalTree(merge.finish());
  const image = writeImage(root);
  const treeImage = zstdCompressSync(image);
  const mediaType = "application/vnd.bootferry.composefs.v1+zstd";
  const composefs = formatImageDigest(verityOf(image));
  return {
    treeImage,
    tree: { composefs, image: { mediaType, ...pin(treeImage) }, objectsSize: objectsSizeBytes(root) },
  };
}
