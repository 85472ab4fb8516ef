/** Archives that say two things at once: sizes and numbers on which readers of tar disagree. */
import { archive, base256, entry, GNU, gnuLong, header, octal, pax } from "../unit/tree/tar-bytes.ts";
import { EVIL, evil, file, type HostileLayer, legal, malformed } from "./hostile-layer.ts";

const TARMAGEDDON = "CVE-2025-62518 (tokio-tar)";
const NODE_TAR_53655 = "CVE-2026-53655 (node-tar)";
const NODE_TAR_59874 = "CVE-2026-59874 (node-tar)";

/** Entries that only a reader sees that takes the wrong size for the content before them. */
const smuggled = archive(evil("smuggled")).subarray(0, 1024);

const SIZES: readonly HostileLayer[] = [
  malformed("a negative size", NODE_TAR_59874, "TREE_SIZE_INVALID", header({ magic: GNU, size: base256(-512n, 12) })),
  malformed(
    "a size that takes its own header back",
    NODE_TAR_59874,
    "TREE_SIZE_INVALID",
    header({ magic: GNU, size: base256(-1024n, 12) }),
  ),
  malformed(
    "a negative size of an extended header",
    "CVE-2025-8194 (CPython tarfile)",
    "TREE_SIZE_INVALID",
    header({ type: "x", size: base256(-512n, 12) }),
  ),
  malformed(
    "a negative size of a GNU long name",
    "CVE-2025-8194 (CPython tarfile)",
    "TREE_SIZE_INVALID",
    header({ type: "L", magic: GNU, size: base256(-1n, 12) }),
  ),
  malformed("a negative PAX size", NODE_TAR_59874, "TREE_NUMBER_INVALID", pax({ size: "-512" }), evil("x")),
  malformed("a PAX size with a fraction", "POSIX pax", "TREE_NUMBER_INVALID", pax({ size: "1.5" }), evil("x")),
  malformed("a PAX size in hexadecimal", "POSIX pax", "TREE_NUMBER_INVALID", pax({ size: "0x10" }), evil("x")),
  malformed(
    "a size of 2^43 + 1",
    "BF-7.4",
    "TREE_SIZE_INVALID",
    header({ magic: GNU, size: base256(2n ** 43n + 1n, 12) }),
  ),
  malformed("a size of 2^63", "BF-7.1", "TREE_NUMBER_INVALID", header({ magic: GNU, size: base256(2n ** 63n, 12) })),
  malformed("a size of 2^90", "BF-7.1", "TREE_NUMBER_INVALID", header({ magic: GNU, size: base256(2n ** 90n, 12) })),
  malformed(
    "a size that is no number",
    "foundry-rs/foundry#12543",
    "TREE_NUMBER_INVALID",
    header({ size: "not a number" }),
  ),
  malformed(
    "a size of 8 TiB with nothing behind it",
    "BF-7.1",
    "TREE_ARCHIVE_TRUNCATED",
    header({ magic: GNU, size: base256(2n ** 43n, 12) }),
  ),
  malformed("a directory with content", "BF-7.4", "TREE_SIZE_INVALID", entry({ name: "d/", type: "5" }, EVIL)),
  malformed(
    "a symbolic link with content",
    "BF-7.4",
    "TREE_SIZE_INVALID",
    entry({ name: "s", type: "2", linkName: "x" }, smuggled),
  ),
  malformed(
    "a hard link with content",
    "BF-7.4",
    "TREE_SIZE_INVALID",
    entry({ name: "h", type: "1", linkName: "x" }, smuggled),
  ),
  malformed(
    "a device with content",
    "BF-7.4",
    "TREE_SIZE_INVALID",
    entry({ name: "d", type: "3", major: octal(1, 7), minor: octal(3, 7) }, smuggled),
  ),
  legal(
    "a PAX size over a header's size of nothing",
    TARMAGEDDON,
    ["x: object of 1024 bytes"],
    [pax({ size: `${smuggled.length}` }), header({ name: "x", size: octal(0) }), smuggled],
  ),
  malformed(
    "a PAX size of nothing over content",
    TARMAGEDDON,
    "TREE_SIZE_INVALID",
    pax({ size: "0" }),
    entry({ name: "d/", type: "5", size: octal(1024) }),
    pax({ size: "512" }),
    header({ name: "d/", type: "5" }),
  ),
  legal(
    "a PAX size that is not that of the GNU long name behind it",
    NODE_TAR_53655,
    ["longname.txt: object of 2048 bytes", "smuggled: object of 200 bytes"],
    [
      pax({ size: "2048" }),
      gnuLong("L", "longname.txt"),
      header({ name: "file_a", magic: GNU, size: octal(16) }),
      Buffer.alloc(2048, "A"),
      evil("smuggled"),
    ],
  ),
  malformed(
    "a PAX size for all that follows",
    "POSIX pax",
    "TREE_EXTENSION_INVALID",
    pax({ size: "0" }, "g"),
    evil("x"),
  ),
];

const FIELDS: readonly HostileLayer[] = [
  malformed("an owner below zero", "BF-7.3", "TREE_NUMBER_INVALID", evil("x", { magic: GNU, uid: base256(-1n, 8) })),
  malformed(
    "an owner of 2^32 - 1, which changes nothing",
    "chown(2)",
    "TREE_NUMBER_INVALID",
    pax({ uid: "4294967295" }),
    evil("x"),
  ),
  malformed("a group of 2^53", "BF-7.3", "TREE_NUMBER_INVALID", pax({ gid: "9007199254740992" }), evil("x")),
  malformed(
    "a device number beyond all devices",
    "BF-7.4",
    "TREE_NUMBER_INVALID",
    header({ name: "x", type: "3", magic: GNU, major: base256(2n ** 40n, 8) }),
  ),
  malformed("a time that is no time", "BF-7.3", "TREE_NUMBER_INVALID", pax({ mtime: "yesterday" }), evil("x")),
  malformed("a time of 17 digits", "BF-7.3", "TREE_NUMBER_INVALID", pax({ mtime: "99999999999999999" }), evil("x")),
  legal(
    "a mode of all bits",
    "BF-7.3",
    ["x: x", "x has mode 7777, owner 0:0, time 0"],
    [file("x", "x", { magic: GNU, mode: base256(2n ** 52n - 1n, 8) })],
  ),
  legal(
    "set-user-id of root",
    "BF-7.3",
    ["su: x", "su has mode 4755, owner 0:0, time 0"],
    [file("su", "x", { mode: "0004755\0" })],
  ),
  legal(
    "a time before all times",
    "BF-7.3",
    ["x: x", "x has mode 644, owner 0:0, time -9007199254740991"],
    [file("x", "x", { magic: GNU, mtime: base256(-(2n ** 53n) + 1n, 12) })],
  ),
  malformed("a wrong checksum", "BF-7.1", "TREE_CHECKSUM_MISMATCH", header({ checksum: "0000001\0" })),
  malformed("a checksum that is no number", "BF-7.1", "TREE_NUMBER_INVALID", header({ checksum: "checksum" })),
  malformed("an unknown type of entry", "BF-7.4", "TREE_ENTRY_TYPE_UNSUPPORTED", header({ type: "Z" })),
  malformed(
    "a part of a file of several volumes",
    "GNU tar",
    "TREE_ENTRY_TYPE_UNSUPPORTED",
    header({ type: "M", magic: GNU }),
  ),
  malformed(
    "an incremental dump",
    "GNU tar",
    "TREE_ENTRY_TYPE_UNSUPPORTED",
    entry({ type: "D", magic: GNU }, "Y../../etc/passwd\0\0"),
  ),
];

export const NUMBERS: readonly HostileLayer[] = [...SIZES, ...FIELDS];
