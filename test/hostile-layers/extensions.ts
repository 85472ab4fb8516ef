/** Extended headers of PAX and GNU: malformed, contradicting each other, endless; and the sparse files that they describe. */
import { archive, base256, entry, GNU, gnuLong, header, octal, pax, paxRecord } from "../unit/tree/tar-bytes.ts";
import { evil, file, type HostileLayer, legal, malformed, raw } from "./hostile-layer.ts";

const GO_58183 = "CVE-2025-58183 (Go archive/tar)";
const CPYTHON_151498 = "python/cpython#151498";

const extension = (body: string, type = "x") => entry({ name: "PaxHeaders/x", type }, body);

const HEADERS: readonly HostileLayer[] = [
  malformed(
    "a PAX record longer than its header",
    "BF-7.3",
    "TREE_EXTENSION_INVALID",
    extension("99 path=a\n"),
    evil("x"),
  ),
  malformed("a PAX record shorter than it is", "BF-7.3", "TREE_EXTENSION_INVALID", extension("5 path=a\n"), evil("x")),
  malformed(
    "a PAX record of length 0",
    "CVE-2019-16167 class: no progress",
    "TREE_EXTENSION_INVALID",
    extension("0 path=a\n"),
    evil("x"),
  ),
  malformed("a PAX record of negative length", "BF-7.3", "TREE_EXTENSION_INVALID", extension("-9 path=a\n"), evil("x")),
  malformed(
    "a PAX record of length 2^64 + 10",
    "BF-7.3",
    "TREE_EXTENSION_INVALID",
    extension("18446744073709551626 path=a\n"),
    evil("x"),
  ),
  malformed(
    "a PAX record without its newline",
    "astral-tokio-tar 0.5.6",
    "TREE_EXTENSION_INVALID",
    extension("9 path=ab"),
    evil("x"),
  ),
  malformed("a PAX record without a key", "BF-7.3", "TREE_EXTENSION_INVALID", extension("5 =a\n"), evil("x")),
  malformed("a PAX record without =", "BF-7.3", "TREE_EXTENSION_INVALID", extension("8 path \n"), evil("x")),
  malformed(
    "zeros behind PAX records",
    "BF-7.3",
    "TREE_EXTENSION_INVALID",
    extension(`${paxRecord("path", "a")}\0\0\0`),
    evil("x"),
  ),
  malformed(
    "an extended header of 4 GiB",
    CPYTHON_151498,
    "TREE_EXTENSION_TOO_LARGE",
    header({ type: "x", size: octal(2 ** 32) }),
  ),
  malformed(
    "a global header of 8 GiB",
    CPYTHON_151498,
    "TREE_EXTENSION_TOO_LARGE",
    header({ type: "g", size: base256(2n ** 33n, 12) }),
  ),
  malformed(
    "a GNU long name of 1 TiB",
    CPYTHON_151498,
    "TREE_EXTENSION_TOO_LARGE",
    header({ type: "L", magic: GNU, size: base256(2n ** 40n, 12) }),
  ),
  malformed(
    "a GNU long link of 1 MiB and a byte",
    CPYTHON_151498,
    "TREE_EXTENSION_TOO_LARGE",
    header({ type: "K", magic: GNU, size: octal(2 ** 20 + 1) }),
  ),
  malformed("two PAX headers", "BF-7.3", "TREE_EXTENSION_INVALID", pax({ path: "a" }), pax({ path: "b" }), evil("x")),
  malformed("two GNU long names", "BF-7.3", "TREE_EXTENSION_INVALID", gnuLong("L", "a"), gnuLong("L", "b"), evil("x")),
  malformed(
    "a GNU and a PAX name",
    "BF-7.3",
    "TREE_EXTENSION_INVALID",
    gnuLong("L", "a"),
    pax({ path: "b" }),
    evil("x"),
  ),
  malformed(
    "a GNU and a PAX link",
    "BF-7.3",
    "TREE_EXTENSION_INVALID",
    gnuLong("K", "a"),
    pax({ linkpath: "b" }),
    header({ name: "x", type: "2" }),
  ),
  malformed(
    "a name for all that follows",
    "POSIX pax",
    "TREE_EXTENSION_INVALID",
    pax({ path: "etc/passwd" }, "g"),
    evil("x"),
  ),
  malformed(
    "a link for all that follows",
    "POSIX pax",
    "TREE_EXTENSION_INVALID",
    pax({ linkpath: "etc/passwd" }, "g"),
    evil("x"),
  ),
  malformed(
    "an attribute for all that follows",
    "BF-7.3",
    "TREE_EXTENSION_INVALID",
    pax({ "SCHILY.xattr.security.capability": "x" }, "g"),
    evil("x"),
  ),
  legal(
    "an owner for all that follows, taken back",
    "POSIX pax",
    ["x: x"],
    [pax({ uid: "1000" }, "g"), pax({ uid: "" }, "g"), file("x")],
  ),
  legal(
    "global headers that grow for ever",
    "GHSA-23hp-3jrh-7fpw class: endless metadata",
    ["x: x"],
    [...Array.from({ length: 300 }, (_, index) => pax({ [`comment.${index}`]: "c".repeat(20_000) }, "g")), file("x")],
  ),
  raw("a GNU long name without its entry", "GNU tar", { code: "TREE_ARCHIVE_TRUNCATED" }, () =>
    archive(gnuLong("L", "a")),
  ),
  raw("a PAX header without its entry", "POSIX pax", { code: "TREE_ARCHIVE_TRUNCATED" }, () =>
    archive(pax({ path: "a" })),
  ),
  malformed("a GNU long name of no bytes", "GNU tar", "TREE_NAME_INVALID", gnuLong("L", ""), evil("x")),
  malformed(
    "attributes of 32 KiB",
    "xattr(7)",
    "TREE_XATTR_TOO_LARGE",
    pax({ "SCHILY.xattr.user.x": "v".repeat(32_768) }),
    evil("x"),
  ),
  malformed(
    "twenty thousand attributes",
    "GHSA-23hp-3jrh-7fpw class: endless metadata",
    "TREE_XATTR_TOO_LARGE",
    manyAttributes(20_000),
    evil("x"),
  ),
  malformed("an attribute without a name", "BF-7.3", "TREE_XATTR_INVALID", pax({ "SCHILY.xattr.": "x" }), evil("x")),
  malformed(
    "an attribute name of 256 bytes",
    "XATTR_NAME_MAX",
    "TREE_XATTR_INVALID",
    pax({ [`SCHILY.xattr.${"n".repeat(256)}`]: "x" }),
    evil("x"),
  ),
  legal(
    "attributes of overlayfs",
    "CVE-2021-3493 class: overlay attributes from an image",
    ["x: x", "x has mode 644, owner 0:0, time 0, trusted.overlay.redirect=/etc"],
    [pax({ "SCHILY.xattr.trusted.overlay.redirect": "/etc" }), file("x")],
  ),
];

const SPARSE: readonly HostileLayer[] = [
  malformed(
    "a sparse file of GNU",
    "OCI layer.md",
    "TREE_SPARSE_UNSUPPORTED",
    header({ type: "S", magic: GNU, size: octal(0) }),
  ),
  malformed(
    "a sparse map that overlaps",
    GO_58183,
    "TREE_SPARSE_UNSUPPORTED",
    pax({ "GNU.sparse.map": "0,4096,1024,4096", "GNU.sparse.size": "8192" }),
    evil("x"),
  ),
  malformed(
    "a sparse map that goes back",
    GO_58183,
    "TREE_SPARSE_UNSUPPORTED",
    pax({ "GNU.sparse.map": "4096,512,0,512" }),
    evil("x"),
  ),
  malformed(
    "a sparse map of a million parts",
    GO_58183,
    "TREE_SPARSE_UNSUPPORTED",
    pax({ "GNU.sparse.map": "0,1,".repeat(200_000), "GNU.sparse.numblocks": "1000000" }),
    evil("x"),
  ),
  malformed(
    "a sparse file of 8 EiB",
    GO_58183,
    "TREE_SPARSE_UNSUPPORTED",
    pax({ "GNU.sparse.major": "1", "GNU.sparse.realsize": "9223372036854775807" }),
    evil("x"),
  ),
  malformed(
    "a sparse name beside the name",
    "GNU tar, PAX 1.0",
    "TREE_SPARSE_UNSUPPORTED",
    pax({ "GNU.sparse.name": "../etc/passwd" }),
    evil("x"),
  ),
  malformed(
    "a sparse map for all that follows",
    "GNU tar",
    "TREE_SPARSE_UNSUPPORTED",
    pax({ "GNU.sparse.major": "1" }, "g"),
    evil("x"),
  ),
];

function manyAttributes(count: number): Buffer {
  return pax(Object.fromEntries(Array.from({ length: count }, (_, index) => [`SCHILY.xattr.user.${index}`, "v"])));
}

export const EXTENSIONS: readonly HostileLayer[] = [...HEADERS, ...SPARSE];
