/**
 * A tree of files as it lies in a directory that people and programs write to: /etc and /var.
 *
 * Both what an image brings and what a disk holds are read into this form, so that they can be compared, merged and
 * written. Hard links become files of their own; devices, sockets and FIFOs are only told apart, not carried.
 */
import { verityOf } from "../../composefs/verity.ts";
import { type ByteString, utf8ToByteString } from "../../path.ts";
import type { DirectoryNode, FileContent, LeafNode, Metadata, TreeNode } from "../../tree/node.ts";

export interface PlainMetadata {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeSeconds: number;
  /** Of a directory on disk only where they were read as well (xattrs.ts). */
  readonly xattrs: ReadonlyMap<ByteString, Uint8Array>;
}

export interface PlainDirectory {
  readonly kind: "directory";
  readonly metadata: PlainMetadata;
  readonly entries: ReadonlyMap<ByteString, PlainNode>;
}

/** Where the bytes of a file come from. */
export type PlainContent =
  | { readonly from: "store"; readonly content: FileContent }
  | { readonly from: "disk"; readonly path: Buffer }
  | { readonly from: "memory"; readonly bytes: Uint8Array };

export type PlainLeaf = {
  readonly metadata: PlainMetadata;
  /** Equal for leaves of equal kind and content. */
  readonly fingerprint: string;
} & (
  | { readonly kind: "file"; readonly content: PlainContent }
  | { readonly kind: "symlink"; readonly target: ByteString }
  | { readonly kind: "special" }
);

export type PlainNode = PlainDirectory | PlainLeaf;

/** Of a regular file, by its bytes. */
export function fileFingerprint(bytes: Uint8Array): string {
  return `file ${verityOf(bytes)}`;
}

/** A directory at the top of an image, such as `etc`; an empty one where the image has none. */
export function imageDirectory(root: DirectoryNode, name: string): PlainDirectory {
  const node = root.entries.get(utf8ToByteString(name));
  return plainTreeOfImage(node?.kind === "directory" ? node : { ...root, entries: new Map() });
}

/** A directory of an image as a plain tree. */
export function plainTreeOfImage(directory: DirectoryNode): PlainDirectory {
  return {
    kind: "directory",
    metadata: plainMetadata(directory.metadata),
    entries: new Map([...directory.entries].map(([name, node]) => [name, plainNodeOfImage(node)])),
  };
}

function plainNodeOfImage(node: TreeNode): PlainNode {
  return node.kind === "directory" ? plainTreeOfImage(node) : plainLeafOfImage(node);
}

function plainLeafOfImage(node: LeafNode): PlainLeaf {
  const metadata = plainMetadata(node.metadata);
  switch (node.kind) {
    case "file": {
      const { content } = node;
      const digest = content.kind === "object" ? content.digest : verityOf(content.bytes);
      return { kind: "file", metadata, fingerprint: `file ${digest}`, content: { from: "store", content } };
    }
    case "symlink":
      return { kind: "symlink", metadata, fingerprint: `symlink ${node.target}`, target: node.target };
    case "character-device":
    case "block-device":
      return { kind: "special", metadata, fingerprint: `${node.kind} ${node.major}:${node.minor}` };
    case "fifo":
      return { kind: "special", metadata, fingerprint: "fifo" };
  }
}

function plainMetadata({ mode, uid, gid, mtimeSeconds, xattrs }: Metadata): PlainMetadata {
  return { mode, uid, gid, mtimeSeconds, xattrs };
}
