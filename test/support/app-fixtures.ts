/** Container images that belong to a release, in memory: what a statement says of them, and their blobs. */
import type { Target } from "../../src/bundle/statement.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { buildTar, compressFixture } from "./oci-fixtures.ts";

export interface AppFixture {
  readonly app: Target["apps"][number];
  /** The layers come last: one that all apps share, and its own. */
  readonly blobs: readonly Buffer[];
}

/** @param text tells the contents of one version from the next */
export async function appFixture(name: string, text = name): Promise<AppFixture> {
  const layers: Buffer[] = [];
  for (const content of ["a base that all apps share ".repeat(20), text.repeat(100)]) {
    layers.push(compressFixture(await buildTar([{ name: "file", content }]), "gzip"));
  }
  const config = Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: layers.map((layer) => digestOf(layer)) },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      config: descriptor("application/vnd.oci.image.config.v1+json", config),
      layers: layers.map((layer) => descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer)),
    }),
  );
  const image = descriptor("application/vnd.oci.image.manifest.v1+json" as const, manifest);
  return { app: { name, image }, blobs: [manifest, config, ...layers] };
}

function descriptor<MediaType extends string>(mediaType: MediaType, bytes: Buffer) {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}
