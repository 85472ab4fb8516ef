/**
 * Lists a deployment from its composefs image and the object store, in the lines of canonical_tree.py: the image is read
 * by our reader, the contents are the bytes of the objects.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { objectPath } from "../../src/composefs/object-name.ts";
import { readImage } from "../../src/composefs/read-image.ts";
import { type ByteString, stringToBytes } from "../../src/path.ts";
import type { DirectoryNode, FileContent, FileNode, LeafNode, TreeNode } from "../../src/tree/node.ts";

/** The sorted lines of the tree that `image` describes, with contents from the store's directory `objects`. */
export function listDeployment(image: Uint8Array, objects: string): string[] {
  return listNodes(readImage(image), ({ content }) => readContent(content, objects));
}

/** The sorted lines of a tree. */
function listNodes(root: DirectoryNode, contentOf: (file: FileNode) => Uint8Array): string[] {
  const named = [...walk("/" as ByteString, root)];
  const names = new Map<LeafNode, ByteString[]>();
  for (const { path, node } of named) {
    if (node.kind !== "directory") names.set(node, [...(names.get(node) ?? []), path]);
  }
  return named.map(({ path, node }) => formatLine(path, node, names, contentOf)).sort();
}

function* walk(path: ByteString, node: TreeNode): Generator<{ path: ByteString; node: TreeNode }> {
  yield { path, node };
  if (node.kind !== "directory") return;
  for (const [name, child] of node.entries) yield* walk(`${path === "/" ? "" : path}/${name}` as ByteString, child);
}

function formatLine(
  path: ByteString,
  node: TreeNode,
  names: ReadonlyMap<LeafNode, readonly ByteString[]>,
  contentOf: (file: FileNode) => Uint8Array,
): string {
  const { mode, uid, gid, mtimeSeconds, xattrs } = node.metadata;
  const own = node.kind === "directory" ? [] : (names.get(node) ?? []);
  const words = [
    escapeBytes(path),
    node.kind,
    `mode=${mode.toString(8).padStart(4, "0")}`,
    `uid=${uid}`,
    `gid=${gid}`,
    `mtime=${mtimeSeconds}`,
    `links=${node.kind === "directory" ? countLinks(node) : own.length}`,
    ...(own.length > 1 ? [`first=${escapeBytes(own.toSorted(compareBytes)[0] ?? path)}`] : []),
    ...formatContent(node, contentOf),
    ...[...xattrs].map(([key, value]) => `xattr:${escapeBytes(key)}=${Buffer.from(value).toString("hex")}`).sort(),
  ];
  return words.join(" ");
}

function formatContent(node: TreeNode, contentOf: (file: FileNode) => Uint8Array): string[] {
  switch (node.kind) {
    case "file": {
      const bytes = contentOf(node);
      return [`size=${bytes.length}`, `sha256=${createHash("sha256").update(bytes).digest("hex")}`];
    }
    case "symlink":
      return [`size=${node.target.length}`, `target=${escapeBytes(node.target)}`];
    case "character-device":
    case "block-device":
      return [`device=${node.major}:${node.minor}`];
    case "fifo":
    case "directory":
      return [];
  }
}

/** The bytes that a reader of the mounted deployment would get; their length must be the one that the image states. */
function readContent(content: FileContent, objects: string): Uint8Array {
  if (content.kind === "inline") return content.bytes;
  const bytes = readFileSync(join(objects, objectPath(content.digest)));
  if (bytes.length !== content.sizeBytes) {
    throw new Error(`object ${content.digest} has ${bytes.length} bytes, the image says ${content.sizeBytes}`);
  }
  return bytes;
}

function countLinks(directory: DirectoryNode): number {
  return 2 + [...directory.entries.values()].filter(({ kind }) => kind === "directory").length;
}

function compareBytes(a: ByteString, b: ByteString): number {
  return a < b ? -1 : a > b ? 1 : 0; // one character a byte: order of characters is order of bytes
}

function escapeBytes(text: ByteString): string {
  return [...stringToBytes(text)]
    .map((byte) =>
      byte > 0x20 && byte < 0x7f && byte !== 0x5c
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).padStart(2, "0")}`,
    )
    .join("");
}
