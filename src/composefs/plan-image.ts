/**
 * Decides where everything of an image goes, before a byte of it is written (BF-8.5 of `bundle-format/tree.md`).
 *
 * Inodes stand in breadth-first order, children in the order of the bytes of their names. An inode of several names
 * stands where the first of them in depth-first order is; the other names point there.
 */
import type { DirectoryNode, LeafNode, TreeNode } from "../tree/node.ts";
import { BLOCK_BYTES, INODES_AT, roundUp, SLOT_BYTES } from "./erofs-format.ts";
import { ComposefsError } from "./error.ts";
import { type InodeShape, inodeBytes, paddingBefore, shapeInode } from "./inode-shape.ts";
import { childrenOf, linksOf, surveyTree, type TreeSurvey } from "./survey-tree.ts";

/** Invariant: `nodes`, `nids` and `parents` are parallel; an inode's index in them is its number. */
export interface ImagePlan extends TreeSurvey {
  readonly nodes: readonly TreeNode[];
  readonly nids: Uint32Array;
  /** Of directories: the index of the directory above; that of the root is the root. */
  readonly parents: Uint32Array;
  /** Of directories: the index of the first child that stands with its siblings. */
  readonly firstChildren: Uint32Array;
  readonly linkedIndexes: ReadonlyMap<LeafNode, number>;
  /** Where the inodes end and the shared attributes begin. */
  readonly inodesEnd: number;
  readonly firstDataBlock: number;
  readonly blocks: number;
}

/** 4 million inodes; a large Debian image takes 10 MiB. Readers refuse more, so writers do. */
export const MAX_IMAGE_BYTES = 2 ** 30;

/** @throws ComposefsError COMPOSEFS_TREE_UNSUPPORTED, COMPOSEFS_IMAGE_TOO_LARGE */
export function planImage(tree: DirectoryNode): ImagePlan {
  const survey = surveyTree(tree);
  const order = orderInodes(survey);
  const nids = new Uint32Array(survey.inodes);
  let position = INODES_AT;
  let dataBlocks = 0;
  for (const [index, node] of order.nodes.entries()) {
    const shape = shapeOf(survey, node, index);
    position = roundUp(position, SLOT_BYTES);
    position += paddingBefore(position, node, shape);
    nids[index] = position / SLOT_BYTES;
    position += inodeBytes(shape);
    dataBlocks += shape.blocks;
  }
  const inodesEnd = roundUp(position, SLOT_BYTES);
  const firstDataBlock = Math.ceil((inodesEnd + survey.sharedXattrs.sizeBytes) / BLOCK_BYTES);
  const blocks = firstDataBlock + dataBlocks;
  if (blocks * BLOCK_BYTES > MAX_IMAGE_BYTES)
    throw new ComposefsError(
      "COMPOSEFS_IMAGE_TOO_LARGE",
      `image of ${blocks * BLOCK_BYTES} bytes, at most ${MAX_IMAGE_BYTES} allowed`,
    );
  return { ...survey, ...order, nids, inodesEnd, firstDataBlock, blocks };
}

/** @param index of the inode: the root is 0 */
export function shapeOf(survey: TreeSurvey, node: TreeNode, index: number): InodeShape {
  const directory = node.kind === "directory" ? survey.directories.get(node)?.blocks : undefined;
  const xattrs = survey.sharedXattrs.place(node, index === 0);
  return shapeInode(node, directory, linksOf(survey, node), xattrs, survey.minMtimeSeconds);
}

function orderInodes(survey: TreeSurvey) {
  const nodes: TreeNode[] = [survey.root];
  const parents = new Uint32Array(survey.inodes);
  const firstChildren = new Uint32Array(survey.inodes);
  const linkedIndexes = new Map<LeafNode, number>();
  for (let index = 0; index < nodes.length; index++) {
    const directory = nodes[index];
    if (directory?.kind !== "directory") continue;
    firstChildren[index] = nodes.length;
    for (const [, node] of childrenOf(directory, survey.directories.get(directory)?.names ?? [])) {
      if (node.kind === "directory") {
        parents[nodes.length] = index;
      } else {
        const linked = survey.linkedLeaves.get(node);
        if (linked !== undefined) {
          // Of two names in one directory the first places the inode.
          if (linked.parent !== directory || linkedIndexes.has(node)) continue;
          linkedIndexes.set(node, nodes.length);
        }
      }
      nodes.push(node);
    }
  }
  return { nodes, parents, firstChildren, linkedIndexes };
}
