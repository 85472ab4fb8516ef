import { describe, expect, it } from "vitest";
import { mergeEtc } from "../../../../src/deploy/native/etc-merge.ts";
import type { PlainDirectory, PlainMetadata, PlainNode } from "../../../../src/deploy/native/plain-tree.ts";
import { type ByteString, utf8ToByteString } from "../../../../src/path.ts";

const METADATA: PlainMetadata = { mode: 0o644, uid: 0, gid: 0, mtimeSeconds: 0, xattrs: new Map() };

/** Trees in a few words: `{ a: "text", d: { b: "x" }, l: ["target"] }`; `[mode, text]` is a file with a mode. */
type Spec = { readonly [name: string]: string | readonly [string] | readonly [number, string] | Spec };

function tree(spec: Spec, mode = 0o755): PlainDirectory {
  const entries = Object.entries(spec).map(([name, value]): [ByteString, PlainNode] => [
    utf8ToByteString(name),
    node(value),
  ]);
  return { kind: "directory", metadata: { ...METADATA, mode }, entries: new Map(entries) };
}

function node(value: Spec[string]): PlainNode {
  if (typeof value === "string") return file(value, 0o644);
  if (!Array.isArray(value)) return tree(value as Spec);
  const [first, text] = value;
  if (typeof first === "number") return file(text ?? "", first);
  return { kind: "symlink", metadata: METADATA, fingerprint: `symlink ${first}`, target: utf8ToByteString(first) };
}

function file(text: string, mode: number): PlainNode {
  const content = { from: "memory" as const, bytes: Buffer.from(text) };
  return { kind: "file", metadata: { ...METADATA, mode }, fingerprint: `file ${text}`, content };
}

function specOf(directory: PlainDirectory): Spec {
  return Object.fromEntries([...directory.entries].map(([name, child]) => [name, specOfNode(child)]));
}

function specOfNode(child: PlainNode): Spec[string] {
  switch (child.kind) {
    case "directory":
      return specOf(child);
    case "symlink":
      return [child.target];
    case "special":
      return "special";
    case "file": {
      const text = child.content.from === "memory" ? Buffer.from(child.content.bytes).toString() : "?";
      return child.metadata.mode === 0o644 ? text : [child.metadata.mode, text];
    }
  }
}

function merge(old: Spec, local: Spec, fresh: Spec) {
  const { etc, conflicts } = mergeEtc(tree(old), tree(local), tree(fresh), {
    readContent: (content) => (content.from === "memory" ? content.bytes : Buffer.alloc(0)),
    isSameMetadata: (a, b) => a.mode === b.mode && a.uid === b.uid && a.gid === b.gid,
  });
  return { etc: specOf(etc), conflicts: conflicts.map(({ path, kind }) => `${path} ${kind}`) };
}

describe("mergeEtc", () => {
  it.each<[string, Spec, Spec, Spec, Spec]>([
    ["takes what the image changed", { a: "1" }, { a: "1" }, { a: "2" }, { a: "2" }],
    ["keeps what the device changed", { a: "1" }, { a: "x" }, { a: "1" }, { a: "x" }],
    ["takes what the image added", {}, {}, { a: "1" }, { a: "1" }],
    ["keeps what the device added", {}, { a: "x" }, {}, { a: "x" }],
    ["drops what the image removed", { a: "1" }, { a: "1" }, {}, {}],
    ["leaves out what the device removed", { a: "1" }, {}, { a: "1" }, {}],
    ["takes the same change of both once", { a: "1" }, { a: "2" }, { a: "2" }, { a: "2" }],
    ["keeps a mode that the device changed", { a: "1" }, { a: [0o600, "1"] }, { a: "1" }, { a: [0o600, "1"] }],
    [
      "merges below directories",
      { d: { a: "1", b: "1" } },
      { d: { a: "x", b: "1" } },
      { d: { a: "1", b: "2" } },
      { d: { a: "x", b: "2" } },
    ],
    ["keeps a directory of the device's own", {}, { d: { a: "x", e: {} } }, {}, { d: { a: "x", e: {} } }],
    ["drops a directory that the image removed and nobody changed", { d: { a: "1" } }, { d: { a: "1" } }, {}, {}],
    [
      "takes what was generated from the image",
      { "ld.so.cache": "1" },
      { "ld.so.cache": "x" },
      { "ld.so.cache": "2" },
      { "ld.so.cache": "2" },
    ],
    [
      "keeps what account tools left",
      { "passwd-": "1" },
      { "passwd-": "x", ".pwd.lock": "" },
      { "passwd-": "2", "group-": "2" },
      { "passwd-": "x", ".pwd.lock": "", "group-": "2" },
    ],
    ["keeps a link that the device changed", { l: ["a"] }, { l: ["b"] }, { l: ["a"] }, { l: ["b"] }],
    ["takes a link in place of a file", { l: "1" }, { l: "1" }, { l: ["a"] }, { l: ["a"] }],
    [
      "takes a directory in place of a file that nobody changed",
      { c: "1" },
      { c: "1" },
      { c: { x: "1" } },
      { c: { x: "1" } },
    ],
    [
      "takes a file in place of a directory that nobody changed",
      { c: { x: "1" } },
      { c: { x: "1" } },
      { c: "1" },
      { c: "1" },
    ],
    ["drops systemd's stamp of the last update", {}, { ".updated": "stamp" }, { a: "1" }, { a: "1" }],
  ])("%s", (_what, old, local, fresh, expected) => {
    expect(merge(old, local, fresh)).toEqual({ etc: expected, conflicts: [] });
  });

  it.each<[string, Spec, Spec, Spec, Spec, string[]]>([
    ["both changed a file", { a: "1" }, { a: "x" }, { a: "2" }, { a: "x" }, ["/etc/a both-changed"]],
    ["both added a file", {}, { a: "x" }, { a: "2" }, { a: "x" }, ["/etc/a both-changed"]],
    ["the image removed what the device changed", { a: "1" }, { a: "x" }, {}, { a: "x" }, ["/etc/a removed-in-image"]],
    ["the device removed what the image changed", { a: "1" }, {}, { a: "2" }, {}, ["/etc/a removed-locally"]],
    [
      "a changed file became a directory",
      { c: "1" },
      { c: "x" },
      { c: { y: "1" } },
      { c: "x" },
      ["/etc/c not-mergeable"],
    ],
    [
      "a changed directory became a file",
      { c: { y: "1" } },
      { c: { y: "x" } },
      { c: "1" },
      { c: { y: "x" } },
      ["/etc/c not-mergeable", "/etc/c/y removed-in-image"],
    ],
    [
      "the image removed a directory in which the device changed one of two files",
      { d: { a: "1", b: "1" } },
      { d: { a: "x", b: "1" } },
      {},
      { d: { a: "x" } },
      ["/etc/d/a removed-in-image"],
    ],
    [
      "a mode of the device's against a content of the image's",
      { a: "1" },
      { a: [0o600, "1"] },
      { a: "2" },
      { a: [0o600, "1"] },
      ["/etc/a both-changed"],
    ],
  ])("lists a conflict and keeps the device's: %s", (_what, old, local, fresh, expected, conflicts) => {
    expect(merge(old, local, fresh)).toEqual({ etc: expected, conflicts });
  });

  it("merges accounts by line, below /etc itself only", () => {
    const passwd = {
      old: "root:x:0:0\n",
      local: "root:x:0:0\nalice:x:1000:1000\n",
      fresh: "root:x:0:0\n_new:x:998:998\n",
    };
    expect(merge({ passwd: passwd.old }, { passwd: passwd.local }, { passwd: passwd.fresh })).toEqual({
      etc: { passwd: "root:x:0:0\n_new:x:998:998\nalice:x:1000:1000\n" },
      conflicts: [],
    });
    expect(merge({ d: { passwd: "1" } }, { d: { passwd: "2" } }, { d: { passwd: "3" } }).conflicts).toEqual([
      "/etc/d/passwd both-changed",
    ]);
  });

  it("names an account that both changed, and ids that two names have got", () => {
    const { conflicts } = mergeEtc(
      tree({ passwd: "a:x:1:1\n" }),
      tree({ passwd: "a:y:1:1\nb:x:7:7\n" }),
      tree({ passwd: "a:z:1:1\nc:x:7:7\n" }),
      {
        readContent: (content) => (content.from === "memory" ? content.bytes : Buffer.alloc(0)),
        isSameMetadata: () => true,
      },
    );
    expect(conflicts).toEqual([
      { path: "/etc/passwd", kind: "both-changed", detail: "a" },
      { path: "/etc/passwd", kind: "shared-id", detail: "b and c: 7" },
    ]);
  });
});
