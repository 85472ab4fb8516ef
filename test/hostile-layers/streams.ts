/** Layers that are small and become large, or that do not end where they should: compression, frames, end blocks. */
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { archive, pax } from "../unit/tree/tar-bytes.ts";
import { EVIL, evil, file, type HostileLayer, NOT_THERE, raw, TAR } from "./hostile-layer.ts";

const BOMB = "CVE-2026-59873 (node-tar)";
const GZIP = "RFC 1952";
const ZSTD = "RFC 8878";
const TAR_GZIP = `${TAR}+gzip`;
const TAR_ZSTD = `${TAR}+zstd`;
const TOO_LARGE = "OCI_LAYER_TOO_LARGE";
const CORRUPT = "OCI_LAYER_CORRUPT";

const ZEROS = Buffer.alloc(8 << 20);
const repeated = (bytes: Buffer, count: number) => Buffer.concat(Array.from({ length: count }, () => bytes));
const small = archive(file("x"));
/** A skippable frame that holds nothing, and one that says it holds 4 GiB. */
const SKIPPABLE = Buffer.from("502a4d1800000000", "hex");
const ENDLESS_SKIPPABLE = Buffer.from("502a4d18ffffffff", "hex");
/** One frame, window of 2^31 bytes, an empty last block. */
const HUGE_WINDOW = Buffer.from("28b52ffd00a8010000", "hex");
/** One segment of 2^62 bytes, an empty last block: as much memory as the content is said to take. */
const HUGE_CONTENT = Buffer.from("28b52ffde00000000000000040010000", "hex");

const BOMBS: readonly HostileLayer[] = [
  raw("64 MiB of zeros in gzip", BOMB, { tree: [], device: TOO_LARGE }, () => gzipSync(repeated(ZEROS, 8)), TAR_GZIP),
  raw(
    "64 MiB of zeros in eight members of gzip",
    BOMB,
    { tree: [], device: TOO_LARGE },
    () => repeated(gzipSync(ZEROS), 8),
    TAR_GZIP,
  ),
  raw(
    "64 MiB of zeros in eight frames of zstd",
    BOMB,
    { tree: [], device: TOO_LARGE },
    () => repeated(zstdCompressSync(ZEROS), 8),
    TAR_ZSTD,
  ),
  raw(
    "zeros behind the end of an archive",
    BOMB,
    { tree: ["x: x"], device: TOO_LARGE },
    () => Buffer.concat([zstdCompressSync(small), repeated(zstdCompressSync(ZEROS), 8)]),
    TAR_ZSTD,
  ),
  raw(
    "a hundred thousand headers in 3 KB",
    BOMB,
    { tree: ["x"], device: TOO_LARGE },
    () => repeated(zstdCompressSync(repeated(file("x", ""), 10_000)), 10),
    TAR_ZSTD,
  ),
  raw(
    "names that grow by 255 directories each",
    BOMB,
    { code: "TREE_TOO_LARGE", device: NOT_THERE },
    () => zstdCompressSync(Buffer.concat(deepNames(4500))),
    TAR_ZSTD,
  ),
  raw(
    "a gzip of a gzip, which stays one",
    BOMB,
    { code: "TREE_NUMBER_INVALID" },
    () => gzipSync(Buffer.concat([gzipSync(repeated(ZEROS, 2), { level: 1 }), Buffer.alloc(512, 1)])),
    TAR_GZIP,
  ),
];

/** Each entry implies directories that no other one has, and is a kilobyte or two in the archive. */
function deepNames(count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => [
    pax({ path: `${index}/${"d/".repeat(250)}f` }),
    file("x", ""),
  ]).flat();
}

const ENDS: readonly HostileLayer[] = [
  raw("no end blocks", "BF-7.1", { tree: ["x: x"] }, (honest) => Buffer.concat([file("x"), honest])),
  raw("a single end block", "BF-7.1", { tree: ["x: x"] }, (honest) =>
    Buffer.concat([file("x"), honest, Buffer.alloc(512)]),
  ),
  raw("entries behind the end", "BF-7.1", { tree: ["x: x"] }, (honest) =>
    Buffer.concat([archive(file("x"), honest), evil(`../x`)]),
  ),
  raw("random bytes behind the end", "BF-7.1", { tree: ["x: x"] }, (honest) =>
    Buffer.concat([archive(file("x"), honest), gzipSync(EVIL)]),
  ),
  raw("an archive that goes on after one block of zeros", "BF-7.1", { code: "TREE_ARCHIVE_INVALID" }, (honest) =>
    Buffer.concat([file("x"), Buffer.alloc(512), honest, file("y")]),
  ),
  raw("a header that is cut", "BF-7.1", { code: "TREE_ARCHIVE_TRUNCATED" }, (honest) =>
    Buffer.concat([honest, evil("x").subarray(0, 300)]),
  ),
  raw("content that is cut", "BF-7.1", { code: "TREE_ARCHIVE_TRUNCATED" }, (honest) =>
    Buffer.concat([honest, evil("x").subarray(0, 600)]),
  ),
  raw("an extended header that is cut", "BF-7.1", { code: "TREE_ARCHIVE_TRUNCATED" }, (honest) =>
    Buffer.concat([honest, pax({ path: "a" }).subarray(0, 515)]),
  ),
  raw("no archive at all", "BF-7.1", { code: "TREE_NUMBER_INVALID" }, () => Buffer.alloc(4096, "no tar ")),
  raw("a compressed archive that says it is none", "OCI media types", { code: "TREE_CHECKSUM_MISMATCH" }, () =>
    Buffer.concat([gzipSync(EVIL), Buffer.alloc(512, 0o60)]),
  ),
  raw("no bytes", "BF-7.1", { tree: [] }, () => Buffer.alloc(0)),
];

const FRAMES: readonly HostileLayer[] = [
  raw("gzip that is cut", GZIP, { code: CORRUPT }, () => gzipSync(EVIL).subarray(0, -9), TAR_GZIP),
  raw("gzip with a wrong checksum", GZIP, { code: CORRUPT }, () => withByte(gzipSync(small), -7, 0xff), TAR_GZIP),
  raw("gzip that is none", GZIP, { code: CORRUPT }, () => small, TAR_GZIP),
  raw("no bytes for gzip", GZIP, { code: CORRUPT }, () => Buffer.alloc(0), TAR_GZIP),
  raw(
    "gzip with something behind it",
    GZIP,
    { code: CORRUPT },
    () => Buffer.concat([gzipSync(small), Buffer.from("behind")]),
    TAR_GZIP,
  ),
  raw("zstd that is cut", ZSTD, { code: CORRUPT }, () => zstdCompressSync(small).subarray(0, -3), TAR_ZSTD),
  raw("zstd that is none", ZSTD, { code: CORRUPT }, () => small, TAR_ZSTD),
  raw(
    "zstd with a wrong checksum",
    ZSTD,
    { code: CORRUPT },
    () => withByte(zstdCompressSync(small, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }), -1, 0xff),
    TAR_ZSTD,
  ),
  raw(
    "zstd with a block of the reserved type",
    ZSTD,
    { code: CORRUPT },
    () => Buffer.from("28b52ffd0058070000", "hex"),
    TAR_ZSTD,
  ),
  raw("zstd that wants a window of 2 GiB", ZSTD, { code: CORRUPT }, () => HUGE_WINDOW, TAR_ZSTD),
  raw("zstd that says it holds 4 EiB", ZSTD, { code: CORRUPT }, () => HUGE_CONTENT, TAR_ZSTD),
  raw(
    "a skippable frame of 4 GiB that is cut",
    ZSTD,
    { code: CORRUPT },
    () => Buffer.concat([zstdCompressSync(small), ENDLESS_SKIPPABLE, Buffer.from("nothing")]),
    TAR_ZSTD,
  ),
  raw(
    "a thousand skippable frames",
    ZSTD,
    { tree: ["x: x"] },
    () => Buffer.concat([repeated(SKIPPABLE, 1000), zstdCompressSync(small)]),
    TAR_ZSTD,
  ),
  raw(
    "two hundred frames of nothing",
    ZSTD,
    { tree: ["x: x"] },
    () => Buffer.concat([repeated(zstdCompressSync(Buffer.alloc(0)), 200), zstdCompressSync(small)]),
    TAR_ZSTD,
  ),
  raw(
    "zstd with something behind it",
    ZSTD,
    { code: CORRUPT },
    () => Buffer.concat([zstdCompressSync(small), Buffer.from("behind")]),
    TAR_ZSTD,
  ),
];

function withByte(bytes: Buffer, at: number, flip: number): Buffer {
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = (bytes[index] ?? 0) ^ flip;
  return bytes;
}

export const STREAMS: readonly HostileLayer[] = [...BOMBS, ...ENDS, ...FRAMES];
