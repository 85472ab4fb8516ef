/**
 * What a device keeps of its images, in one directory of one file system.
 *
 *     <sysroot>/bootferry/
 *       objects/ab/cdef…      file contents, named by their fs-verity digest, shared by all images
 *       images/<64 hex>.cfs   composefs image of one tree, named by its own fs-verity digest
 *       staging/              everything on its way in; never read, swept when the store is opened
 *       resume.json           where an interrupted run had got to; a hint
 *       store.lock            flock(2) of the one process that writes
 *
 * That an object has a name says only that it was whole once: it was synced before it was renamed, but disks rot. So
 * nothing here takes "exists" for "good": sizes are checked at each look, contents before a boot entry may name them.
 */
import { lstatSync, readdirSync } from "node:fs";
import { formatImageDigest, type ImageDigest, imageDigestHex } from "../composefs/image-digest.ts";
import { objectPath, parseContentDigest } from "../composefs/object-name.ts";
import { errnoOf } from "../error.ts";
import { HostError } from "../host/error.ts";
import type { Exec } from "../host/exec.ts";
import { type AbsPath, below } from "../path.ts";
import type { ContentDigest } from "../tree/node.ts";
import { storeError } from "./error.ts";
import type { FsVerityLevel } from "./seal.ts";
import { hostStoreFilesystem, type StoreFilesystem } from "./store-filesystem.ts";

/** What depends on the machine; tests make it small. */
export interface StoreLimits {
  /** Content up to this size is held in memory until its digest says whether it is wanted: no byte is written in vain. */
  readonly maxBufferedBytes: number;
  /** What was read is published, and need not be read again after a stop, when this much waits at the end of a layer. */
  readonly publishBatchBytes: number;
}

export const DEFAULT_STORE_LIMITS: StoreLimits = {
  maxBufferedBytes: 4 << 20,
  publishBatchBytes: 16 << 20, // two syncs for each are little beside writing it
};

export interface ObjectStoreOptions {
  readonly exec: Exec;
  readonly fsVerity: FsVerityLevel;
  /** The effects on disk: the host's unless given. */
  readonly filesystem?: StoreFilesystem;
  readonly limits?: StoreLimits;
}

export interface StoredObject {
  readonly digest: ContentDigest;
  readonly sizeBytes: number;
}

export interface ObjectStore {
  /** `<sysroot>/bootferry`. */
  readonly directory: AbsPath;
  readonly objectsDirectory: AbsPath;
  readonly imagesDirectory: AbsPath;
  readonly stagingDirectory: AbsPath;
  readonly exec: Exec;
  readonly filesystem: StoreFilesystem;
  readonly fsVerity: FsVerityLevel;
  readonly limits: StoreLimits;
  /** True when an object of this name and size is there; says nothing of its content. */
  hasObject(digest: ContentDigest, sizeBytes: number): boolean;
  objectFile(digest: ContentDigest): AbsPath;
  imageFile(digest: ImageDigest): AbsPath;
  /** The names of all objects, in no particular order. Files whose names are no digests are not ours and are passed over. */
  listObjectNames(): Generator<ContentDigest>;
  /** All objects with the sizes of their files. */
  listObjects(): Generator<StoredObject>;
  listImages(): readonly ImageDigest[];
}

const OBJECT_DIRECTORY_PATTERN = /^[0-9a-f]{2}$/;
const OBJECT_FILE_PATTERN = /^[0-9a-f]{62}$/;
const IMAGE_FILE_PATTERN = /^(?<hex>[0-9a-f]{64})\.cfs$/;

/**
 * Opens the store in `directory`, which need not be there yet: whoever only looks makes nothing. What an interrupted run
 * left in staging is swept, unless another process is writing there at this moment.
 * @throws StoreError STORE_NO_SPACE; HostError
 */
export async function openObjectStore(directory: AbsPath, options: ObjectStoreOptions): Promise<ObjectStore> {
  const filesystem = options.filesystem ?? hostStoreFilesystem(options.exec, directory);
  const objects = below(directory, "objects");
  const images = below(directory, "images");
  // Both parts are plain already, and joining them anew for each of 15,000 objects takes 0.1 s.
  const objectFile = (digest: ContentDigest) => `${objects}/${objectPath(digest)}` as AbsPath;
  const store: ObjectStore = {
    directory,
    objectsDirectory: objects,
    imagesDirectory: images,
    stagingDirectory: below(directory, "staging"),
    exec: options.exec,
    filesystem,
    fsVerity: options.fsVerity,
    limits: options.limits ?? DEFAULT_STORE_LIMITS,
    hasObject: (digest, sizeBytes) => fileSizeBytes(objectFile(digest)) === sizeBytes,
    objectFile,
    imageFile: (digest) => below(images, `${imageDigestHex(digest)}.cfs`),
    listObjectNames: () => listObjectNames(objects),
    *listObjects() {
      for (const digest of listObjectNames(objects)) {
        const sizeBytes = fileSizeBytes(objectFile(digest));
        if (sizeBytes !== undefined) yield { digest, sizeBytes };
      }
    },
    listImages: () =>
      names(images).flatMap((name) => {
        const hex = IMAGE_FILE_PATTERN.exec(name)?.groups?.["hex"];
        return hex === undefined ? [] : [formatImageDigest(parseContentDigest(hex))];
      }),
  };
  if (names(store.stagingDirectory).length > 0) await sweepUnlessBusy(store);
  return store;
}

/** Removes all that is in staging. The caller holds the store's lock. */
export function sweepStaging(store: ObjectStore): void {
  for (const name of names(store.stagingDirectory)) store.filesystem.remove(below(store.stagingDirectory, name));
}

/** The size of the regular file at `path`, or undefined when there is none. */
export function fileSizeBytes(path: AbsPath): number | undefined {
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false }); // an exception for each missing object would cost 0.3 s
    return stat?.isFile() ? stat.size : undefined;
  } catch (error) {
    if (errnoOf(error) === "ENOTDIR") return undefined;
    throw storeError(error, `looking at ${path}`);
  }
}

async function sweepUnlessBusy(store: ObjectStore): Promise<void> {
  try {
    await using _lock = await store.filesystem.lock();
    sweepStaging(store);
  } catch (error) {
    if (!(error instanceof HostError) || error.code !== "HOST_BUSY") throw error;
    // What is in staging is no leftover then, but on its way in.
  }
}

function* listObjectNames(objects: AbsPath): Generator<ContentDigest> {
  for (const directory of names(objects)) {
    if (!OBJECT_DIRECTORY_PATTERN.test(directory)) continue;
    for (const file of names(below(objects, directory))) {
      if (OBJECT_FILE_PATTERN.test(file)) yield parseContentDigest(`${directory}${file}`);
    }
  }
}

function names(directory: AbsPath): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return []; // nothing was stored here yet
    throw storeError(error, `listing ${directory}`);
  }
}
