import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TarParser } from "../../../src/tree/tar-parser.ts";
import { codeOf, parseArchive } from "./parse-archive.ts";
import {
  archive,
  BLOCK,
  base256,
  checksumOf,
  END,
  entry,
  GNU,
  gnuLong,
  header,
  octal,
  pax,
  type TarFields,
} from "./tar-bytes.ts";

const LONG = `${"d".repeat(100)}/${"n".repeat(200)}`;
const first = (...parts: readonly Buffer[]) => parseArchive(archive(...parts))[0];

describe("an entry of an archive", () => {
  it.each<[string, Buffer, object]>([
    ["a file", entry({ name: "a", mode: "0104755\0" }, "content"), { kind: "file", sizeBytes: 7, content: "content" }],
    ["an empty file", entry({ name: "a" }), { kind: "file", sizeBytes: 0, content: "" }],
    ["a file of V7", entry({ name: "a", type: "\0", magic: "" }, "x"), { kind: "file", content: "x" }],
    ["a directory of V7", entry({ name: "a/", type: "\0", magic: "" }), { kind: "directory", path: ["a"] }],
    ["a contiguous file", entry({ name: "a", type: "7" }, "x"), { kind: "file", content: "x" }],
    ["a hard link", entry({ type: "1", linkName: "./b/c" }), { kind: "hardlink", hardlinkTarget: ["b", "c"] }],
    ["a symbolic link", entry({ type: "2", linkName: "../b/" }), { kind: "symlink", linkTarget: "../b/" }],
    [
      "a character device",
      entry({ type: "3", major: octal(5, 6), minor: octal(1, 6) }),
      { kind: "character-device", major: 5, minor: 1 },
    ],
    [
      "a block device of GNU",
      entry({ type: "4", magic: GNU, major: octal(259, 6), minor: base256(1_048_575n, 8) }),
      { kind: "block-device", major: 259, minor: 1_048_575 },
    ],
    ["a directory", entry({ name: "./a/", type: "5" }), { kind: "directory", path: ["a"] }],
    ["the root", entry({ name: "./", type: "5" }), { kind: "directory", path: [] }],
    ["a FIFO", entry({ type: "6" }), { kind: "fifo" }],
    ["a prefix of ustar", entry({ name: "b", prefix: "a" }), { path: ["a", "b"] }],
    ["a full prefix of ustar", entry({ name: "b", prefix: "p".repeat(155) }), { path: ["p".repeat(155), "b"] }],
    [
      "a prefix of star",
      entry({ name: "b", prefix: `${"p".repeat(131)}00000000000 `, trailer: "tar\0" }),
      { path: ["p".repeat(131), "b"] },
    ],
    ["times of GNU where ustar has a prefix", entry({ name: "b", magic: GNU, prefix: octal(1, 11) }), { path: ["b"] }],
    ["a name that fills its field", entry({ name: "n".repeat(100) }), { path: ["n".repeat(100)] }],
    ["a name that is not UTF-8", entry({ name: "Szerz\xf6d\xe9s" }), { path: ["Szerz\xf6d\xe9s"] }],
    ["a large owner", entry({ uid: base256(4_294_967_294n, 8) }), { metadata: { uid: 4_294_967_294 } }],
    ["a time before 1970", entry({ mtime: base256(-86_400n, 12) }), { metadata: { mtimeSeconds: -86_400 } }],
    ["a mode without the file type", entry({ mode: "0104755\0" }), { metadata: { mode: 0o4755 } }],
  ])("is %s", (_, bytes, expected) => {
    expect(first(bytes)).toMatchObject(expected);
  });

  it.each<[string, Buffer[], object]>([
    ["path", [pax({ path: LONG }), entry()], { path: LONG.split("/") }],
    ["a path that is not UTF-8", [pax({ path: "a/\xff\xfe" }), entry()], { path: ["a", "\xff\xfe"] }],
    ["linkpath", [pax({ linkpath: LONG }), entry({ type: "2", linkName: "x" })], { linkTarget: LONG }],
    [
      "linkpath of a hard link",
      [pax({ linkpath: "b" }), entry({ type: "1", linkName: "x" })],
      { hardlinkTarget: ["b"] },
    ],
    ["size", [pax({ size: "3" }), header({ size: octal(0) }), Buffer.alloc(BLOCK, "abc")], { content: "abc" }],
    ["uid and gid", [pax({ uid: "70000", gid: "80000" }), entry()], { metadata: { uid: 70_000, gid: 80_000 } }],
    ["mtime", [pax({ mtime: "-0.5" }), entry()], { metadata: { mtimeSeconds: -1 } }],
    [
      "extended attributes as bytes",
      [pax({ "SCHILY.xattr.security.capability": "\x01\0=\n\xff" }), entry()],
      { metadata: { xattrs: new Map([["security.capability", Uint8Array.of(1, 0, 0x3d, 0x0a, 0xff)]]) } },
    ],
    ["nothing where a value is empty", [pax({ path: "", uid: "" }), entry({ uid: octal(7, 7) })], { path: ["file"] }],
    ["nothing it does not know", [pax({ comment: "x", "LIBARCHIVE.x": "y" }), entry({ name: "a" })], { path: ["a"] }],
    ["a GNU long name", [gnuLong("L", LONG), entry({ magic: GNU })], { path: LONG.split("/") }],
    ["a GNU long link", [gnuLong("K", LONG), entry({ magic: GNU, type: "2" })], { linkTarget: LONG }],
    [
      "both of GNU's",
      [gnuLong("K", LONG), gnuLong("L", "a"), entry({ magic: GNU, type: "2" })],
      { path: ["a"], linkTarget: LONG },
    ],
    ["global records", [pax({ uid: "7", mtime: "9" }, "g"), entry()], { metadata: { uid: 7, mtimeSeconds: 9 } }],
    [
      "its own records before global ones",
      [pax({ uid: "7", gid: "7" }, "g"), pax({ uid: "8" }), entry()],
      { metadata: { uid: 8, gid: 7 } },
    ],
    [
      "its header where its own record is empty",
      [pax({ uid: "7" }, "g"), pax({ uid: "" }), entry({ uid: octal(3, 7) })],
      { metadata: { uid: 3 } },
    ],
    [
      "no attribute whose value is empty",
      [pax({ "SCHILY.xattr.user.a": "" }), entry()],
      { metadata: { xattrs: new Map() } },
    ],
  ])("has %s from the headers before it", (_, parts, expected) => {
    expect(first(...parts)).toMatchObject(expected);
  });

  it("has no records of the entry before it", () => {
    const entries = parseArchive(archive(pax({ path: "a", uid: "7" }), entry(), gnuLong("L", "b"), entry(), entry()));
    expect(entries.map(({ path, metadata }) => [path[0], metadata.uid])).toEqual([
      ["a", 7],
      ["b", 0],
      ["file", 0],
    ]);
  });

  it("may be of 8 GiB and more", () => {
    let content = 0;
    const parser = new TarParser({
      entry: () => ({ write: (chunk) => (content += chunk.length), end: () => undefined }),
    });
    parser.write(header({ size: base256(2n ** 33n + 1n, 12) }));
    const chunk = Buffer.alloc(2 ** 30);
    for (let count = 0; count < 8; count++) parser.write(chunk);
    parser.write(archive(Buffer.alloc(BLOCK)));
    parser.end();
    expect(content).toBe(2 ** 33 + 1);
  });

  it("may have a checksum over signed bytes, as old writers summed them (BF-7.1)", () => {
    const block = header({ name: "\xff\xfe" });
    expect(first(header({ name: "\xff\xfe", checksum: checksumOf(block, true) }))).toMatchObject({
      path: ["\xff\xfe"],
    });
  });
});

describe("an entry is refused", () => {
  const file = (fields: TarFields) => entry(fields);
  it.each<[string, Buffer[], string]>([
    ["checksum", [header({ checksum: "0000001\0" })], "TREE_CHECKSUM_MISMATCH"],
    ["one changed byte", [Buffer.from(header()).fill(1, 300, 301)], "TREE_CHECKSUM_MISMATCH"],
    ["a number that is none", [file({ uid: "zzzzzzz\0" })], "TREE_NUMBER_INVALID"],
    ["an owner below zero", [file({ uid: base256(-1n, 8) })], "TREE_NUMBER_INVALID"],
    ["an owner beyond 32 bits", [pax({ gid: "4294967295" }), file({})], "TREE_NUMBER_INVALID"],
    ["a major number beyond Linux's", [file({ type: "3", major: octal(4096, 6) })], "TREE_NUMBER_INVALID"],
    ["a minor number below zero", [file({ type: "3", major: "1", minor: base256(-1n, 8) })], "TREE_NUMBER_INVALID"],
    ["a size below zero", [header({ size: base256(-1n, 12) })], "TREE_SIZE_INVALID"],
    ["a size below zero in an extended header", [header({ type: "x", size: base256(-512n, 12) })], "TREE_SIZE_INVALID"],
    ["an absurd size", [header({ size: base256(2n ** 50n, 12) })], "TREE_SIZE_INVALID"],
    ["an absurd PAX size", [pax({ size: "9007199254740991" }), header()], "TREE_SIZE_INVALID"],
    ["a PAX size below zero", [pax({ size: "-1" }), header()], "TREE_NUMBER_INVALID"],
    ["a directory with content", [entry({ type: "5" }, "x")], "TREE_SIZE_INVALID"],
    ["a symbolic link with content", [entry({ type: "2", linkName: "x" }, "x")], "TREE_SIZE_INVALID"],
    ["a hard link with content", [entry({ type: "1", linkName: "x" }, "x")], "TREE_SIZE_INVALID"],
    ["an unknown type", [file({ type: "D" })], "TREE_ENTRY_TYPE_UNSUPPORTED"],
    ["an access control list of Solaris", [file({ type: "A" })], "TREE_ENTRY_TYPE_UNSUPPORTED"],
    ["a volume label", [file({ type: "V" })], "TREE_ENTRY_TYPE_UNSUPPORTED"],
    ["a part of a file", [file({ type: "M" })], "TREE_ENTRY_TYPE_UNSUPPORTED"],
    ["a sparse file of GNU", [file({ type: "S", magic: GNU })], "TREE_SPARSE_UNSUPPORTED"],
    ["a sparse file of PAX 0.1", [pax({ "GNU.sparse.map": "0,1" }), file({})], "TREE_SPARSE_UNSUPPORTED"],
    ["a sparse file of PAX 1.0", [pax({ "GNU.sparse.major": "1" }), file({})], "TREE_SPARSE_UNSUPPORTED"],
    ["a name that goes up", [file({ name: "a/../../etc/passwd" })], "TREE_NAME_PARENT"],
    ["a PAX name that goes up", [pax({ path: "../a" }), file({})], "TREE_NAME_PARENT"],
    ["a GNU name that goes up", [gnuLong("L", "../a"), file({})], "TREE_NAME_PARENT"],
    ["a hard link that goes up", [file({ type: "1", linkName: "../a" })], "TREE_NAME_PARENT"],
    ["an absolute name", [file({ name: "/etc/passwd" })], "TREE_NAME_ABSOLUTE"],
    ["an absolute hard link", [file({ type: "1", linkName: "/a" })], "TREE_NAME_ABSOLUTE"],
    ["no name", [file({ name: "" })], "TREE_NAME_INVALID"],
    ["a NUL in a PAX name", [pax({ path: "a\0b" }), file({})], "TREE_NAME_INVALID"],
    ["a file that ends like a directory", [file({ name: "a/" })], "TREE_NAME_INVALID"],
    ["a link that ends like a directory", [file({ name: "a/", type: "2", linkName: "x" })], "TREE_NAME_INVALID"],
    ["a long component", [pax({ path: "x".repeat(256) }), file({})], "TREE_NAME_TOO_LONG"],
    ["a deep path", [pax({ path: "a/".repeat(300) }), file({ type: "5" })], "TREE_TOO_DEEP"],
    ["a link to nothing", [file({ type: "2" })], "TREE_SYMLINK_INVALID"],
    ["a link of 4096 bytes", [pax({ linkpath: "x".repeat(4096) }), file({ type: "2" })], "TREE_SYMLINK_INVALID"],
    ["a NUL in a link", [pax({ linkpath: "a\0b" }), file({ type: "2" })], "TREE_SYMLINK_INVALID"],
    ["an attribute without name", [pax({ "SCHILY.xattr.": "x" }), file({})], "TREE_XATTR_INVALID"],
    ["a long attribute name", [pax({ [`SCHILY.xattr.${"x".repeat(256)}`]: "x" }), file({})], "TREE_XATTR_INVALID"],
    ["large attributes", [pax({ "SCHILY.xattr.user.x": "x".repeat(32_768) }), file({})], "TREE_XATTR_TOO_LARGE"],
    ["malformed records", [entry({ type: "x" }, "99 path=a\n"), file({})], "TREE_EXTENSION_INVALID"],
    ["two PAX headers", [pax({ uid: "1" }), pax({ gid: "1" }), file({})], "TREE_EXTENSION_INVALID"],
    ["two long names", [gnuLong("L", "a"), gnuLong("L", "b"), file({})], "TREE_EXTENSION_INVALID"],
    ["two long links", [gnuLong("K", "a"), gnuLong("K", "b"), file({})], "TREE_EXTENSION_INVALID"],
    ["names of GNU and PAX", [gnuLong("L", "a"), pax({ path: "b" }), file({})], "TREE_EXTENSION_INVALID"],
    [
      "links of GNU and PAX",
      [gnuLong("K", "a"), pax({ linkpath: "b" }), file({ type: "2" })],
      "TREE_EXTENSION_INVALID",
    ],
    ["one name for all", [pax({ path: "a" }, "g"), file({})], "TREE_EXTENSION_INVALID"],
    ["one size for all", [pax({ size: "1" }, "g"), file({})], "TREE_EXTENSION_INVALID"],
    ["one attribute for all", [pax({ "SCHILY.xattr.user.a": "1" }, "g"), file({})], "TREE_EXTENSION_INVALID"],
    ["one map of holes for all", [pax({ "GNU.sparse.map": "0,1" }, "g"), file({})], "TREE_SPARSE_UNSUPPORTED"],
    ["a huge PAX header", [header({ type: "x", size: octal(2 ** 20 + 1) })], "TREE_EXTENSION_TOO_LARGE"],
    ["a huge long name", [header({ type: "L", size: base256(2n ** 40n, 12) })], "TREE_EXTENSION_TOO_LARGE"],
  ])("for %s", (_, parts, code) => {
    expect(codeOf(() => parseArchive(archive(...parts)))).toBe(code);
  });

  it("when the archive has more of them than allowed", () => {
    const parts = [entry(), entry(), entry()];
    expect(parseArchive(archive(...parts), 1000, { maxEntries: 3 })).toHaveLength(3);
    expect(codeOf(() => parseArchive(archive(...parts), 1000, { maxEntries: 2 }))).toBe("TREE_TOO_LARGE");
  });
});

describe("the end of an archive (BF-7.1)", () => {
  const file = entry({ name: "a" }, "x".repeat(700));

  it.each<[string, Buffer, number]>([
    ["no bytes at all", Buffer.alloc(0), 0],
    ["two blocks of zeros", archive(), 0],
    ["no blocks of zeros", file, 1],
    ["one block of zeros", Buffer.concat([file, Buffer.alloc(BLOCK)]), 1],
    ["many blocks of zeros", Buffer.concat([file, Buffer.alloc(20 * BLOCK)]), 1],
    ["no padding", file.subarray(0, BLOCK + 700), 1],
    ["half of its padding", file.subarray(0, BLOCK + 800), 1],
    ["anything behind its end", Buffer.concat([file, END, Buffer.from("garbage"), file]), 1],
  ])("may be %s", (_, bytes, count) => {
    expect(parseArchive(bytes)).toHaveLength(count);
  });

  it.each<[string, Buffer, string]>([
    ["within a header", file.subarray(0, 100), "TREE_ARCHIVE_TRUNCATED"],
    ["before content", file.subarray(0, BLOCK), "TREE_ARCHIVE_TRUNCATED"],
    ["within content", file.subarray(0, BLOCK + 699), "TREE_ARCHIVE_TRUNCATED"],
    ["within an extended header", pax({ path: "a" }).subarray(0, BLOCK + 3), "TREE_ARCHIVE_TRUNCATED"],
    ["after an extended header", pax({ path: "a" }), "TREE_ARCHIVE_TRUNCATED"],
    ["after a long name", archive(gnuLong("L", "a")), "TREE_ARCHIVE_TRUNCATED"],
    ["one block of zeros before it goes on", Buffer.concat([Buffer.alloc(BLOCK), file]), "TREE_ARCHIVE_INVALID"],
  ])("is no end %s", (_, bytes, code) => {
    expect(codeOf(() => parseArchive(bytes))).toBe(code);
  });

  it("is found wherever the archive is cut", () => {
    const whole = archive(pax({ path: "a" }), entry({}, "12345"), entry({ type: "5" }));
    const outcomes = Array.from({ length: whole.length + 1 }, (_, length) =>
      codeOf(() => parseArchive(whole.subarray(0, length)).length),
    );
    const complete = outcomes.flatMap((outcome, length) => (outcome === "TREE_ARCHIVE_TRUNCATED" ? [] : [length]));
    // Nothing, the first entry with any part of its padding, the second with any whole block of zeros, or all of it.
    const padding = Array.from({ length: BLOCK - 4 }, (_, index) => 3 * BLOCK + 5 + index);
    expect(complete).toEqual([0, ...padding, 5 * BLOCK, 6 * BLOCK, 7 * BLOCK]);
  });
});

it("says the same whatever the chunks are", () => {
  const whole = archive(
    entry({ name: "./", type: "5" }),
    pax({ path: LONG, mtime: "5.5" }),
    entry({}, "x".repeat(1500)),
    gnuLong("L", LONG),
    entry({ magic: GNU }, "y".repeat(512)),
    entry({ type: "2", linkName: "z" }),
    entry(),
  );
  const expected = parseArchive(whole);
  expect(expected).toHaveLength(5);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), (chunkBytes) => {
      expect(parseArchive(whole, chunkBytes)).toEqual(expected);
    }),
  );
});

it("never copies content: handlers see the bytes that it was given", () => {
  const bytes = archive(entry({}, "abc"));
  const seen: ArrayBufferLike[] = [];
  const parser = new TarParser({ entry: () => ({ write: (chunk) => seen.push(chunk.buffer), end: () => undefined }) });
  parser.write(bytes);
  expect(seen).toEqual([bytes.buffer]);
  expect(seen[0]).toBe(bytes.buffer);
});

it("never ends in anything but a code when the archive is damaged", () => {
  const whole = archive(pax({ path: "a", "SCHILY.xattr.user.x": "y" }), entry({}, "12345"), gnuLong("L", "b"), entry());
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ flip;
      const outcome = codeOf(() => parseArchive(damaged).length);
      expect(typeof outcome === "object" || /^TREE_/.test(String(outcome))).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
