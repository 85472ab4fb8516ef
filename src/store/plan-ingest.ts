import type { ContentDigest } from "../tree/node.ts";

/** What storing an image takes, as far as the store's file system goes. */
export interface IngestPlan {
  /** Objects that the image names and the store lacks, with their sizes. */
  readonly missing: ReadonlyMap<ContentDigest, number>;
  /** Objects that are there already (with the right size), to be digested again. */
  readonly reused: ReadonlyMap<ContentDigest, number>;
  readonly missingBytes: number;
  readonly reusedBytes: number;
  /** What the file system must have free: blocks of objects, their directories, the image, seals. */
  readonly neededBytes: number;
  readonly neededInodes: number;
}
