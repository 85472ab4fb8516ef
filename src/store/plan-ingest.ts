/**
 * What storing an image takes of the store's file system. Pure: who asks says what is there.
 *
 * Numbers are upper bounds that hold on ext4, xfs and btrfs: whole blocks for each file, and what the seal of a file
 * adds where fs-verity is on.
 */
import { imageObjects } from "../composefs/image-objects.ts";
import type { ContentDigest, DirectoryNode } from "../tree/node.ts";

export interface IngestPlan {
  /** Objects that the image names and the store lacks, with their sizes in bytes. */
  readonly missing: ReadonlyMap<ContentDigest, number>;
  /** Objects that are there already. */
  readonly reused: ReadonlyMap<ContentDigest, number>;
  readonly missingBytes: number;
  readonly reusedBytes: number;
  /** What must be free: whole blocks of objects, their directories, the image, seals. */
  readonly neededBytes: number;
  readonly neededInodes: number;
}

export interface StoreFacts {
  readonly hasObject: (digest: ContentDigest) => boolean;
  /** True when the image itself is there already. */
  readonly hasImage: boolean;
  readonly imageSizeBytes: number;
  readonly blockBytes: number;
  /** True when files get sealed. */
  readonly isSealing: boolean;
}

const OBJECT_DIRECTORIES = 256; // objects/00 … objects/ff, one block and one inode each
const HASHES_PER_BLOCK = 128; // fs-verity: a block of 4096 holds 128 sha256 digests

export function planIngest(root: DirectoryNode, facts: StoreFacts): IngestPlan {
  const missing = new Map<ContentDigest, number>();
  const reused = new Map<ContentDigest, number>();
  for (const [digest, sizeBytes] of imageObjects(root)) {
    (facts.hasObject(digest) ? reused : missing).set(digest, sizeBytes);
  }
  const newFiles = [...missing.values(), ...(facts.hasImage ? [] : [facts.imageSizeBytes])];
  const directories = Math.min(missing.size, OBJECT_DIRECTORIES);
  const fileBytes = newFiles.reduce((sum, size) => sum + allocatedBytes(size, facts), 0);
  return {
    missing,
    reused,
    missingBytes: total(missing),
    reusedBytes: total(reused),
    neededBytes: fileBytes + directories * facts.blockBytes,
    neededInodes: newFiles.length + directories,
  };
}

function total(objects: ReadonlyMap<ContentDigest, number>): number {
  return objects.values().reduce((sum, size) => sum + size, 0);
}

function allocatedBytes(sizeBytes: number, { blockBytes, isSealing }: StoreFacts): number {
  const blocks = Math.ceil(sizeBytes / blockBytes);
  return (isSealing ? blocks + sealBlocks(blocks) : blocks) * blockBytes;
}

/** Blocks of the hash tree of a file (fsverity.rst, "Merkle tree"), and one for the descriptor. */
function sealBlocks(dataBlocks: number): number {
  let blocks = 1;
  for (let level = dataBlocks; level > 1; ) {
    level = Math.ceil(level / HASHES_PER_BLOCK);
    blocks += level;
  }
  return blocks;
}
