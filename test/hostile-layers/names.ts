/** Layers whose names reach for what is outside of the tree, or that mean two things to two file systems. */
import { gnuLong, pax } from "../unit/tree/tar-bytes.ts";
import { directory, evil, file, type HostileLayer, legal, malformed, symlink, TARGET, UP } from "./hostile-layer.ts";

const SCALIBR = "CVE-2025-5981, google/osv-scalibr#2171";
const TARFILE = "CVE-2025-4517 (CPython tarfile)";

export const NAMES: readonly HostileLayer[] = [
  malformed("a name that begins with ..", "CVE-2001-1267 (GNU tar)", "TREE_NAME_PARENT", evil(`${UP}${TARGET}`)),
  malformed("a name with .. in its middle", "CVE-2001-1267 (GNU tar)", "TREE_NAME_PARENT", evil(`usr/${UP}${TARGET}`)),
  malformed("a name that ends with ..", "BF-7.2", "TREE_NAME_PARENT", directory("usr/..")),
  malformed("a name that is ..", "BF-7.2", "TREE_NAME_PARENT", directory("..")),
  malformed("a .. that comes back into the tree", "BF-7.2", "TREE_NAME_PARENT", evil("usr/../etc/passwd")),
  malformed("a prefix of ..", "POSIX ustar", "TREE_NAME_PARENT", evil("escaped", { prefix: UP })),
  malformed("a PAX name with ..", "POSIX pax", "TREE_NAME_PARENT", pax({ path: `${UP}${TARGET}` }), evil("harmless")),
  malformed("a GNU long name with ..", "GNU tar", "TREE_NAME_PARENT", gnuLong("L", `${UP}${TARGET}`), evil("harmless")),
  malformed("a link whose own name goes up", SCALIBR, "TREE_NAME_PARENT", symlink(`${UP}${TARGET}`, "x")),
  malformed("an absolute name", "CVE-2016-6321 (GNU tar)", "TREE_NAME_ABSOLUTE", evil(TARGET)),
  malformed(
    "an absolute name of many slashes",
    "CVE-2021-32804 (node-tar)",
    "TREE_NAME_ABSOLUTE",
    evil(`///${TARGET}`),
  ),
  malformed("an absolute PAX name", "POSIX pax", "TREE_NAME_ABSOLUTE", pax({ path: TARGET }), evil("harmless")),
  malformed("no name", "BF-7.2", "TREE_NAME_INVALID", evil("")),
  malformed("a NUL in a PAX name", "BF-7.2", "TREE_NAME_INVALID", pax({ path: `x\0${UP}` }), evil("harmless")),
  malformed("a NUL in a PAX key", "BF-7.3", "TREE_EXTENSION_INVALID", pax({ "pa\0th": "x" }), evil("harmless")),
  malformed("a file that is called like a directory", "BF-7.2", "TREE_NAME_INVALID", evil("usr/")),
  malformed("a name of 256 bytes", "NAME_MAX", "TREE_NAME_TOO_LONG", pax({ path: "n".repeat(256) }), evil("x")),
  legal("a name of 255 bytes", "NAME_MAX", [`${"n".repeat(255)}: x`], [pax({ path: "n".repeat(255) }), file("x")]),
  malformed("a path beyond PATH_MAX", TARFILE, "TREE_NAME_TOO_LONG", pax({ path: "d/".repeat(2048) }), directory("x")),
  malformed(
    "a path of 300 names",
    "GHSA-r292-9mhp-454m (node-tar)",
    "TREE_TOO_DEEP",
    pax({ path: "d/".repeat(300) }),
    directory("x"),
  ),
  malformed(
    "a GNU long name of 50,000 names",
    "GHSA-r292-9mhp-454m (node-tar)",
    "TREE_NAME_TOO_LONG",
    gnuLong("L", "d/".repeat(50_000)),
    directory("x"),
  ),
  legal("a name that is not UTF-8", "BF-7.2", ["\xff\xfe\xc0\xaf: x"], [file("\xff\xfe\xc0\xaf")]),
  legal("an overlong UTF-8 slash", "CVE-2000-0884 (IIS)", ["..\xc0\xafetc: x"], [file("..\xc0\xafetc")]),
  legal(
    "a name with backslashes",
    "CVE-2021-37701 (node-tar)",
    ["..\\..\\etc\\passwd: x"],
    [file("..\\..\\etc\\passwd")],
  ),
  legal("a drive letter", "CVE-2021-37713 (node-tar)", ["C:..\\x: x"], [file("C:..\\x")]),
  legal(
    "names that differ in case only",
    "CVE-2021-37712 (node-tar)",
    ["A: 1", "a: 2"],
    [file("A", "1"), file("a", "2")],
  ),
  legal(
    "a link and a directory whose names differ in case only",
    "CVE-2021-37701 (node-tar)",
    ["LIB -> /etc", "lib/ (implied)", "lib/x: 1"],
    [symlink("LIB", "/etc"), file("lib/x", "1")],
  ),
  legal(
    "names that one form of Unicode makes the same",
    "CVE-2026-23950 (node-tar)",
    ["caf\xc3\xa9 -> /etc", "cafe\xcc\x81/ (implied)", "cafe\xcc\x81/x: 1"],
    [symlink("caf\xc3\xa9", "/etc"), file("cafe\xcc\x81/x", "1")],
  ),
  legal(
    "sharp s and ss",
    "CVE-2026-23950 (node-tar)",
    ["\xc3\x9f -> /etc", "ss/ (implied)", "ss/x: 1"],
    [symlink("\xc3\x9f", "/etc"), file("ss/x", "1")],
  ),
  legal("terminal escapes and line breaks in a name", "BF-7.2", ["\x1b[2J\n: x"], [file("\x1b[2J\n")]),
];
