/** A real image for the store: packed by GNU tar, laid out on disk, with the tree that our own merge makes of it. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Target } from "../../src/bundle/statement.ts";
import type { VerifiedRelease } from "../../src/bundle/verify-release.ts";
import { contentDigesters } from "../../src/composefs/content-digester.ts";
import { formatImageDigest } from "../../src/composefs/image-digest.ts";
import { objectsSizeBytes } from "../../src/composefs/image-objects.ts";
import { verityOf } from "../../src/composefs/verity.ts";
import { writeImage } from "../../src/composefs/write-image.ts";
import { digestHex, digestOf } from "../../src/oci/digest.ts";
import { canonicalTree } from "../../src/tree/canonical-tree.ts";
import { LayerMerge } from "../../src/tree/layer-merge.ts";
import { TarParser } from "../../src/tree/tar-parser.ts";

export interface PackedRelease {
  readonly target: Target;
  readonly release: VerifiedRelease;
}

/** Packs each directory of `layers` as a layer with tar and gzip, and lays the image out in `layout`. */
export function packRelease(layers: readonly string[], layout: string): PackedRelease {
  const blobs = join(layout, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  const write = <MediaType extends string>(mediaType: MediaType, bytes: Buffer) => {
    const digest = digestOf(bytes);
    writeFileSync(join(blobs, digestHex(digest)), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const merge = new LayerMerge(contentDigesters());
  const packed = layers.map((directory) => {
    const tar = execFileSync("tar", ["-C", directory, "--format=gnu", "-cf", "-", "."], { maxBuffer: 1 << 30 });
    const layer = merge.openLayer();
    const parser = new TarParser(layer);
    parser.write(tar);
    parser.end();
    layer.close();
    return write(
      "application/vnd.oci.image.layer.v1.tar+gzip",
      execFileSync("gzip", ["-1"], { input: tar, maxBuffer: 1 << 30 }),
    );
  });
  const root = canonicalTree(merge.finish());
  const image = writeImage(root);
  const config = write("application/vnd.oci.image.config.v1+json", imageConfig(packed.map(({ digest }) => digest)));
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers: packed }));
  const target: Target = {
    compatible: "acme-kiosk-v2",
    architecture: "amd64",
    devices: null,
    image: write("application/vnd.oci.image.manifest.v1+json", manifest),
    apps: [],
    tree: {
      composefs: formatImageDigest(verityOf(image)),
      image: write("application/vnd.bootferry.composefs.v1+gzip", gzipSync(image)),
      objectsSize: objectsSizeBytes(root),
    },
  };
  const statement = { name: "kiosk-os", version: "1", sequence: 1, targets: [target] };
  return { target, release: { statement, payloadDigest: digestOf("statement") } as unknown as VerifiedRelease };
}

function imageConfig(diffIds: readonly string[]): Buffer {
  const rootfs = { type: "layers", diff_ids: diffIds };
  return Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", rootfs }));
}
