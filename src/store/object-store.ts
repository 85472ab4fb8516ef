/**
 * What a device keeps of its images, in one directory of one file system.
 *
 *     <sysroot>/bootferry/
 *       objects/ab/cdef…    file contents, named by their fs-verity digest, shared by all images
 *       images/<64 hex>.cfs composefs image of one tree, named by its own fs-verity digest
 *       staging/            everything on its way in; never read, swept when the store is opened
 *       store.lock          flock(2) of the one process that writes
 *
 * That an object has a name says only that it was whole once: it was synced before it was renamed, but disks rot. So
 * nothing here takes "exists" for "good": sizes are checked at each look, contents before a boot entry may name them.
 */
import { lstatSync, readdirSync } from "node:fs";
import { objectPath, parseContentDigest } from "../composefs/object-name.ts";
import { type ImageDigest, imageDigestHex } from "../composefs/image-digest.ts";
import { errnoOf } from "../error.ts";
import type { Exec } from "../host/exec.ts";
import { type AbsPath, below } from "../path.ts";
import type { ContentDigest } from "../tree/node.ts";
import { storeError } from "./error.ts";
import { hostStoreFilesystem, type StoreFilesystem } from "./store-filesystem.ts";

/** `on`: seal where the file system can; `required`: refuse to store where it cannot. */
export type FsVerityLevel = "off" | "on" | "required";

export interface ObjectStoreOptions {
  readonly exec: Exec;
  readonly fsVerity: FsVerityLevel;
  /** The effects on disk; the host's unless a test puts another one. */
  readonly filesystem?: StoreFilesystem;
}

export interface StoredObject {
  readonly digest: ContentDigest;
  readonly sizeBytes: number;
}

export interface ObjectStore {
  readonly directory: AbsPath;
  readonly exec: Exec;
  readonly filesystem: StoreFilesystem;
  readonly fsVerity: FsVerityLevel;
  /** True when an object of this name and size is there; says nothing of its content. */
  hasObject(digest: ContentDigest, sizeBytes: number): boolean;
  objectFile(digest: ContentDigest): AbsPath;
  imageFile(digest: ImageDigest): AbsPath;
  listObjects(): Generator<StoredObject>;
  listImages(): readonly ImageDigest[];
}
