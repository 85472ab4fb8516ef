/** Whether two plain trees are the same: kind, content, mode and owner of everything. Times are not compared. Pure. */
import type { PlainDirectory, PlainMetadata, PlainNode } from "./plain-tree.ts";

/** Whether two modes and owners mean the same on this disk. */
export type IsSameMetadata = (image: PlainMetadata, other: PlainMetadata, kind: PlainNode["kind"]) => boolean;

export function isSameNode(
  a: PlainNode | undefined,
  b: PlainNode | undefined,
  isSameMetadata: IsSameMetadata,
): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (!isSameMetadata(a.metadata, b.metadata, a.kind)) return false;
  if (a.kind !== "directory" || b.kind !== "directory") {
    return a.kind === b.kind && a.kind !== "directory" && b.kind !== "directory" && a.fingerprint === b.fingerprint;
  }
  return (
    a.entries.size === b.entries.size &&
    [...a.entries].every(([name, node]) => isSameNode(node, b.entries.get(name), isSameMetadata))
  );
}

/** The tree without devices, sockets and FIFOs, none of which is ever written. */
export function withoutSpecial(directory: PlainDirectory): PlainDirectory {
  const entries = [...directory.entries].flatMap(([name, node]) => {
    if (node.kind === "special") return [];
    return [[name, node.kind === "directory" ? withoutSpecial(node) : node] as const];
  });
  return { ...directory, entries: new Map(entries) };
}
