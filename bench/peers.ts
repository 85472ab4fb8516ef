/** The other programs: how each is asked to do what ours does, or the nearest to it that it has. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Contestant } from "./measure.ts";

/** `skopeo copy` from layout to layout: every blob read, hashed and written, nothing unpacked. */
export function skopeoCopy(layout: string, scratch: string): Contestant {
  const out = join(scratch, "skopeo");
  return {
    name: "skopeo copy",
    prepare() {
      rmSync(out, { recursive: true, force: true });
      const argv = [
        "skopeo",
        "--insecure-policy",
        "copy",
        "--quiet",
        `oci:${layout}:latest`,
        `oci:${out}:latest`,
      ] as const;
      return { argv, syncDirectory: scratch };
    },
    cleanUp: () => rmSync(out, { recursive: true }),
  };
}

/** `umoci unpack` as root: gunzip, hash, unpack with owners and attributes, then an mtree manifest of the result. */
export function umociUnpack(layout: string, scratch: string): Contestant {
  const out = join(scratch, "umoci");
  return {
    name: "umoci unpack",
    prepare() {
      rmSync(out, { recursive: true, force: true });
      return { argv: ["umoci", "unpack", "--image", `${layout}:latest`, out], syncDirectory: scratch };
    },
    cleanUp: () => rmSync(out, { recursive: true }),
  };
}

/** GNU tar and gzip over the image's layers, without any check. */
export function tarUnzip(layout: string, scratch: string): Contestant {
  const out = join(scratch, "tar");
  const unpack = layerFiles(layout).map(
    (file) => `tar -C "$0" -xzpf "${file}" --numeric-owner --xattrs --xattrs-include='*'`,
  );
  return {
    name: "tar -xz",
    prepare() {
      rmSync(out, { recursive: true, force: true });
      mkdirSync(out);
      return { argv: ["sh", "-ec", unpack.join("\n"), out], syncDirectory: scratch };
    },
    cleanUp: () => rmSync(out, { recursive: true }),
  };
}

/** `openssl dgst` over every blob of a layout. */
export function opensslDigest(layout: string): Contestant {
  const blobs = join(layout, "blobs", "sha256");
  return {
    name: "openssl dgst -sha256",
    prepare: () => ({ argv: ["openssl", "dgst", "-sha256", ...readdirSync(blobs).map((name) => join(blobs, name))] }),
  };
}

/** The layer blobs of a layout made by the set-up: one manifest, the tag `latest`. */
function layerFiles(layout: string): string[] {
  const blob = (digest: string) => join(layout, "blobs", digest.replace(":", "/"));
  const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
  const manifest = JSON.parse(readFileSync(blob(index.manifests[0].digest), "utf8"));
  return manifest.layers.map((layer: { digest: string }) => blob(layer.digest));
}
