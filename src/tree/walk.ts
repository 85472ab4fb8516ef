/** Finding and visiting nodes of a tree. Nothing here follows a link out of the tree. */
import { type ByteString, utf8ToByteString } from "../path.ts";
import type { DirectoryNode, TreeNode } from "./node.ts";
import type { TreePath } from "./tree-path.ts";

/** What Linux allows (path_resolution(7)); a loop ends there. */
const MAX_SYMLINKS = 40;

/** The node at `path`, or undefined; symbolic links are not followed. */
export function findNode(root: DirectoryNode, path: TreePath): TreeNode | undefined {
  let node: TreeNode | undefined = root;
  for (const name of path) {
    if (node?.kind !== "directory") return undefined;
    node = node.entries.get(name);
  }
  return node;
}

/**
 * The node that a process whose root is this tree would open at `path`: links are followed, `..` stops at the root.
 *
 * @returns undefined when there is nothing, a file stands in the way, or more than 40 links follow each other
 */
export function resolveNode(root: DirectoryNode, path: string): TreeNode | undefined {
  const parents: DirectoryNode[] = [];
  const todo = componentsOf(utf8ToByteString(path));
  let node: TreeNode = root;
  let symlinks = 0;
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (node.kind !== "directory") return undefined;
    if (name === "..") {
      node = parents.pop() ?? root;
      continue;
    }
    const child = node.entries.get(name);
    if (child === undefined) return undefined;
    if (child.kind === "symlink") {
      symlinks++;
      if (symlinks > MAX_SYMLINKS) return undefined;
      if (child.target.startsWith("/")) {
        parents.length = 0;
        node = root;
      }
      todo.push(...componentsOf(child.target));
      continue;
    }
    parents.push(node);
    node = child;
  }
  return node;
}

/** Last component first, as a stack of what is still to be walked. */
function componentsOf(path: ByteString): ByteString[] {
  const names = path.split("/") as ByteString[];
  return names.filter((name) => name !== "" && name !== ".").reverse();
}

/** Every node of the tree with its path, parents before their children, children in the order of their directory. */
export function* walkTree(root: DirectoryNode): Generator<{ path: TreePath; node: TreeNode }> {
  const todo: { path: TreePath; node: TreeNode }[] = [{ path: [], node: root }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    yield next;
    const { path, node } = next;
    if (node.kind !== "directory") continue;
    const children = [...node.entries].map(([name, child]) => ({ path: [...path, name], node: child }));
    for (const child of children.reverse()) todo.push(child);
  }
}
