/**
 * Layers made to harm, through whole commands: for each code that hostile layers end with, one of them is given to
 * `release create`, which leaves the medium as it was; and bombs are given to a device. What a device makes of every
 * one of them is in hostile-layers.test.ts.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testKey } from "../../bundle-format/vectors/source/test-keys.ts";
import { formatPrivateKeyPem } from "../../src/trust/keys.ts";
import { HOSTILE_LAYERS } from "../hostile-layers/corpus.ts";
import { evil, type LayerBlob, TAR, TARGET } from "../hostile-layers/hostile-layer.ts";
import {
  type BadInputDevice,
  buildBadImage,
  mediumOf,
  openBadInputDevice,
  refusalOf,
  rootFiles,
  snapshotOf,
  treeOf,
} from "../support/bad-media.ts";
import { buildTar, sha256, writeBlob } from "../support/oci-fixtures.ts";
import { archive, base256, GNU, header } from "../unit/tree/tar-bytes.ts";

let device: BadInputDevice;
let honest: Buffer;
let withAbsent: Buffer;

beforeAll(async () => {
  device = await openBadInputDevice();
  honest = await buildTar(rootFiles("42"));
  // The tree asks for one file more than the layers hold, so that a device reads them to their ends.
  withAbsent = await buildTar([{ name: "usr/lib/absent", content: "in no layer ".repeat(20) }]);
  mkdirSync(join(device.directory, "stick"));
  writeFileSync(join(device.directory, "release.key"), formatPrivateKeyPem(testKey("release-a")));
});
afterAll(() => device[Symbol.dispose]());

const layer = (bytes: Buffer): LayerBlob => ({ mediaType: TAR, bytes });

it("a device keeps nothing of a hostile layer that it has read after honest ones", async () => {
  const hostile = archive(evil(TARGET));
  const noise = await buildTar([{ name: "usr/lib/large", content: largeContent() }]);
  const tree = treeOf([honest, noise, withAbsent]);
  // Read from the last to the first: what the last one held was published before the first one was opened.
  const { medium } = await mediumOf(buildBadImage({ layers: [layer(hostile), layer(honest), layer(noise)], tree }));
  await device.refuses(medium, "TREE_NAME_ABSOLUTE", 1);
});

/** Over 64 MiB, after which a store publishes what it has so far. */
function largeContent(): Buffer {
  const content = Buffer.alloc(65 << 20);
  for (let at = 0; at < content.length; at += 4096) content.writeUInt32LE(at, at);
  return content;
}

/** Plain archives, since `release create` is told the digest of what is in a blob. */
const ONE_OF_EACH_CODE = [
  ...new Map(
    HOSTILE_LAYERS.flatMap(({ what, below, blob, onWorkstation }) => {
      const { mediaType, bytes } = blob(Buffer.alloc(0));
      if (!("code" in onWorkstation) || mediaType !== TAR) return [];
      const layers = [...below, bytes].map((it) => ({ blob: layer(it), diffId: sha256(it) }));
      return [[onWorkstation.code, { what, code: onWorkstation.code, layers }] as const];
    }),
  ).values(),
];

describe("release create", () => {
  const create = async (sequence: number, layers: readonly { blob: LayerBlob; diffId: string }[]) => {
    const image = join(device.directory, "image");
    rmSync(image, { recursive: true, force: true });
    mkdirSync(join(image, "blobs/sha256"), { recursive: true });
    const descriptors = layers.map(({ blob }) => writeBlob(image, blob.mediaType, blob.bytes));
    const config = writeBlob(
      image,
      "application/vnd.oci.image.config.v1+json",
      Buffer.from(
        JSON.stringify({
          architecture: "amd64",
          os: "linux",
          rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
        }),
      ),
    );
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const manifest = writeBlob(
      image,
      mediaType,
      Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers: descriptors })),
    );
    writeFileSync(join(image, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    writeFileSync(join(image, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
    const what = ["--name", "kiosk-os", "--release-version", `${sequence}.0`, "--sequence", `${sequence}`];
    const target = ["--compatible", "acme-kiosk-v2", "--key", "release.key"];
    return device.run("release", "create", "oci:image", "--to", "stick", ...what, ...target);
  };
  const plain = (bytes: Buffer) => ({ blob: layer(bytes), diffId: sha256(bytes) });

  it("makes a release of what is harmless", async () => {
    const run = await create(1, [plain(honest)]);
    expect([run.exitStatus, run.stderr.includes("error:")]).toEqual([0, false]);
  });

  it.each(ONE_OF_EACH_CODE)("refuses $what with $code and leaves the medium as it was", async ({ code, layers }) => {
    const stick = () => snapshotOf(join(device.directory, "stick"));
    const before = stick();
    const run = await device.staysAsItIs(() => create(2, [plain(honest), ...layers]));
    expect(refusalOf(run), run.stderr).toEqual({ code, exitStatus: 1, hasRemedy: true });
    expect(stick()).toEqual(before);
  });
});

describe("a decompression bomb", () => {
  const zeros = Buffer.alloc(16 << 20);
  /** Members (frames) one after another are one stream: 4 GiB out of a few MiB or KiB. */
  const bombOf = (member: Buffer) => Buffer.concat(Array.from({ length: 256 }, () => member));
  const gzip = bombOf(gzipSync(zeros));
  const zstd = bombOf(zstdCompressSync(zeros));

  it.each<[string, string, Buffer]>([
    ["gzip", `${TAR}+gzip`, gzip],
    ["zstd", `${TAR}+zstd`, zstd],
  ])("in a layer is stopped by what the signed tree allows: %s", async (_kind, mediaType, bytes) => {
    const tree = treeOf([honest, withAbsent]);
    const { medium } = await mediumOf(buildBadImage({ layers: [{ mediaType, bytes }, layer(honest)], tree }));
    await device.refuses(medium, "OCI_LAYER_TOO_LARGE", 1);
  });

  it("that pretends to be a file of the tree is stopped too", async () => {
    const claim = archive(header({ name: "usr/lib/absent", magic: GNU, size: base256(2n ** 42n, 12) }));
    const bytes = Buffer.concat([gzipSync(claim.subarray(0, 512)), gzip]);
    const tree = treeOf([honest, withAbsent]);
    const { medium } = await mediumOf(buildBadImage({ layers: [{ mediaType: `${TAR}+gzip`, bytes }], tree }));
    await device.refuses(medium, "OCI_LAYER_TOO_LARGE", 1);
  });

  it.each<[string, string, Buffer]>([
    ["gzip", "application/vnd.bootferry.composefs.v1+gzip", gzip],
    ["zstd", "application/vnd.bootferry.composefs.v1+zstd", zstd],
  ])("in the place of the tree image is stopped at 64 MiB: %s", async (_kind, mediaType, bytes) => {
    const treeBlob = () => ({ mediaType, bytes });
    const { medium } = await mediumOf(buildBadImage({ layers: [layer(honest)], tree: treeOf([honest]), treeBlob }));
    await device.refuses(medium, "OCI_LAYER_TOO_LARGE", 1);
  });

  it.each<[string, (honestBytes: number) => number]>([
    ["nothing", () => 0],
    ["a byte less", (bytes) => bytes - 1],
    ["a byte more", (bytes) => bytes + 1],
    ["as much as there can be", () => Number.MAX_SAFE_INTEGER],
  ])("cannot be made room for: an objectsSize of %s is refused", async (_what, objectsSize) => {
    const image = buildBadImage({ layers: [layer(honest)], tree: treeOf([honest]), objectsSize });
    await device.refuses((await mediumOf(image)).medium, "STORE_OBJECTS_SIZE_MISMATCH", 3);
  });
});
