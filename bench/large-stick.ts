/** A stick as large as those of real fleets: the Debian image and an app of 3 GiB that cannot be compressed. */
import { createHash, randomFillSync } from "node:crypto";
import { closeSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { run } from "./measure.ts";
import { bootferry, createArguments, type Signing } from "./ours.ts";

const APP_BYTES = 3 * 2 ** 30;
const CHUNK_BYTES = 64 << 20;

/** Makes the stick below `scratch` and gives its directory. */
export async function makeLargeStick(layout: string, scratch: string, signing: Signing): Promise<string> {
  const stick = join(scratch, "large-stick");
  mkdirSync(stick);
  const app = join(scratch, "app");
  writeAppLayout(app);
  await run(bootferry(...createArguments(layout, stick, 1, signing), "--app", `bench/app:1=oci:${app}:latest`));
  await run(["rm", "-rf", app]);
  return stick;
}

/** An OCI layout of one image whose one layer is random bytes: nothing reads it as a tar. */
function writeAppLayout(layout: string): void {
  const blobs = join(layout, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  const document = (mediaType: string, value: unknown, extra = {}) => {
    const bytes = Buffer.from(JSON.stringify(value));
    const hex = createHash("sha256").update(bytes).digest("hex");
    writeFileSync(join(blobs, hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length, ...extra };
  };
  const digest = `sha256:${writeRandomBlob(blobs)}`;
  const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar", digest, size: APP_BYTES };
  const config = document("application/vnd.oci.image.config.v1+json", {
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [digest] },
  });
  const manifest = document(
    "application/vnd.oci.image.manifest.v1+json",
    { schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", config, layers: [layer] },
    { annotations: { "org.opencontainers.image.ref.name": "latest" } },
  );
  writeFileSync(join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
  writeFileSync(join(layout, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
}

/** Gives the sha256 of the blob, which is its name. */
function writeRandomBlob(blobs: string): string {
  const hash = createHash("sha256");
  const chunk = randomFillSync(Buffer.alloc(CHUNK_BYTES));
  const file = openSync(join(blobs, "new"), "w");
  for (let written = 0; written < APP_BYTES; written += CHUNK_BYTES) {
    chunk.writeUInt32LE(written / CHUNK_BYTES); // each chunk another one
    hash.update(chunk);
    writeSync(file, chunk);
  }
  closeSync(file);
  const hex = hash.digest("hex");
  renameSync(join(blobs, "new"), join(blobs, hex));
  return hex;
}
