import { describe, expect, it } from "vitest";
import { utf8ToByteString } from "../../../src/path.ts";
import type { TreeNode } from "../../../src/tree/node.ts";
import { formatTreePath, parseTreePath } from "../../../src/tree/tree-path.ts";
import { findNode, resolveNode, walkTree } from "../../../src/tree/walk.ts";
import { directory, inlineFile, symlink } from "../../support/tree-fixtures.ts";

const links = Array.from(
  { length: 41 },
  (_, index) => [`l${index}`, symlink(index === 0 ? "etc/hosts" : `l${index - 1}`)] as const,
);
const tree = directory({
  etc: directory({ hosts: inlineFile("hosts"), mtab: symlink("../proc/mounts"), up: symlink("../../../..") }),
  bin: symlink("usr/bin"),
  usr: directory({ bin: directory({ sh: symlink("dash"), dash: inlineFile("dash"), é: inlineFile("é") }) }),
  abs: symlink("/usr/bin/sh"),
  loop: symlink("loop"),
  ...Object.fromEntries(links),
});

const textOf = (node: TreeNode | undefined) =>
  node?.kind === "file" && node.content.kind === "inline" ? Buffer.from(node.content.bytes).toString() : node?.kind;

describe("a node", () => {
  it.each([
    ["etc/hosts", "hosts"],
    ["bin", "symlink"],
    ["bin/sh", undefined],
    [".", "directory"],
    ["etc/hosts/x", undefined],
    ["nothing", undefined],
  ])("is found at %s without following links: %s", (path, expected) => {
    expect(textOf(findNode(tree, parseTreePath(utf8ToByteString(path))))).toBe(expected);
  });

  it.each([
    ["/etc/hosts", "hosts"],
    ["etc//./hosts", "hosts"],
    ["/", "directory"],
    ["", "directory"],
    ["/bin/sh", "dash"],
    ["/abs", "dash"],
    ["/bin/é", "é"],
    ["/bin/../bin/dash", "dash"],
    ["/../../etc/hosts", "hosts"],
    ["/etc/up/etc/hosts", "hosts"],
    ["/etc/mtab", undefined],
    ["/etc/hosts/..", undefined],
    ["/etc/hosts/x", undefined],
    ["/loop", undefined],
    ["/l39", "hosts"],
    ["/l40", undefined],
  ])("is what a process in the tree would open at %s: %s", (path, expected) => {
    expect(textOf(resolveNode(tree, path))).toBe(expected);
  });
});

it("visits parents before children, in the order of their directories", () => {
  const small = directory({ b: directory({ d: inlineFile(""), c: directory() }), a: inlineFile("") });
  expect([...walkTree(small)].map(({ path }) => formatTreePath(path))).toEqual([".", "b", "b/d", "b/c", "a"]);
});
