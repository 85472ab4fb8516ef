/** Writes the entries of directories (Linux Documentation/filesystems/erofs.rst, "Directories"; BF-8.8). */
import type { ByteString } from "../path.ts";
import type { DirectoryNode, TreeNode } from "../tree/node.ts";
import type { ByteSink } from "./byte-sink.ts";
import { DIRENT_BYTES, FILE_TYPES } from "./erofs-format.ts";
import type { ImagePlan } from "./plan-image.ts";
import { childrenOf } from "./survey-tree.ts";

interface Dirent {
  readonly nid: number;
  readonly kind: TreeNode["kind"];
}

/** What the names of the directory lead to, `.` and `..` among them. */
export function direntsOf(plan: ImagePlan, index: number, directory: DirectoryNode): ReadonlyMap<ByteString, Dirent> {
  const dirents = new Map<ByteString, Dirent>([
    ["." as ByteString, { nid: plan.nids[index] ?? 0, kind: "directory" }],
    [".." as ByteString, { nid: plan.nids[plan.parents[index] ?? 0] ?? 0, kind: "directory" }],
  ]);
  let next = plan.firstChildren[index] ?? 0;
  for (const [name, node] of childrenOf(directory, plan.directories.get(directory)?.names ?? [])) {
    const linkedIndex = node.kind === "directory" ? undefined : plan.linkedIndexes.get(node);
    const child = linkedIndex ?? next;
    if (child === next) next++;
    dirents.set(name, { nid: plan.nids[child] ?? 0, kind: node.kind });
  }
  return dirents;
}

/** Writes one block, without the zeros that fill it up: entries first, then names. */
export function emitDirents(
  sink: ByteSink,
  dirents: ReadonlyMap<ByteString, Dirent>,
  names: readonly ByteString[],
): void {
  let nameAt = names.length * DIRENT_BYTES;
  for (const name of names) {
    const dirent = dirents.get(name);
    sink.u64(dirent?.nid ?? 0);
    sink.u16(nameAt);
    sink.u8(FILE_TYPES[dirent?.kind ?? "file"].dirent);
    sink.u8(0);
    nameAt += name.length;
  }
  for (const name of names) sink.text(name);
}
