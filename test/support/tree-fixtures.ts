/** Trees for tests: made by hand in a few words, or at random. */
import fc from "fast-check";
import { type ByteString, bytesToString, utf8ToByteString } from "../../src/path.ts";
import type { ContentDigest, DirectoryNode, FileContent, LeafNode, Metadata, TreeNode } from "../../src/tree/node.ts";

/** Metadata with defaults: mode 0644, root's, at the epoch, no attributes. */
export function metadata(changes: Partial<Metadata> = {}): Metadata {
  return { mode: 0o644, uid: 0, gid: 0, mtimeSeconds: 0, xattrs: new Map(), ...changes };
}

export function xattrs(values: Readonly<Record<string, string>>): Metadata["xattrs"] {
  return new Map(
    Object.entries(values).map(([name, value]) => [utf8ToByteString(name), bytesOf(Buffer.from(value, "latin1"))]),
  );
}

export function directory(
  entries: Readonly<Record<string, TreeNode>> = {},
  changes: Partial<Metadata> = {},
): DirectoryNode {
  const nodes = Object.entries(entries).map(([name, node]) => [utf8ToByteString(name), node] as const);
  return { kind: "directory", metadata: metadata({ mode: 0o755, ...changes }), entries: new Map(nodes) };
}

/** A file whose content stands in the tree; at most 64 bytes. */
export function inlineFile(text: string, changes: Partial<Metadata> = {}): LeafNode {
  return { kind: "file", metadata: metadata(changes), content: { kind: "inline", bytes: bytesOf(Buffer.from(text)) } };
}

/** A file whose content is an object; `seed` (two hexadecimal digits) is repeated into its digest. */
export function objectFile(seed: string, sizeBytes: number, changes: Partial<Metadata> = {}): LeafNode {
  return { kind: "file", metadata: metadata(changes), content: { kind: "object", digest: digestOf(seed), sizeBytes } };
}

export function symlink(target: string, changes: Partial<Metadata> = {}): LeafNode {
  return { kind: "symlink", metadata: metadata({ mode: 0o777, ...changes }), target: utf8ToByteString(target) };
}

export function characterDevice(major: number, minor: number, changes: Partial<Metadata> = {}): LeafNode {
  return { kind: "character-device", metadata: metadata(changes), major, minor };
}

export function blockDevice(major: number, minor: number, changes: Partial<Metadata> = {}): LeafNode {
  return { kind: "block-device", metadata: metadata(changes), major, minor };
}

export function fifo(changes: Partial<Metadata> = {}): LeafNode {
  return { kind: "fifo", metadata: metadata(changes) };
}

/** Plain bytes: to a comparison a Buffer is something else. */
function bytesOf(buffer: Buffer): Uint8Array {
  return Uint8Array.from(buffer);
}

function digestOf(seed: string): ContentDigest {
  return seed.repeat(32) as ContentDigest;
}

/**
 * Trees that an image can describe, with what is rare in real ones: names that are no text, long links, many children,
 * large owners, times before 1970, attributes that are shared or many, several names of one node.
 */
export const arbitraryTree: fc.Arbitrary<DirectoryNode> = fc
  .tuple(arbitraryMetadata(), fc.array(arbitraryStep(), { maxLength: 60 }))
  .map(([rootMetadata, steps]) => buildTree(rootMetadata, steps));

interface Step {
  readonly parent: number;
  readonly name: ByteString;
  readonly what:
    | { readonly kind: "node"; readonly node: LeafNode }
    | { readonly kind: "directory"; readonly metadata: Metadata; readonly children: number }
    | { readonly kind: "link"; readonly leaf: number };
}

function buildTree(rootMetadata: Metadata, steps: readonly Step[]): DirectoryNode {
  const draft = (nodeMetadata: Metadata) => ({
    kind: "directory" as const,
    metadata: nodeMetadata,
    entries: new Map<ByteString, TreeNode>(),
  });
  const root = draft(rootMetadata);
  const directories = [root];
  const leaves: LeafNode[] = [];
  for (const { parent, name, what } of steps) {
    const entries = directories[parent % directories.length]?.entries;
    if (entries === undefined || entries.has(name)) continue;
    if (what.kind === "directory") {
      const child = draft(what.metadata);
      for (let index = 0; index < what.children; index++)
        child.entries.set(utf8ToByteString(`file ${index} ${"x".repeat(index % 200)}`), inlineFile(`${index}`));
      entries.set(name, child);
      directories.push(child);
    } else {
      const leaf = what.kind === "node" ? what.node : leaves[what.leaf % leaves.length];
      if (leaf === undefined) continue;
      if (what.kind === "node") leaves.push(leaf);
      entries.set(name, leaf);
    }
  }
  return root;
}

function arbitraryStep(): fc.Arbitrary<Step> {
  const what = fc.oneof(
    { weight: 6, arbitrary: arbitraryLeaf().map((node) => ({ kind: "node" as const, node })) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("directory" as const),
        metadata: arbitraryMetadata(),
        children: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(400) }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("link" as const), leaf: fc.nat(100) }) },
  );
  return fc.record({ parent: fc.nat(20), name: arbitraryName(), what });
}

function arbitraryName(): fc.Arbitrary<ByteString> {
  const isName = (name: ByteString) => name !== "." && name !== "..";
  const bytes = (maxLength: number) =>
    fc
      .uint8Array({ minLength: 1, maxLength })
      .map((name) => bytesToString(name.map((byte) => (byte === 0 || byte === 0x2f ? 0x78 : byte))));
  return fc
    .oneof(
      { weight: 6, arbitrary: bytes(12) },
      { weight: 1, arbitrary: bytes(255) },
      {
        weight: 2,
        arbitrary: fc.constantFrom("+x", "-x", ".x", "..x", "-", "=", "\\", "00", "7f", "ff").map(utf8ToByteString),
      },
    )
    .filter(isName);
}

function arbitraryMetadata(): fc.Arbitrary<Metadata> {
  const id = fc.oneof(fc.constantFrom(0, 1000, 65535, 65536, 0xffff_fffe), fc.nat(0x7fff_ffff));
  const time = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(0, 1, 1_700_000_000, -1) },
    { weight: 1, arbitrary: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }) },
  );
  return fc.record({
    mode: fc.oneof(fc.constantFrom(0o644, 0o755, 0o4755, 0o1777), fc.nat(0o7777)),
    uid: id,
    gid: id,
    mtimeSeconds: time,
    xattrs: fc.oneof(
      { weight: 3, arbitrary: fc.constant<Metadata["xattrs"]>(new Map()) },
      { weight: 2, arbitrary: arbitraryXattrs() },
    ),
  });
}

function arbitraryXattrs(): fc.Arbitrary<Metadata["xattrs"]> {
  const name = fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .constantFrom(
          "security.capability",
          "security.selinux",
          "system.posix_acl_access",
          "system.posix_acl_default",
          "trusted.x",
          "user.a",
          "user.b",
          "lustre.lov",
        )
        .map(utf8ToByteString),
    },
    { weight: 2, arbitrary: fc.stringMatching(/^user\.[a-z=\\ ]{1,40}$/).map(utf8ToByteString) },
  );
  const value = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom("", "1", "=", "shared value").map((text) => Buffer.from(text)) },
    { weight: 3, arbitrary: fc.uint8Array({ maxLength: 64 }) },
    { weight: 1, arbitrary: fc.uint8Array({ minLength: 2000, maxLength: 5000, size: "max" }) },
  );
  return fc
    .array(fc.tuple(name, value), { maxLength: 5 })
    .map((pairs) => new Map(pairs.map(([key, bytes]) => [key, Uint8Array.from(bytes)])));
}

function arbitraryLeaf(): fc.Arbitrary<LeafNode> {
  const device = fc.oneof(fc.constantFrom(1, 255, 256), fc.nat(0xfff));
  const minor = fc.oneof(fc.constantFrom(1, 255, 256), fc.nat(0xf_ffff));
  const target = fc.oneof(
    { weight: 4, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 60 }) },
    { weight: 1, arbitrary: fc.uint8Array({ minLength: 3800, maxLength: 4095, size: "max" }) },
  );
  const kinds: fc.Arbitrary<(shared: Metadata) => LeafNode>[] = [
    arbitraryContent().map((content) => (shared) => ({ kind: "file", metadata: shared, content })),
    target.map((bytes) => (shared) => ({
      kind: "symlink",
      metadata: shared,
      target: bytesToString(bytes.map((byte) => byte || 0x78)),
    })),
    fc
      .record({ kind: fc.constantFrom("character-device" as const, "block-device" as const), major: device, minor })
      .map(({ kind, major, minor }) => (shared) => ({ kind, metadata: shared, major: major + 0, minor: minor + 0 })),
    fc.constant((shared) => ({ kind: "fifo", metadata: shared })),
  ];
  return fc.tuple(fc.oneof(...kinds), arbitraryMetadata()).map(([make, shared]) => make(shared));
}

function arbitraryContent(): fc.Arbitrary<FileContent> {
  const size = fc.oneof(
    fc.constantFrom(65, 4095, 4096, 4097, 2 ** 32 - 1, 2 ** 32, 2 ** 40, 2 ** 43),
    fc.integer({ min: 65, max: 2 ** 40 }),
  );
  const seed = fc.nat(255).map((byte) => byte.toString(16).padStart(2, "0"));
  return fc.oneof(
    fc.uint8Array({ maxLength: 64 }).map((bytes) => ({ kind: "inline" as const, bytes })),
    fc.record({ kind: fc.constant("object" as const), digest: seed.map(digestOf), sizeBytes: size }),
  );
}
