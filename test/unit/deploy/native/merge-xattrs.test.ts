import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isCarried, isSameXattr, mergeXattrs } from "../../../../src/deploy/native/merge-xattrs.ts";
import type { PlainNode } from "../../../../src/deploy/native/plain-tree.ts";
import { formatXattrArchive } from "../../../../src/deploy/native/xattr-archive.ts";
import { hasXattrs } from "../../../../src/deploy/native/xattrs.ts";
import { bytesToString, utf8ToByteString } from "../../../../src/path.ts";
import type { TarEntry } from "../../../../src/tree/tar-entry.ts";
import { TarParser } from "../../../../src/tree/tar-parser.ts";

type Named = Readonly<Record<string, string>>;

const named = (xattrs: Named) =>
  new Map(Object.entries(xattrs).map(([name, value]) => [utf8ToByteString(name), Buffer.from(value)]));
const shown = (xattrs: ReadonlyMap<string, Uint8Array>) =>
  Object.fromEntries([...xattrs].map(([name, value]) => [name, Buffer.from(value).toString()]));

function file(text: string, xattrs: Named = {}): PlainNode {
  const metadata = { mode: 0o644, uid: 0, gid: 0, mtimeSeconds: 0, xattrs: named(xattrs) };
  return { kind: "file", metadata, fingerprint: `file ${text}`, content: { from: "memory", bytes: Buffer.from(text) } };
}
const link: PlainNode = { ...file(""), kind: "symlink", fingerprint: "symlink x", target: utf8ToByteString("x") };

describe("extended attributes in a merge of /etc", () => {
  it.each<[string, { old?: PlainNode; local?: PlainNode; fresh?: PlainNode; merged: PlainNode }, Named]>([
    ["come with the image", { fresh: file("1", { "user.a": "1" }), merged: file("1") }, { "user.a": "1" }],
    [
      "stay on a file of the device's own",
      { local: file("x", { "user.a": "1" }), merged: file("x") },
      { "user.a": "1" },
    ],
    [
      "that the device has set go onto the image's new content",
      { old: file("1"), local: file("1", { "user.a": "x" }), fresh: file("2"), merged: file("2") },
      { "user.a": "x" },
    ],
    [
      "that the device has changed win over the image's",
      {
        old: file("1", { "user.a": "1" }),
        local: file("1", { "user.a": "x" }),
        fresh: file("1", { "user.a": "2" }),
        merged: file("1"),
      },
      { "user.a": "x" },
    ],
    [
      "that only the image has changed, or dropped, are as the image says",
      {
        old: file("1", { "user.a": "1", "user.gone": "1" }),
        local: file("1", { "user.a": "1", "user.gone": "1" }),
        fresh: file("1", { "user.a": "2" }),
        merged: file("1"),
      },
      { "user.a": "2" },
    ],
    [
      "stay on a file that the new image has no more",
      { old: file("1", { "user.a": "1" }), local: file("x", { "user.a": "1" }), merged: file("x") },
      { "user.a": "1" },
    ],
    [
      "that are not there, and perhaps never could be, are set again",
      { old: file("1", { "user.a": "1" }), local: file("1"), fresh: file("1", { "user.a": "1" }), merged: file("1") },
      { "user.a": "1" },
    ],
    [
      "that give rights to a program do not go onto another one",
      {
        old: file("1"),
        local: file("1", { "security.capability": "c", "security.selinux": "s" }),
        fresh: file("2"),
        merged: file("2"),
      },
      { "security.selinux": "s" },
    ],
    [
      "of the image that give rights to a program do not go onto the device's",
      {
        old: file("1"),
        local: file("x", { "security.capability": "mine" }),
        fresh: file("2", { "security.capability": "c" }),
        merged: file("x"),
      },
      { "security.capability": "mine" },
    ],
    [
      "of a file are none of the link in its place",
      { old: link, local: file("x", { "user.a": "1" }), fresh: link, merged: link },
      {},
    ],
  ])("%s", (_, { merged, old, local, fresh }, expected) => {
    expect(shown(mergeXattrs({ old, local, fresh }, merged))).toEqual(expected);
  });

  it.each([
    ["system.posix_acl_access", true],
    ["system.posix_acl_default", true],
    ["user.x", true],
    ["security.selinux", true],
    ["security.evm", false],
    ["trusted.overlay.origin", false],
    ["user.overlay.whiteout", false],
    ["system.nfs4_acl", false],
  ])("are carried along, or not: %s %s", (name, expected) => {
    expect(isCarried(utf8ToByteString(name))).toBe(expected);
  });
});

const ACL = utf8ToByteString("system.posix_acl_access");

/** Tag and rights of each entry, as the kernel keeps them. */
function acl(...entries: readonly (readonly [tag: number, rights: number])[]): Buffer {
  const bytes = Buffer.alloc(4 + 8 * entries.length);
  bytes.writeUInt32LE(2);
  for (const [at, [tag, rights]] of entries.entries()) {
    bytes.writeUInt16LE(tag, 4 + 8 * at);
    bytes.writeUInt16LE(rights, 6 + 8 * at);
  }
  return bytes;
}

describe("access control lists", () => {
  const list = acl([0x01, 6], [0x02, 4], [0x04, 4], [0x10, 4], [0x20, 4]);
  it.each([
    [
      "are the same when only the mode of the file is another",
      acl([0x01, 7], [0x02, 4], [0x04, 4], [0x10, 6], [0x20, 0]),
      true,
    ],
    ["differ by what a user may", acl([0x01, 6], [0x02, 6], [0x04, 4], [0x10, 4], [0x20, 4]), false],
    ["differ by what the group may", acl([0x01, 6], [0x02, 4], [0x04, 0], [0x10, 4], [0x20, 4]), false],
    ["differ by one more user", acl([0x01, 6], [0x02, 4], [0x02, 4], [0x04, 4], [0x10, 4], [0x20, 4]), false],
  ])("%s", (_, other, expected) => {
    expect(isSameXattr(ACL, list, other)).toBe(expected);
  });

  it("that say no more than the mode are as good as none, which is what the kernel makes of them", () => {
    expect(isSameXattr(ACL, acl([0x01, 6], [0x04, 4], [0x20, 4]), undefined)).toBe(true);
    expect(isSameXattr(ACL, list, undefined)).toBe(false);
  });
});

describe("a tree on disk", () => {
  const tree = (xattrs: Named) => ({
    kind: "directory" as const,
    metadata: file("").metadata,
    entries: new Map([[utf8ToByteString("a"), file("1", xattrs)]]),
  });
  const found = (xattrs: Named) => new Map([[utf8ToByteString("a"), named(xattrs)]]);
  it.each<[string, Named, Named, boolean, boolean]>([
    ["has what it has to have", { "user.a": "1" }, { "user.a": "1" }, true, true],
    ["lacks one", { "user.a": "1" }, {}, true, false],
    ["has one too many", {}, { "user.a": "1" }, true, false],
    ["has another value", { "user.a": "1" }, { "user.a": "2" }, true, false],
    ["may have a label that a policy gave it", {}, { "security.selinux": "s" }, true, true],
    ["lacks a label", { "security.selinux": "s" }, {}, true, false],
    ["lacks a label that only root can set", { "security.selinux": "s" }, {}, false, true],
  ])("%s", (_, wanted, have, isRoot, expected) => {
    expect(hasXattrs(tree(wanted), found(have), isRoot)).toBe(expected);
  });
});

describe("an archive of attributes", () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
  const name = fc
    .uint8Array({ minLength: 1, maxLength: 120 })
    .map((chunk) => bytesToString(chunk.map((byte) => byte | 1)));
  const component = name.filter((text) => !/^\.{0,2}$|\//.test(text));
  it("says of any names, numbers and values what went into it", () => {
    fc.assert(
      fc.property(
        fc.array(component, { minLength: 1, maxLength: 8 }),
        fc.record({
          mode: fc.integer({ min: 0, max: 0o7777 }),
          uid: fc.integer({ min: 0, max: 0xffff_fffe }),
          gid: fc.integer({ min: 0, max: 0xffff_fffe }),
          mtimeSeconds: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
          xattrs: fc
            .array(
              fc.tuple(
                name.filter((text) => !text.includes("=")),
                bytes,
              ),
              { maxLength: 5 },
            )
            .map((pairs) => new Map(pairs)),
        }),
        fc.constantFrom("file" as const, "directory" as const),
        (path, metadata, kind) => {
          const seen: TarEntry[] = [];
          const parser = new TarParser({ entry: (entry) => void seen.push(entry) });
          parser.write(formatXattrArchive([{ kind, path, metadata }]));
          parser.end();
          expect(seen).toEqual([{ kind, path, metadata, ...(kind === "file" ? { sizeBytes: 0 } : {}) }]);
        },
      ),
    );
  });
});
