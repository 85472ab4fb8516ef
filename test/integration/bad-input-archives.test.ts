/**
 * Layers made to harm: names that leave the tree, links to write through, device nodes, sizes that are no sizes, bombs.
 *
 * The workstation refuses to make a release of them and leaves the medium as it was. A device meets them only when
 * somebody signed such a layer all the same: it ends with a code, and nothing has reached any place but what was there.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testKey } from "../../bundle-format/vectors/source/test-keys.ts";
import { formatPrivateKeyPem } from "../../src/trust/keys.ts";
import {
  type BadInputDevice,
  type Blob,
  buildBadImage,
  mediumOf,
  openBadInputDevice,
  refusalOf,
  rootFiles,
  snapshotOf,
  TAR,
  treeOf,
} from "../support/bad-media.ts";
import { buildTar, sha256, writeBlob } from "../support/oci-fixtures.ts";
import { archive, base256, entry, GNU, header, octal, pax } from "../unit/tree/tar-bytes.ts";

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

const EVIL = "written by a hostile layer, which must not happen\n".repeat(4);
const evilFile = (name: string) => entry({ name }, EVIL);
const link = (name: string, linkName: string, type: string) => entry({ name, type, linkName });
const UNUSED = "STORE_OBJECT_MISSING_FROM_MEDIUM";
const TARGET = "/tmp/bootferry-bad-input-escaped";

interface Case {
  readonly what: string;
  readonly parts: readonly Buffer[];
  /** Of `release create`; undefined for what an image may hold, since it stays in the tree. */
  readonly onWorkstation: string | undefined;
  /** Of the device; UNUSED for what it does not even look at, since it takes contents and no names. */
  readonly onDevice: string;
}

const bad = (what: string, code: string, ...parts: Buffer[]): Case => ({
  what,
  parts,
  onWorkstation: code,
  onDevice: code,
});
const unused = (what: string, onWorkstation: string | undefined, ...parts: Buffer[]): Case => ({
  what,
  parts,
  onWorkstation,
  onDevice: UNUSED,
});

const CASES: readonly Case[] = [
  bad("a name that begins with ..", "TREE_NAME_PARENT", evilFile(`../../../../../..${TARGET}`)),
  bad("a name with .. in its middle", "TREE_NAME_PARENT", evilFile(`usr/../../../../..${TARGET}`)),
  bad("a PAX name with ..", "TREE_NAME_PARENT", pax({ path: `../../../../..${TARGET}` }), evilFile("harmless")),
  bad("an absolute name", "TREE_NAME_ABSOLUTE", evilFile(TARGET)),
  bad("a hard link to a name with ..", "TREE_NAME_PARENT", link("shadow", "../../../../etc/shadow", "1")),
  bad("a hard link to an absolute name", "TREE_NAME_ABSOLUTE", link("shadow", "/etc/shadow", "1")),
  unused("a hard link to what is not in the image", "TREE_LINK_TARGET_MISSING", link("shadow", "etc/shadow", "1")),
  unused(
    "an entry through a link",
    "TREE_THROUGH_SYMLINK",
    link("out", "/tmp", "2"),
    evilFile("out/bootferry-escaped"),
  ),
  unused(
    "an entry through two links",
    "TREE_THROUGH_SYMLINK",
    link("one", "two", "2"),
    link("two", "/tmp", "2"),
    evilFile("one/bootferry-escaped"),
  ),
  unused("a hard link through a link", "TREE_THROUGH_SYMLINK", link("out", "/etc", "2"), link("h", "out/shadow", "1")),
  unused("a file in the place of a link", undefined, link("out", TARGET, "2"), evilFile("out")),
  unused("a device node", undefined, header({ name: "null", type: "3", major: octal(1, 7), minor: octal(3, 7) })),
  unused("a disk", undefined, header({ name: "sda", type: "4", major: octal(8, 7), minor: octal(0, 7) })),
  unused(
    "overlayfs's mark of a deleted file",
    "TREE_DEVICE_WHITEOUT",
    header({ name: "gone", type: "3", major: octal(0, 7), minor: octal(0, 7) }),
  ),
  bad(
    "a device number beyond all devices",
    "TREE_NUMBER_INVALID",
    header({ name: "x", type: "3", magic: GNU, major: base256(2n ** 40n, 8), minor: octal(0, 7) }),
  ),
  bad("a negative size", "TREE_SIZE_INVALID", header({ magic: GNU, size: base256(-512n, 12) })),
  bad("a negative size in a PAX header", "TREE_NUMBER_INVALID", pax({ size: "-1" }), evilFile("x")),
  bad("a size of 2^43 + 1", "TREE_SIZE_INVALID", header({ magic: GNU, size: base256(2n ** 43n + 1n, 12) })),
  bad("a size of 2^90", "TREE_NUMBER_INVALID", header({ magic: GNU, size: base256(2n ** 90n, 12) })),
  bad("a size that is no number", "TREE_NUMBER_INVALID", header({ size: "not a number" })),
  bad(
    "a size of 8 TiB with nothing behind it",
    "TREE_ARCHIVE_TRUNCATED",
    header({ magic: GNU, size: base256(2n ** 43n, 12) }),
  ),
  bad("a directory with content", "TREE_SIZE_INVALID", entry({ name: "d/", type: "5" }, EVIL)),
  bad("an extended header of 4 GiB", "TREE_EXTENSION_TOO_LARGE", header({ type: "x", size: octal(2 ** 32) })),
  bad("a wrong checksum", "TREE_CHECKSUM_MISMATCH", header({ checksum: "0000001\0" })),
  bad("an unknown type of entry", "TREE_ENTRY_TYPE_UNSUPPORTED", header({ type: "Z" })),
  bad("a sparse file", "TREE_SPARSE_UNSUPPORTED", pax({ "GNU.sparse.major": "1" }), evilFile("x")),
];

const layer = (bytes: Buffer): Blob => ({ mediaType: TAR, bytes });
/** The hostile entries, and then what the archive would hold without them. */
const hostile = ({ parts }: Case) => archive(...parts, honest.subarray(0, -1024));

describe("a device that is given a signed layer with", () => {
  it.each(CASES)("$what ends with $onDevice", async (it) => {
    const tree = treeOf([honest, withAbsent]);
    const { medium } = await mediumOf(buildBadImage({ layers: [layer(hostile(it))], tree }));
    await device.refuses(medium, it.onDevice, it.onDevice === UNUSED ? 6 : 1);
    for (const place of [TARGET, "/tmp/bootferry-escaped"]) expect(existsSync(place)).toBe(false);
  });

  it("what it has read of other layers keeps nothing of it", async () => {
    const evil = archive(evilFile(TARGET));
    const noise = await buildTar([{ name: "usr/lib/large", content: largeContent() }]);
    const tree = treeOf([honest, noise, withAbsent]);
    // Read from the last to the first: what the last one held was published before the first one was opened.
    const { medium } = await mediumOf(buildBadImage({ layers: [layer(evil), layer(honest), layer(noise)], tree }));
    await device.refuses(medium, "TREE_NAME_ABSOLUTE", 1);
  });
});

/** Over 64 MiB, after which a store publishes what it has so far. */
function largeContent(): Buffer {
  const content = Buffer.alloc(65 << 20);
  for (let at = 0; at < content.length; at += 4096) content.writeUInt32LE(at, at);
  return content;
}

describe("release create", () => {
  const create = async (sequence: number, layers: readonly { blob: Blob; diffId: string }[]) => {
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

  it.each(CASES.filter(({ onWorkstation }) => onWorkstation !== undefined))(
    "refuses $what with $onWorkstation and leaves the medium as it was",
    async (it) => {
      const stick = () => snapshotOf(join(device.directory, "stick"));
      const before = stick();
      const run = await device.staysAsItIs(() => create(2, [plain(honest), plain(hostile(it))]));
      expect(refusalOf(run), run.stderr).toEqual({ code: it.onWorkstation, exitStatus: 1, hasRemedy: true });
      expect(stick()).toEqual(before);
    },
  );
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
