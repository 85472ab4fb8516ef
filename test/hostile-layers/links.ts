/** Layers that reach for what is outside of the tree through symbolic and hard links. */
import { archive, gnuLong, pax } from "../unit/tree/tar-bytes.ts";
import {
  device,
  directory,
  evil,
  file,
  type HostileLayer,
  hardlink,
  legal,
  malformed,
  symlink,
  TARGET,
  UP,
  unfit,
} from "./hostile-layer.ts";

const NBC_85 = "frostyard/nbc#85";
const NBC_86 = "frostyard/nbc#86";
const NODE_TAR_23745 = "CVE-2026-23745 (node-tar)";
const NODE_TAR_24842 = "CVE-2026-24842 (node-tar)";
const NODE_TAR_26960 = "CVE-2026-26960 (node-tar)";
const NODE_TAR_29786 = "CVE-2026-29786 (node-tar)";
const DOCKER_6407 = "CVE-2014-6407 (docker)";
const UMOCI = "CVE-2021-29136 (umoci)";

const SYMLINKS: readonly HostileLayer[] = [
  unfit("a file below a link of its layer", NBC_85, "TREE_THROUGH_SYMLINK", [
    symlink("usr/lib/x", "/etc"),
    evil("usr/lib/x/cron.d/pwn"),
  ]),
  unfit(
    "a file below a link of a lower layer",
    NBC_85,
    "TREE_THROUGH_SYMLINK",
    [evil("x/cron.d/pwn")],
    [archive(symlink("x", "/etc"))],
  ),
  unfit("a file below a relative link", DOCKER_6407, "TREE_THROUGH_SYMLINK", [symlink("x", UP), evil(`x${TARGET}`)]),
  unfit("a file below two links", DOCKER_6407, "TREE_THROUGH_SYMLINK", [
    symlink("a", "b"),
    symlink("b", "/tmp"),
    evil("a/escaped"),
  ]),
  unfit("a file below a link to the link itself", "path_resolution(7)", "TREE_THROUGH_SYMLINK", [
    symlink("a", "a"),
    evil("a/escaped"),
  ]),
  unfit("a file below a link within the tree", "BF-7.6", "TREE_THROUGH_SYMLINK", [
    directory("usr"),
    symlink("bin", "usr"),
    evil("bin/sh"),
  ]),
  unfit("a directory below a link", "CVE-2019-16884 (runc)", "TREE_THROUGH_SYMLINK", [
    symlink("proc", "/tmp"),
    directory("proc/self"),
  ]),
  unfit("a link below a link", "CVE-2021-30465 (runc)", "TREE_THROUGH_SYMLINK", [
    symlink("a", "/"),
    symlink("a/b", "/etc"),
  ]),
  unfit("a device below a link", DOCKER_6407, "TREE_THROUGH_SYMLINK", [
    symlink("d", "/dev"),
    device("d/sda", "4", 8, 0),
  ]),
  unfit("a link that hides behind an empty component", "CVE-2026-31802 (node-tar)", "TREE_THROUGH_SYMLINK", [
    symlink("a", "/tmp"),
    evil("./a//./escaped"),
  ]),
  legal("a link out of the tree", NODE_TAR_23745, [`out -> ${TARGET}`], [symlink("out", TARGET)]),
  legal("a link that climbs", "google/go-containerregistry#2227", [`out -> ${UP}/etc`], [symlink("out", `${UP}/etc`)]),
  legal("a file in the place of a link", NODE_TAR_23745, ["out: x"], [symlink("out", TARGET), file("out")]),
  legal(
    "a file in the place of a lower layer's link",
    "CVE-2024-9676 (containers/storage)",
    ["etc/ (implied)", "etc/passwd: x"],
    [file("etc/passwd")],
    [archive(symlink("etc/passwd", TARGET))],
  ),
  legal(
    "a directory in the place of a link, and a file in it",
    "CVE-2021-32803 (node-tar)",
    ["x/", "x/y: 1"],
    [symlink("x", "/etc"), directory("x"), file("x/y", "1")],
  ),
  unfit("a root that is a link", UMOCI, "TREE_ROOT_NOT_DIRECTORY", [symlink(".", "/etc"), evil("passwd")]),
  unfit("a root by the name of / that is a link", UMOCI, "TREE_ROOT_NOT_DIRECTORY", [
    symlink("./.", "/etc"),
    evil("passwd"),
  ]),
  malformed("a root link that ends like a directory", UMOCI, "TREE_NAME_INVALID", symlink("/", "/etc")),
  malformed("a link to nothing", "BF-7.4", "TREE_SYMLINK_INVALID", symlink("x", "")),
  malformed(
    "a link to 4096 bytes",
    "PATH_MAX",
    "TREE_SYMLINK_INVALID",
    pax({ linkpath: "x".repeat(4096) }),
    symlink("x", "y"),
  ),
  malformed("a NUL in a link", "BF-7.4", "TREE_SYMLINK_INVALID", pax({ linkpath: "x\0/etc" }), symlink("x", "y")),
];

const HARDLINKS: readonly HostileLayer[] = [
  malformed("a hard link that climbs", NBC_86, "TREE_NAME_PARENT", hardlink("loot", `${UP}/etc/shadow`)),
  malformed(
    "a hard link that climbs from within",
    NODE_TAR_24842,
    "TREE_NAME_PARENT",
    hardlink("a/b/loot", `a/${UP}/etc/shadow`),
  ),
  malformed(
    "a PAX hard link that climbs",
    NODE_TAR_24842,
    "TREE_NAME_PARENT",
    pax({ linkpath: `${UP}/etc/shadow` }),
    hardlink("loot", "x"),
  ),
  malformed(
    "a GNU long link that climbs",
    NODE_TAR_24842,
    "TREE_NAME_PARENT",
    gnuLong("K", `${UP}/etc/shadow`),
    hardlink("loot", "x"),
  ),
  malformed("an absolute hard link", NODE_TAR_23745, "TREE_NAME_ABSOLUTE", hardlink("loot", "/etc/shadow")),
  unfit("a hard link to a drive", NODE_TAR_29786, "TREE_LINK_TARGET_MISSING", [hardlink("loot", "C:x")]),
  unfit("a hard link to what is not in the image", NBC_86, "TREE_LINK_TARGET_MISSING", [
    hardlink("loot", "etc/shadow"),
  ]),
  unfit("a hard link to a file that comes later", "BF-7.8", "TREE_LINK_TARGET_MISSING", [
    hardlink("a", "b"),
    file("b"),
  ]),
  unfit("a hard link to itself", "BF-7.8", "TREE_LINK_TARGET_MISSING", [hardlink("a", "a")]),
  unfit("a hard link through a link", "CVE-2021-32760 (containerd)", "TREE_THROUGH_SYMLINK", [
    symlink("e", "/etc"),
    hardlink("loot", "e/shadow"),
  ]),
  unfit(
    "a hard link through a lower layer's link",
    NODE_TAR_26960,
    "TREE_THROUGH_SYMLINK",
    [hardlink("loot", "e/shadow")],
    [archive(symlink("e", "/etc"))],
  ),
  unfit("a hard link through a chain of links", NODE_TAR_26960, "TREE_THROUGH_SYMLINK", [
    symlink("a/b/c/up", "../.."),
    symlink("a/b/escape", "c/up/../.."),
    hardlink("exfil", "a/b/escape/secret"),
  ]),
  unfit("a hard link below a link", NODE_TAR_26960, "TREE_THROUGH_SYMLINK", [
    file("f"),
    symlink("e", "/etc"),
    hardlink("e/f", "f"),
  ]),
  unfit("a hard link to a directory", "BF-7.8", "TREE_LINK_TO_DIRECTORY", [directory("d"), hardlink("h", "d")]),
  unfit("a hard link to the root", "BF-7.8", "TREE_LINK_TO_DIRECTORY", [hardlink("h", ".")]),
  unfit("a hard link through a file", "BF-7.8", "TREE_PARENT_NOT_DIRECTORY", [file("f"), hardlink("h", "f/x")]),
  unfit(
    "a file below a hard link to a link",
    NODE_TAR_26960,
    "TREE_THROUGH_SYMLINK",
    [evil("h/escaped")],
    [archive(symlink("s", "/tmp"), hardlink("h", "s"))],
  ),
  legal(
    "a hard link to an earlier layer's link, and a file in its place",
    "CVE-2021-32760 (containerd)",
    ["h: x", "s -> /etc/shadow"],
    [hardlink("h", "s"), file("h")],
    [archive(symlink("s", "/etc/shadow"))],
  ),
  legal(
    "a hard link to an earlier layer's link",
    "CVE-2021-32760 (containerd)",
    ["h -> /etc/shadow #1", "s -> /etc/shadow #1"],
    [hardlink("h", "s")],
    [archive(symlink("s", "/etc/shadow"))],
  ),
  legal(
    "a hard link whose mode and owner are not those of its file",
    "CVE-2026-4360 (CPython tarfile)",
    ["f: x #1", "h: x #1"],
    [file("f"), evilLink()],
  ),
];

/** A hard link whose header asks for set-user-id and another owner: the inode is not changed by it. */
function evilLink(): Buffer {
  return file("h", "", { type: "1", linkName: "f", mode: "0006777\0", uid: "0001750\0" });
}

export const LINKS: readonly HostileLayer[] = [...SYMLINKS, ...HARDLINKS];
