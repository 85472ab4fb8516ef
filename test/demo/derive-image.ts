/** Adds layers on top of an image of an OCI layout, as a container build would: blobs shared, config and manifest new. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildTar, compressFixture, type FixtureEntry, sha256, writeBlob } from "../support/oci-fixtures.ts";

interface DerivedIndexEntry {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

const REF_NAME = "org.opencontainers.image.ref.name";
const LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip";

/**
 * Copies `source` to `target` and puts one image there under the tag `latest`: `layers` on top of the first image of `source`.
 * @returns the digest of the topmost layer
 */
export async function deriveImage(
  source: string,
  target: string,
  layers: readonly (readonly FixtureEntry[])[],
): Promise<string> {
  let topmost = "";
  mkdirSync(target, { recursive: true });
  cpSync(source, target, { recursive: true });
  const index = readJson<{ manifests: DerivedIndexEntry[] }>(join(target, "index.json"));
  const base = index.manifests[0];
  if (base === undefined) throw new Error(`${source} holds no image`);
  const manifest = readBlob<{ config: { digest: string }; layers: unknown[] }>(target, base.digest);
  if (manifest.layers === undefined) throw new Error(`the first entry of ${source} is no image manifest`);
  const config = readBlob<{ rootfs: { diff_ids: string[] }; history?: unknown[] }>(target, manifest.config.digest);
  for (const entries of layers) {
    const tar = await buildTar(entries);
    const layer = writeBlob(target, LAYER_TYPE, compressFixture(tar, "gzip"));
    topmost = layer.digest;
    manifest.layers.push(layer);
    config.rootfs.diff_ids.push(sha256(tar));
    config.history?.push({ created_by: "demo" });
  }
  const configType = "application/vnd.oci.image.config.v1+json";
  manifest.config = writeBlob(target, configType, Buffer.from(JSON.stringify(config)));
  const derived = writeBlob(target, base.mediaType, Buffer.from(JSON.stringify(manifest)));
  const entry = { ...base, ...derived, annotations: { ...base.annotations, [REF_NAME]: "latest" } };
  writeFileSync(join(target, "index.json"), JSON.stringify({ ...index, manifests: [entry] }));
  return topmost;
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, "utf8"));
}

function readBlob<T>(directory: string, digest: string): T {
  return readJson(join(directory, "blobs", "sha256", digest.slice("sha256:".length)));
}
