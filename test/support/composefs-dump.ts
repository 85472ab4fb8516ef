/** A tree in the text format of composefs-dump(5): what `mkcomposefs --from-file` makes an image of. */
import { type ByteString, bytesToString, stringToBytes } from "../../src/path.ts";
import type { DirectoryNode, LeafNode, TreeNode } from "../../src/tree/node.ts";

const FILE_TYPES = {
  file: 0o100000,
  directory: 0o040000,
  "character-device": 0o020000,
  "block-device": 0o060000,
  fifo: 0o010000,
  symlink: 0o120000,
} as const;

/** One line a name, parents first, names in the order of their bytes; a further name of a node links to its first. */
export function formatDump(root: DirectoryNode): Buffer {
  const lines: string[] = [];
  const firstPaths = new Map<LeafNode, ByteString>();
  const links = countLinks(root);
  const visit = (path: string, node: TreeNode): void => {
    const shown = path === "" ? "/" : path;
    if (node.kind !== "directory") {
      const first = firstPaths.get(node);
      if (first !== undefined) {
        lines.push(`${escapeField(shown)} 0 @${modeOf(node)} 0 0 0 0 0.0 ${escapeField(first)} - -\n`);
        return;
      }
      firstPaths.set(node, shown as ByteString);
    }
    lines.push(formatLine(shown, node, node.kind === "directory" ? 1 : (links.get(node) ?? 1)));
    if (node.kind !== "directory") return;
    for (const name of [...node.entries.keys()].sort()) {
      const child = node.entries.get(name);
      if (child !== undefined) visit(`${path}/${name}`, child);
    }
  };
  visit("", root);
  return stringToBytes(lines.join("") as ByteString);
}

function formatLine(path: string, node: TreeNode, links: number): string {
  const { uid, gid, mtimeSeconds, xattrs } = node.metadata;
  const device =
    node.kind === "character-device" || node.kind === "block-device" ? deviceOf(node.major, node.minor) : 0;
  const data = dataOf(node);
  const fields = [
    escapeField(path),
    data.size,
    modeOf(node),
    links,
    uid,
    gid,
    device,
    `${mtimeSeconds}.0`,
    data.payload,
    data.content,
    data.digest,
    ...[...xattrs].map(([name, value]) => `${escapeField(name)}=${escapeField(bytesToString(value), true)}`),
  ];
  return `${fields.join(" ")}\n`;
}

function dataOf(node: TreeNode): { size: number; payload: string; content: string; digest: string } {
  if (node.kind === "symlink")
    return { size: node.target.length, payload: escapeField(node.target), content: "-", digest: "-" };
  if (node.kind !== "file") return { size: 0, payload: "-", content: "-", digest: "-" };
  if (node.content.kind === "inline") {
    const { bytes } = node.content;
    return { size: bytes.length, payload: "-", content: escapeField(bytesToString(bytes)), digest: "-" };
  }
  const { digest, sizeBytes } = node.content;
  return { size: sizeBytes, payload: `${digest.slice(0, 2)}/${digest.slice(2)}`, content: "-", digest };
}

function modeOf(node: TreeNode): string {
  return (FILE_TYPES[node.kind] | node.metadata.mode).toString(8);
}

/** glibc makedev(3) for numbers of 12 and 20 bits. */
function deviceOf(major: number, minor: number): number {
  return major * 256 + (minor % 256) + Math.floor(minor / 256) * 2 ** 20;
}

function countLinks(root: DirectoryNode): Map<LeafNode, number> {
  const links = new Map<LeafNode, number>();
  const visit = (directory: DirectoryNode): void => {
    for (const node of directory.entries.values()) {
      if (node.kind === "directory") visit(node);
      else links.set(node, (links.get(node) ?? 0) + 1);
    }
  };
  visit(root);
  return links;
}

/** An empty field is `-`, so a lone dash is escaped; values of attributes may be empty. */
function escapeField(text: string, isValue = false): string {
  if (text === "") return isValue ? "" : "-";
  if (text === "-") return "\\x2d";
  return text.replace(/[^!-~]|[=\\]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
