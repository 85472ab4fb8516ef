/**
 * The images of the scenarios, as OCI layouts with the tag `latest`: the guest tree that setup.sh made is the base, and
 * every variant is a small layer on top of it.
 */
import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { deriveImage } from "../../demo/derive-image.ts";
import { type FixtureEntry, writeBlob } from "../../support/oci-fixtures.ts";
import { CACHE, cached, stampOf } from "./cache.ts";
import { tool } from "./tool.ts";

export const GUEST_TREE = join(CACHE, "guest");

export interface ImageVariant {
  readonly name: string;
  readonly entries: readonly FixtureEntry[];
  /** More layers above that one, bottom first. */
  readonly layersAbove?: readonly (readonly FixtureEntry[])[];
}

export interface MadeImage {
  readonly layout: string;
  /** What it was made of. */
  readonly key: string;
}

const LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+zstd";
const CONFIG_TYPE = "application/vnd.oci.image.config.v1+json";
const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

/** The directory of the guest's kernel, below the tree: `usr/lib/modules/KVER`. */
export function kernelDirectory(): string {
  const [version] = readdirSync(join(GUEST_TREE, "usr/lib/modules"));
  return `usr/lib/modules/${version}`;
}

/** The guest tree as an image of one layer. */
export async function baseImage(): Promise<MadeImage> {
  const key = stampOf("guest");
  return { key, layout: await cached("image-base", key, writeBase) };
}

/** The base with a layer on top. */
export async function image(variant: ImageVariant): Promise<MadeImage> {
  const base = await baseImage();
  const key = `${base.key} ${hashOf(variant)}`;
  const layout = await cached(`image-${variant.name}`, key, async (directory) => {
    await deriveImage(base.layout, directory, layersOf(variant));
  });
  return { key, layout };
}

function layersOf({ entries, layersAbove = [] }: ImageVariant): readonly (readonly FixtureEntry[])[] {
  return [entries, ...layersAbove];
}

/** Names what is in a variant; contents may be large. */
function hashOf(variant: ImageVariant): string {
  const hash = createHash("sha256");
  for (const entry of layersOf(variant).flat()) {
    const content = "content" in entry ? (entry.content ?? "") : "";
    hash.update(JSON.stringify({ ...entry, content: "" })).update(content);
  }
  return hash.digest("hex");
}

async function writeBase(directory: string): Promise<void> {
  const blobs = join(directory, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  const tar = join(directory, "layer.tar");
  const mounts = ["proc", "sys", "dev", "run"].map((name) => `--exclude=./${name}/*`);
  tool(
    "tar",
    "-C",
    GUEST_TREE,
    "--format=pax",
    "--pax-option=delete=atime,delete=ctime",
    "--sort=name",
    "--numeric-owner",
    "--xattrs",
    "--xattrs-include=*",
    ...mounts,
    "-cf",
    tar,
    ".",
  );
  const diffId = await digestOf(tar);
  tool("zstd", "-q", "-3", "-T0", "--rm", tar, "-o", `${tar}.zst`);
  const digest = await digestOf(`${tar}.zst`);
  const layer = { mediaType: LAYER_TYPE, digest, size: statSync(`${tar}.zst`).size };
  renameSync(`${tar}.zst`, join(blobs, digest.slice("sha256:".length)));
  const json = (type: string, value: unknown) => writeBlob(directory, type, Buffer.from(JSON.stringify(value)));
  const platform = { architecture: "amd64", os: "linux" };
  const config = json(CONFIG_TYPE, { ...platform, config: {}, rootfs: { type: "layers", diff_ids: [diffId] } });
  const manifest = json(MANIFEST_TYPE, { schemaVersion: 2, mediaType: MANIFEST_TYPE, config, layers: [layer] });
  const entry = { ...manifest, platform, annotations: { "org.opencontainers.image.ref.name": "latest" } };
  writeFileSync(join(directory, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(directory, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return `sha256:${hash.digest("hex")}`;
}
