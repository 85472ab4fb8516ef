/** Layers in a few words, and the merge of them in a few words. */
import { type ByteString, utf8ToByteString } from "../../../src/path.ts";
import { LayerMerge } from "../../../src/tree/layer-merge.ts";
import type { TreeLimits } from "../../../src/tree/limits.ts";
import type { DirectoryNode, Metadata, TreeNode } from "../../../src/tree/node.ts";
import type { TarEntry } from "../../../src/tree/tar-entry.ts";
import { parseTreePath } from "../../../src/tree/tree-path.ts";
import { walkTree } from "../../../src/tree/walk.ts";
import { metadata } from "../../support/tree-fixtures.ts";

/** `a/` is a directory, `a -> b` a symbolic link, `a = b` a hard link, `a: text` a file, `a` an empty file. */
export type LayerText = readonly string[];

export function entryOf(line: string, changes: Partial<Metadata> = {}): { entry: TarEntry; content: string } {
  const [, name = "", operator, operand = ""] = /^(.*?)(?:( -> | = |: )(.*))?$/s.exec(line) ?? [];
  const path = parseTreePath(utf8ToByteString(name));
  const base = { path, metadata: metadata(changes) };
  if (operator === " -> ") return { entry: { ...base, kind: "symlink", linkTarget: bytesOf(operand) }, content: "" };
  if (operator === " = ")
    return { entry: { ...base, kind: "hardlink", hardlinkTarget: parseTreePath(bytesOf(operand)) }, content: "" };
  if (name.endsWith("/"))
    return { entry: { ...base, kind: "directory", metadata: metadata({ mode: 0o700, ...changes }) }, content: "" };
  return { entry: { ...base, kind: "file", sizeBytes: operand.length }, content: operand };
}

/** Merges layers; contents are kept as they are. */
export function mergeEntries(
  layers: readonly (readonly { entry: TarEntry; content: string }[])[],
  limits: Partial<TreeLimits> = {},
): DirectoryNode {
  const merge = new LayerMerge(() => {
    const parts: Uint8Array[] = [];
    return {
      write: (chunk) => parts.push(Uint8Array.from(chunk)),
      end: () => ({ kind: "inline", bytes: Uint8Array.from(Buffer.concat(parts)) }),
    };
  }, limits);
  for (const entries of layers) {
    const layer = merge.openLayer();
    for (const { entry, content } of entries) {
      const taker = layer.entry(entry);
      if (entry.kind !== "file") continue;
      if (content !== "") taker?.write(Buffer.from(content));
      taker?.end();
    }
    layer.close();
  }
  return merge.finish();
}

export function mergeLayers(...layers: readonly LayerText[]): DirectoryNode {
  return mergeEntries(layers.map((lines) => lines.map((line) => entryOf(line))));
}

/** The tree in the words of a layer, sorted; `#1` marks names of one node. A directory by default is `a/ (implied)`. */
export function describeTree(root: DirectoryNode): string[] {
  const names = new Map<TreeNode, number>();
  for (const { node } of walkTree(root)) names.set(node, (names.get(node) ?? 0) + 1);
  const groups = new Map<TreeNode, number>();
  const lines: string[] = [];
  for (const { path, node } of walkTree(root)) {
    if (path.length === 0) continue;
    const isLinked = node.kind !== "directory" && (names.get(node) ?? 0) > 1;
    if (isLinked && !groups.has(node)) groups.set(node, groups.size + 1);
    lines.push(describeNode(path.join("/"), node) + (isLinked ? ` #${groups.get(node)}` : ""));
  }
  return lines.sort();
}

function describeNode(name: string, node: TreeNode): string {
  switch (node.kind) {
    case "directory":
      return `${name}/${node.metadata.mode === 0o755 ? " (implied)" : ""}`;
    case "symlink":
      return `${name} -> ${node.target}`;
    case "file": {
      const text = node.content.kind === "inline" ? Buffer.from(node.content.bytes).toString() : node.content.digest;
      return text === "" ? name : `${name}: ${text}`;
    }
    case "character-device":
    case "block-device":
      return `${name} ${node.kind} ${node.major}:${node.minor}`;
    case "fifo":
      return `${name} fifo`;
  }
}

function bytesOf(text: string): ByteString {
  return utf8ToByteString(text);
}
