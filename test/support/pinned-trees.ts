/**
 * Small trees, each with one thing that images must get right, and the sha256 of the image that `mkcomposefs
 * --min-version=1 --from-file` (composefs 1.0.8) makes of them.
 */
import type { DirectoryNode } from "../../src/tree/node.ts";
import {
  blockDevice,
  characterDevice,
  directory,
  fifo,
  inlineFile,
  objectFile,
  symlink,
  xattrs,
} from "./tree-fixtures.ts";

export interface PinnedTree {
  readonly title: string;
  readonly tree: DirectoryNode;
  readonly imageSha256: string;
}

const linked = objectFile("ab", 5000, { mtimeSeconds: 7 });
const linkedLink = symlink("target");
const ACCESS_ACL = "\x02\0\0\0\x01\0\x06\0\xff\xff\xff\xff\x04\0\x04\0\xff\xff\xff\xff";
const children = (count: number, prefix: string) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, inlineFile(`${index}`)]));

export const PINNED_TREES: readonly PinnedTree[] = [
  {
    title: "an empty root",
    tree: directory(),
    imageSha256: "18e13c704e2aae7f84be9fda89fdc4c5001c184d279b90a93434e872e5e7c190",
  },
  {
    title: "every type of file",
    tree: directory({
      "block-device": blockDevice(259, 1_048_575),
      "character-device": characterDevice(4095, 256, { mode: 0o620, gid: 5 }),
      directory: directory({ sub: directory({}, { mode: 0o1777 }) }, { mode: 0o2755 }),
      empty: inlineFile(""),
      fifo: fifo({ mode: 0o600 }),
      inline: inlineFile("x".repeat(64)),
      object: objectFile("5a", 65, { mode: 0o4755 }),
      symlink: symlink("/target"),
    }),
    imageSha256: "ab4adecc3737ca3ea972591dfaf0d6272301d10677075901ab8e85fe6fa74fd8",
  },
  {
    title: "sizes of objects around the sizes of chunks",
    tree: directory(
      Object.fromEntries(
        [65, 4095, 4096, 4097, 8192, 8193, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 1, 2 ** 43].map((size, index) => [
          `size-${size}`,
          objectFile(`c${index}`, size),
        ]),
      ),
    ),
    imageSha256: "df38d1936f674ca62bc665a932161df377ed8335605ec8b1f507aa999219735a",
  },
  {
    title: "hard links, the first name deeper than the others",
    tree: directory({
      "a-directory": directory({ deep: directory({ first: linked, "first-link": linkedLink }) }),
      "b-second": linked,
      "c-directory": directory({ third: linked, "second-link": linkedLink }),
      "d-other": inlineFile("other"),
    }),
    imageSha256: "2a3af6ebe2881206748c00c22a7cddbf2f3eb1168f529b6d8a5bfc92d06dbe90",
  },
  {
    title: "owners, times and modes at their bounds",
    tree: directory(
      {
        "before-1970": inlineFile("1", { mtimeSeconds: -1 }),
        "far-before": inlineFile("2", { mtimeSeconds: -(2 ** 40) }),
        "far-after": inlineFile("3", { mtimeSeconds: 2 ** 40 }),
        "large-owner": inlineFile("4", { uid: 65_536, gid: 65_535, mtimeSeconds: -(2 ** 40) }),
        "largest-owner": inlineFile("5", { uid: 0xffff_fffe, gid: 0xffff_fffe }),
        "no-mode": inlineFile("6", { mode: 0 }),
        "all-modes": inlineFile("7", { mode: 0o7777 }),
      },
      { uid: 3, gid: 4, mtimeSeconds: 5 },
    ),
    imageSha256: "6b857032730eea957b866f44d3073beeabb25859e2716c98bc8c98cc587759ec",
  },
  {
    title: "names whose bytes come before the dots, and names of object directories",
    tree: directory({
      "+plus": inlineFile("1"),
      "-minus": inlineFile("2"),
      "...": inlineFile("3"),
      "..x": inlineFile("4"),
      ".x": inlineFile("5"),
      "00": directory({ "+": inlineFile("") }),
      ff: inlineFile("6"),
      "a=b c\\d": inlineFile("7"),
      é: inlineFile("8"),
      ["n".repeat(255)]: inlineFile("9"),
    }),
    imageSha256: "9e70bf6b6cbc56ef3a1fd4c114aa37d0cc379c37fd47a160430c2921b43f32c7",
  },
  {
    title: "directories of one, many and full blocks",
    tree: directory({
      few: directory(children(100, "f")),
      half: directory(children(120, "file-")),
      more: directory(children(1000, "a-longer-name-of-a-file-")),
    }),
    imageSha256: "be004db79a1ea601469eb57489318f5d6516f36e308ccd04eaf8638aeb09e033",
  },
  {
    title: "symbolic links that fill a block, and more",
    tree: directory({
      ...Object.fromEntries(
        [3900, 4031, 4032, 4063, 4064, 4095].map((size) => [`l${size}`, symlink("t".repeat(size))]),
      ),
      late: symlink("t".repeat(4000), { mtimeSeconds: 1 }),
      later: symlink("t".repeat(4050), { mtimeSeconds: 1 }),
      short: symlink("t"),
    }),
    imageSha256: "bb91468972ff3892fbae8d0f3b7d4261206d7ad4dfa4b5717ae3f1b5e59fb86b",
  },
  {
    title: "extended attributes, shared and not",
    tree: directory(
      {
        a: inlineFile("1", {
          xattrs: xattrs({ "user.a": "shared", "user.b": "own", "security.capability": "\x01\0\xff" }),
        }),
        b: inlineFile("2", { xattrs: xattrs({ "user.a": "shared", "user.c": "", "lustre.lov": "no prefix" }) }),
        c: objectFile("11", 100, { xattrs: xattrs({ "user.a": "shared", "user.b": "other" }) }),
        d: objectFile("11", 100),
        e: symlink("x", { xattrs: xattrs({ "security.selinux": "label" }) }),
        f: directory({}, { xattrs: xattrs({ "user.large": "x".repeat(9000), "user.a": "longer than shared" }) }),
        g: directory({}, { xattrs: xattrs({ "user.a": "longer than shared" }) }),
        h: symlink("y", { xattrs: xattrs({ "security.large": "x".repeat(5000) }) }),
      },
      { xattrs: xattrs({ "security.selinux": "label", "trusted.x": "1" }) },
    ),
    imageSha256: "67fcf6ed746f9b2e79bf21bd1522e95c673942e95030278dba0ab7ef27ac91f3",
  },
  {
    title: "access control lists",
    tree: directory({
      a: inlineFile("1", { xattrs: xattrs({ "system.posix_acl_access": ACCESS_ACL }) }),
      b: directory({}, { xattrs: xattrs({ "system.posix_acl_default": ACCESS_ACL }) }),
    }),
    imageSha256: "db2a3a5e43b7ad67a949d5ca125f05a83f93c04d599f8c93251d73c27ba3c9bf",
  },
  {
    title: "more shared attributes than one inode may refer to",
    tree: directory(
      Object.fromEntries(
        ["a", "b"].map((name) => [
          name,
          inlineFile(name, {
            xattrs: xattrs(Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`user.${index}`, "same"]))),
          }),
        ]),
      ),
    ),
    imageSha256: "25a2d48fd58a605d3a7de0c580ae86696c8337286df3c923f63490e01655301a",
  },
];
