/** Layers that attack how trees are merged: marks of deletion, entries that come twice, special files, mount points. */
import { archive, base256, GNU, pax } from "../unit/tree/tar-bytes.ts";
import { device, directory, evil, file, type HostileLayer, legal, malformed, symlink, unfit } from "./hostile-layer.ts";

const WHITEOUTS = "OCI layer.md, Whiteouts";
const BANGER = "CVE-2014-6407 class: deletion through a link";

const MARKS: readonly HostileLayer[] = [
  malformed("a whiteout that climbs", WHITEOUTS, "TREE_NAME_PARENT", file("../.wh.etc", "")),
  unfit("a whiteout of ..", WHITEOUTS, "TREE_WHITEOUT_INVALID", [file("usr/.wh...", "")]),
  unfit("a whiteout of .", WHITEOUTS, "TREE_WHITEOUT_INVALID", [file(".wh..", "")]),
  unfit("a whiteout of nothing", WHITEOUTS, "TREE_WHITEOUT_INVALID", [file("usr/.wh.", "")]),
  unfit("a file below a whiteout", WHITEOUTS, "TREE_WHITEOUT_INVALID", [evil(".wh.etc/passwd")]),
  unfit("a file below an opaque whiteout", WHITEOUTS, "TREE_WHITEOUT_INVALID", [evil(".wh..wh..opq/passwd")]),
  unfit(
    "a whiteout below a link",
    BANGER,
    "TREE_THROUGH_SYMLINK",
    [file("e/.wh.passwd", "")],
    [archive(symlink("e", "/etc"))],
  ),
  unfit("a whiteout below a link of its layer", BANGER, "TREE_THROUGH_SYMLINK", [
    symlink("e", "/etc"),
    file("e/.wh.passwd", ""),
  ]),
  unfit(
    "an opaque whiteout below a link",
    BANGER,
    "TREE_THROUGH_SYMLINK",
    [file("e/.wh..wh..opq", "")],
    [archive(symlink("e", "/etc"))],
  ),
  unfit("a whiteout below a file", WHITEOUTS, "TREE_PARENT_NOT_DIRECTORY", [file("f/.wh.x", "")], [archive(file("f"))]),
  legal(
    "a whiteout of a link's target by the link's name",
    BANGER,
    ["t: x"],
    [file(".wh.l", "")],
    [archive(file("t"), symlink("l", "t"))],
  ),
  legal("a whiteout of what is not there", WHITEOUTS, ["x: x"], [file("no/where/.wh.x", "")], [archive(file("x"))]),
  legal(
    "an opaque whiteout of the root",
    WHITEOUTS,
    ["new: x"],
    [file("new"), file(".wh..wh..opq", "")],
    [archive(file("old"))],
  ),
  legal(
    "an opaque whiteout after the entries that stay",
    WHITEOUTS,
    ["d/", "d/new: x"],
    [directory("d"), file("d/new"), file("d/.wh..wh..opq", "")],
    [archive(file("d/old"))],
  ),
  legal("an opaque whiteout where nothing is", WHITEOUTS, ["x: x"], [file("d/.wh..wh..opq", "")], [archive(file("x"))]),
  legal("a whiteout of its own layer's file", WHITEOUTS, ["x: x"], [file("x"), file(".wh.x", "")]),
  legal("a whiteout of a whiteout", WHITEOUTS, ["x: x"], [file(".wh..wh.x", "")], [archive(file("x"))]),
  legal("a whiteout that is a directory", WHITEOUTS, ["y: x"], [directory(".wh.x")], [archive(file("x"), file("y"))]),
  legal(
    "a whiteout that is a link to elsewhere",
    WHITEOUTS,
    ["y: x"],
    [symlink(".wh.x", "/etc/passwd")],
    [archive(file("x"), file("y"))],
  ),
  legal("a whiteout with content", WHITEOUTS, ["y: x"], [evil(".wh.x")], [archive(file("x"), file("y"))]),
  legal("files of AUFS", "AUFS", ["y: x"], [evil(".wh..wh.aufs"), evil(".wh..wh.plnk/1.2")], [archive(file("y"))]),
  legal("a name with .wh. in its middle", WHITEOUTS, ["a.wh.b: x"], [file("a.wh.b")]),
  unfit("overlayfs's mark of a deleted file", "overlayfs.rst", "TREE_DEVICE_WHITEOUT", [device("gone", "3", 0, 0)]),
];

const REPLACED: readonly HostileLayer[] = [
  legal("one name twice", "BF-7.6", ["x: 2"], [file("x", "1"), file("x", "2")]),
  legal("one name as file, link and directory", "BF-7.6", ["x/"], [file("x"), symlink("x", "/etc"), directory("x")]),
  legal(
    "a directory that becomes a file with all that was in it",
    "BF-7.6",
    ["d: x"],
    [file("d")],
    [archive(file("d/a"), file("d/b/c"))],
  ),
  legal(
    "a directory that becomes a link",
    "CVE-2025-68156 class: replaced directory",
    ["d -> /etc"],
    [symlink("d", "/etc")],
    [archive(file("d/a"))],
  ),
  unfit(
    "a directory that becomes a link, and a file in it",
    "frostyard/nbc#85",
    "TREE_THROUGH_SYMLINK",
    [symlink("d", "/etc"), evil("d/passwd")],
    [archive(file("d/a"))],
  ),
  unfit(
    "a link that takes the place of a directory between two files",
    "CVE-2021-32803 (node-tar)",
    "TREE_THROUGH_SYMLINK",
    [file("d/a"), symlink("d", "/tmp"), evil("d/escaped")],
  ),
  unfit("a file below a file", "BF-7.6", "TREE_PARENT_NOT_DIRECTORY", [file("f"), evil("f/x")]),
  unfit(
    "a file below a lower layer's file",
    "BF-7.6",
    "TREE_PARENT_NOT_DIRECTORY",
    [evil("f/x")],
    [archive(file("f"))],
  ),
  unfit("a file below a device", "BF-7.6", "TREE_PARENT_NOT_DIRECTORY", [device("n", "3", 1, 3), evil("n/x")]),
  unfit("a root that is a file", "BF-7.2", "TREE_ROOT_NOT_DIRECTORY", [file("./.")]),
  unfit("a root that is a device", "BF-7.2", "TREE_ROOT_NOT_DIRECTORY", [device(".", "3", 1, 3)]),
  legal(
    "a root that belongs to somebody and that everybody may write to",
    "BF-7.11",
    [". has mode 1777, owner 1000:0, time 0", "x: x"],
    [directory("./", { mode: "0001777\0", uid: "0001750\0" }), file("x")],
  ),
];

const SPECIAL: readonly HostileLayer[] = [
  legal("a device node", "BF-7.4", ["null character-device 1:3"], [device("null", "3", 1, 3)]),
  legal("a disk", "BF-7.4", ["sda block-device 8:0"], [device("sda", "4", 8, 0)]),
  legal("memory", "CVE-2014-9357 class: raw devices", ["mem character-device 1:1"], [device("mem", "3", 1, 1)]),
  legal("a block device 0:0", "BF-7.4", ["x block-device 0:0"], [device("x", "4", 0, 0)]),
  legal("a FIFO, which would stop whoever opens it", "BF-7.4", ["p fifo"], [file("p", "", { type: "6" })]),
  malformed(
    "a device whose number takes 33 bits",
    "BF-7.4",
    "TREE_NUMBER_INVALID",
    file("x", "", { type: "4", magic: GNU, minor: base256(2n ** 33n, 8) }),
  ),
  unfit("a file in the place of /proc", "BF-7.12", "TREE_MOUNT_POINT_INVALID", [evil("proc")]),
  unfit("a device in the place of /dev", "BF-7.12", "TREE_MOUNT_POINT_INVALID", [device("dev", "3", 1, 1)]),
  legal("a link in the place of /run", "BF-7.12", ["run -> /etc"], [symlink("run", "/etc")]),
  legal(
    "files in the place of the kernel's",
    "CVE-2019-16884 (runc)",
    ["proc/ (implied)", "proc/self/ (implied)", "proc/self/exe: x"],
    [file("proc/self/exe")],
  ),
  unfit("an access control list that is none", "BF-7.13", "TREE_XATTR_INVALID", [
    pax({ "SCHILY.xattr.system.posix_acl_access": "everybody" }),
    evil("x"),
  ]),
];

export const TREES: readonly HostileLayer[] = [...MARKS, ...REPLACED, ...SPECIAL];
