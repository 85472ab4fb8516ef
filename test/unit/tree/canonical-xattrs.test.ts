import { describe, expect, it } from "vitest";
import { canonicalXattrs } from "../../../src/tree/canonical-xattrs.ts";
import type { TreeNode } from "../../../src/tree/node.ts";
import { xattrs } from "../../support/tree-fixtures.ts";
import { codeOf } from "./parse-archive.ts";

const ACL = "\x02\0\0\0\x01\0\x06\0\xff\xff\xff\xff";
const kept = (kind: TreeNode["kind"], values: Record<string, string>) => [
  ...canonicalXattrs(kind, xattrs(values), () => "it").keys(),
];

describe("an extended attribute of a canonical tree", () => {
  it.each<[TreeNode["kind"], string[]]>([
    ["file", ["security.capability", "system.posix_acl_access", "user.a", "user.overlay2"]],
    ["directory", ["system.posix_acl_access", "system.posix_acl_default", "user.a", "user.overlay2"]],
    ["symlink", []],
    ["character-device", ["system.posix_acl_access"]],
    ["block-device", ["system.posix_acl_access"]],
    ["fifo", ["system.posix_acl_access"]],
  ])("of a %s is one of %j", (kind, names) => {
    const all = {
      "security.capability": "x",
      "system.posix_acl_access": ACL,
      "system.posix_acl_default": ACL,
      "user.a": "1",
      "user.overlay2": "1",
      "user.": "1",
      "user.overlay.opaque": "y",
      "trusted.overlay.opaque": "y",
      "trusted.a": "1",
      "security.selinux": "label",
      "security.ima": "x",
      "security.evm": "x",
      "lustre.lov": "x",
      plain: "x",
    };
    expect(kept(kind, all)).toEqual(names);
  });

  it.each(["", "\x02\0\0", "\x01\0\0\0", `${ACL}\0`, "u::rw-"])(
    "is refused as an access control list: %j (BF-7.13)",
    (value) => {
      expect(codeOf(() => kept("file", { "system.posix_acl_access": value }))).toBe("TREE_XATTR_INVALID");
      expect(codeOf(() => kept("directory", { "system.posix_acl_default": value }))).toBe("TREE_XATTR_INVALID");
      expect(kept("symlink", { "system.posix_acl_access": value })).toEqual([]);
    },
  );

  it("is in the same map when all stay", () => {
    const all = xattrs({ "user.a": "1" });
    expect(canonicalXattrs("file", all, () => "it")).toBe(all);
  });
});
