import { describe, expect, it } from "vitest";
import { utf8ToByteString } from "../../../src/path.ts";
import { canonicalTree } from "../../../src/tree/canonical-tree.ts";
import type { TreeNode } from "../../../src/tree/node.ts";
import { findNode, resolveNode } from "../../../src/tree/walk.ts";
import { directory, fifo, inlineFile, metadata, symlink, xattrs } from "../../support/tree-fixtures.ts";
import { codeOf } from "./parse-archive.ts";

const MOUNT_POINTS = ["dev", "proc", "run", "sys", "tmp"];
const canonical = (entries: Record<string, TreeNode>) => canonicalTree(directory(entries));
const namesOf = (node: TreeNode | undefined) => (node?.kind === "directory" ? [...node.entries.keys()] : undefined);

describe("the root of a canonical tree", () => {
  it("has the attributes of /usr, whatever a layer says of the root", () => {
    const usr = { mode: 0o775, uid: 1, gid: 2, mtimeSeconds: 3, xattrs: xattrs({ "user.a": "1", "trusted.a": "2" }) };
    const tree = canonicalTree(directory({ usr: directory({}, usr) }, { mode: 0o700, mtimeSeconds: 9 }));
    expect(tree.metadata).toEqual(metadata({ ...usr, xattrs: xattrs({ "user.a": "1" }) }));
  });

  it.each<[string, Record<string, TreeNode>]>([
    ["without /usr", {}],
    ["with a link for /usr", { usr: symlink("elsewhere", { uid: 7 }) }],
  ])("has fixed attributes %s", (_, entries) => {
    expect(canonicalTree(directory(entries, { uid: 9 })).metadata).toEqual(metadata({ mode: 0o755 }));
  });
});

describe("a mount point", () => {
  it.each(MOUNT_POINTS)("/%s is emptied and keeps its attributes", (name) => {
    const own = { mode: 0o711, uid: 5, mtimeSeconds: 6, xattrs: xattrs({ "user.a": "1" }) };
    const tree = canonical({ [name]: directory({ left: inlineFile("over"), sub: directory() }, own) });
    expect(tree.entries.get(utf8ToByteString(name))).toEqual(directory({}, own));
  });

  it("is made where there is none, with the time of the root", () => {
    const tree = canonical({ usr: directory({}, { mtimeSeconds: 42, uid: 3 }) });
    expect(namesOf(tree)).toEqual([...MOUNT_POINTS, "usr"]);
    for (const name of MOUNT_POINTS)
      expect(resolveNode(tree, name)).toEqual(
        directory({}, { mode: name === "tmp" ? 0o1777 : 0o755, mtimeSeconds: 42 }),
      );
  });

  it("stays a symbolic link, and what it leads to stays", () => {
    const tree = canonical({ tmp: symlink("var/tmp"), var: directory({ tmp: directory({ a: inlineFile("1") }) }) });
    expect(tree.entries.get(utf8ToByteString("tmp"))).toEqual(symlink("var/tmp"));
    expect(namesOf(resolveNode(tree, "var/tmp"))).toEqual(["a"]);
  });

  it.each<[string, TreeNode]>([
    ["file", inlineFile("")],
    ["FIFO", fifo()],
  ])("is refused where it is a %s", (_, node) => {
    expect(codeOf(() => canonical({ run: node }))).toBe("TREE_MOUNT_POINT_INVALID");
  });

  it("further down is a directory like any other", () => {
    expect(
      namesOf(resolveNode(canonical({ srv: directory({ tmp: directory({ a: inlineFile("") }) }) }), "srv/tmp")),
    ).toEqual(["a"]);
  });
});

describe("nodes of a canonical tree", () => {
  it("stand in the order of the bytes of their names", () => {
    const names = ["b", "a", "é", "z", "A", "a.b", "a-b"].map((name) => [name, inlineFile(name)] as const);
    const sub = resolveNode(canonical({ srv: directory(Object.fromEntries(names)) }), "srv");
    expect(namesOf(sub)).toEqual(["A", "a", "a-b", "a.b", "b", "z", "\xc3\xa9"]);
  });

  it("are links of mode 0777", () => {
    const tree = canonical({ a: symlink("x", { mode: 0o644, uid: 1 }) });
    expect(findNode(tree, [utf8ToByteString("a")])).toEqual(symlink("x", { mode: 0o777, uid: 1 }));
  });

  it("of several names stay one, also where they change", () => {
    const changed = inlineFile("1", { xattrs: xattrs({ "security.selinux": "label", "user.a": "1" }) });
    const tree = canonical({ a: changed, srv: directory({ b: changed }) });
    const first = resolveNode(tree, "a");
    expect(first).toEqual(inlineFile("1", { xattrs: xattrs({ "user.a": "1" }) }));
    expect(resolveNode(tree, "srv/b")).toBe(first);
  });

  it("are named in full where they are refused", () => {
    const broken = inlineFile("", { xattrs: xattrs({ "system.posix_acl_access": "no list" }) });
    expect(() => canonical({ srv: directory({ a: broken }) })).toThrow('of "srv/a" is no access control list');
  });

  it("that need no change are shared with the tree they came from", () => {
    const file = inlineFile("1");
    expect(resolveNode(canonical({ a: file }), "a")).toBe(file);
  });

  it("are left alone: the tree given is not changed", () => {
    const given = directory({ tmp: directory({ a: inlineFile("") }), b: symlink("c", { mode: 0o700 }) });
    canonicalTree(given);
    expect(given).toEqual(directory({ tmp: directory({ a: inlineFile("") }), b: symlink("c", { mode: 0o700 }) }));
  });

  it("are canonical: a second time changes nothing", () => {
    const once = canonical({
      run: directory({ a: fifo() }),
      usr: directory({ l: symlink("x", { mode: 0 }) }, { uid: 4 }),
    });
    expect(canonicalTree(once)).toEqual(once);
  });
});
