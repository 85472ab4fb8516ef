/** What must be known of a whole tree before the first inode of its image can be placed. */
import type { ByteString } from "../path.ts";
import { MAX_PATH_DEPTH } from "../tree/limits.ts";
import type { DirectoryNode, LeafNode, TreeNode } from "../tree/node.ts";
import { checkName, checkNode } from "./check-node.ts";
import { type DirectoryBlocks, planDirectory, sortedNames } from "./directory-blocks.ts";
import { ComposefsError } from "./error.ts";
import { withWhiteouts } from "./image-root.ts";
import { SharedXattrs } from "./shared-xattrs.ts";

interface SurveyedDirectory {
  /** In the order of their bytes. */
  readonly names: readonly ByteString[];
  readonly blocks: DirectoryBlocks;
  subdirectories: number;
}

/** A leaf of several names. */
interface LinkedLeaf {
  /** Where the first of them is, in depth-first order. */
  readonly parent: DirectoryNode;
  links: number;
}

export interface TreeSurvey {
  /** The tree's root with the whiteouts that an image adds to it. */
  readonly root: DirectoryNode;
  readonly directories: Map<DirectoryNode, SurveyedDirectory>;
  readonly linkedLeaves: Map<LeafNode, LinkedLeaf>;
  readonly sharedXattrs: SharedXattrs;
  inodes: number;
  minMtimeSeconds: number;
  hasAcl: boolean;
}

const ACL_PREFIX = "system.posix_acl_";
const ROOT_NAME = "/" as ByteString;

/**
 * Looks at every node of the tree once.
 *
 * @throws ComposefsError COMPOSEFS_TREE_UNSUPPORTED
 */
export function surveyTree(tree: DirectoryNode): TreeSurvey {
  const survey: TreeSurvey = {
    root: withWhiteouts(tree),
    directories: new Map(),
    linkedLeaves: new Map(),
    sharedXattrs: new SharedXattrs(),
    inodes: 0,
    minMtimeSeconds: Number.POSITIVE_INFINITY,
    hasAcl: false,
  };
  const parents = new Map<LeafNode, DirectoryNode>();

  const visitDirectory = (directory: DirectoryNode, depth: number): void => {
    if (depth > MAX_PATH_DEPTH || survey.directories.has(directory))
      throw new ComposefsError("COMPOSEFS_TREE_UNSUPPORTED", "a directory is too deep in the tree, or in it twice");
    const names = sortedNames(directory);
    const surveyed = { names, blocks: planDirectory(names), subdirectories: 0 };
    survey.directories.set(directory, surveyed);
    for (const [name, node] of childrenOf(directory, names)) {
      const isAdded = directory === survey.root && !tree.entries.has(name);
      if (!isAdded) checkName(name);
      if (node.kind !== "directory" && isLinkedAgain(survey, parents, node, directory)) continue;
      if (!isAdded) checkNode(name, node);
      countInode(survey, node);
      if (node.kind !== "directory") continue;
      surveyed.subdirectories++;
      visitDirectory(node, depth + 1);
    }
  };

  checkNode(ROOT_NAME, tree);
  countInode(survey, survey.root);
  visitDirectory(survey.root, 0);
  survey.sharedXattrs.freeze();
  return survey;
}

/** The children of a directory in the order of `names`. */
export function* childrenOf(
  directory: DirectoryNode,
  names: readonly ByteString[],
): Generator<readonly [name: ByteString, node: TreeNode]> {
  for (const name of names) {
    const node = directory.entries.get(name);
    if (node !== undefined) yield [name, node];
  }
}

/** The link count of a node as stat(2) shows it. */
export function linksOf(survey: TreeSurvey, node: TreeNode): number {
  if (node.kind === "directory") return 2 + (survey.directories.get(node)?.subdirectories ?? 0);
  return survey.linkedLeaves.get(node)?.links ?? 1;
}

/** Remembers where a leaf was seen first; true when this is another name of it. */
function isLinkedAgain(
  survey: TreeSurvey,
  parents: Map<LeafNode, DirectoryNode>,
  leaf: LeafNode,
  directory: DirectoryNode,
): boolean {
  const parent = parents.get(leaf);
  if (parent === undefined) {
    parents.set(leaf, directory);
    return false;
  }
  const linked = survey.linkedLeaves.get(leaf);
  if (linked === undefined) survey.linkedLeaves.set(leaf, { parent, links: 2 });
  else linked.links++;
  return true;
}

function countInode(survey: TreeSurvey, node: TreeNode): void {
  survey.inodes++;
  survey.minMtimeSeconds = Math.min(survey.minMtimeSeconds, node.metadata.mtimeSeconds);
  survey.sharedXattrs.count(node);
  for (const key of node.metadata.xattrs.keys()) survey.hasAcl ||= key.startsWith(ACL_PREFIX);
}
