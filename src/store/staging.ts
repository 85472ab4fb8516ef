/**
 * The way into the store: write, seal, sync, rename, sync.
 *
 *     staging/
 *       ab/cdef…        a whole object, waiting for the next publication
 *       <n>.part        a large file that is being written and hashed; its digest is not known yet
 *       <64 hex>.cfs    the image; published last, when all its objects are durable
 *
 * Directories that objects/ has not yet are published whole: 256 renames and not 9,000 at a first installation.
 *
 * Why two syncs: an object that is renamed before its content is on disk comes back from a power cut with its name and
 * zero bytes (measured: all 14,412 of an installation). Why not fsync for each: it costs twice the time.
 */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { type ImageDigest, imageDigestHex } from "../composefs/image-digest.ts";
import type { ObjectPart } from "../composefs/object-collector.ts";
import { objectPath } from "../composefs/object-name.ts";
import { type AbsPath, below } from "../path.ts";
import type { ContentDigest } from "../tree/node.ts";
import { type ObjectStore, type StoreLimits, sweepStaging } from "./object-store.ts";
import { probeSealing, type Sealing, sealFiles, unsealedFiles } from "./seal.ts";

/**
 * The one writer of a store, from taking its lock to leaving staging empty.
 *
 * Invariants: what `#objects` names is whole and closed and stands in staging under its digest; nothing of it is visible
 * in `objects/` before {@link publish} has synced it; an image is visible only when all its objects are durable.
 */
export class Staging implements AsyncDisposable {
  readonly sealing: Sealing;
  readonly #store: ObjectStore;
  readonly #lock: AsyncDisposable;
  /** What waits for publication, by its directory. */
  readonly #objects = new Map<string, ContentDigest[]>();
  readonly #openParts = new Set<number>();
  #partCount = 0;
  #pendingBytes = 0;
  #writtenBytes = 0;

  /** Use {@link openStaging}. */
  constructor(store: ObjectStore, lock: AsyncDisposable, sealing: Sealing) {
    this.#store = store;
    this.#lock = lock;
    this.sealing = sealing;
  }

  get limits(): StoreLimits {
    return this.#store.limits;
  }

  /** Bytes that wait for the next publication. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Bytes of all objects and images that this writer was given to keep. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Writes a whole object whose content has the given digest. @throws StoreError STORE_NO_SPACE; HostError */
  addObject(digest: ContentDigest, content: Uint8Array): void {
    this.#writeFile(this.#reserve(digest, content.length), content);
  }

  /** Begins a file whose digest is known at its end. @throws StoreError STORE_NO_SPACE; HostError (all its methods) */
  openPart(): ObjectPart {
    const { filesystem } = this.#store;
    const path = this.#path(`${this.#partCount++}.part`);
    const fd = filesystem.createFile(path);
    this.#openParts.add(fd);
    const close = () => {
      this.#openParts.delete(fd);
      filesystem.close(fd);
    };
    return {
      write: (chunk) => filesystem.write(fd, chunk),
      keep: (digest, sizeBytes) => {
        close();
        filesystem.rename(path, this.#reserve(digest, sizeBytes));
      },
      drop: () => {
        close();
        filesystem.remove(path);
      },
    };
  }

  /**
   * Makes what was staged durable and visible, and what was visible before durable too: a process that was killed
   * between a rename and its sync leaves names that only look as if they were there for good.
   * @throws StoreError STORE_VERITY_UNAVAILABLE, STORE_NO_SPACE; HostError
   */
  async publish(signal?: AbortSignal): Promise<void> {
    const { exec, filesystem } = this.#store;
    const staged = this.#objects.values().toArray().flat();
    if (this.sealing.isActive)
      await sealFiles(
        exec,
        staged.map((digest) => this.#path(objectPath(digest))),
        signal,
      );
    await filesystem.sync();
    if (staged.length === 0) return;
    signal?.throwIfAborted();
    for (const [directory, digests] of this.#objects) this.#publishDirectory(directory, digests);
    await filesystem.sync();
    this.#objects.clear();
    this.#pendingBytes = 0;
  }

  /**
   * Publishes what waits, and then the image that names it.
   * @throws StoreError STORE_VERITY_UNAVAILABLE, STORE_NO_SPACE; HostError
   */
  async publishImage(digest: ImageDigest, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const { exec, filesystem } = this.#store;
    // Written before the objects' first sync, so that it needs none of its own.
    const staged = this.#path(`${imageDigestHex(digest)}.cfs`);
    this.#writeFile(staged, bytes);
    this.#writtenBytes += bytes.length;
    if (this.sealing.isActive) await sealFiles(exec, [staged], signal);
    await this.publish(signal);
    filesystem.rename(staged, this.#store.imageFile(digest));
    await filesystem.sync();
  }

  /** Seals files of the store that an earlier run, at another level, left unsealed. @throws StoreError, HostError */
  async sealPublished(files: readonly AbsPath[], signal?: AbortSignal): Promise<void> {
    if (!this.sealing.isActive) return;
    const { exec } = this.#store;
    await sealFiles(exec, await unsealedFiles(exec, files, signal), signal);
  }

  /** Leaves nothing in staging and frees the lock. Never throws: what remains is swept when the store is opened. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      for (const fd of this.#openParts) this.#store.filesystem.close(fd);
      sweepStaging(this.#store);
    } catch {
      // The error that ended the run is what must be seen, not what became of cleaning up after it.
    } finally {
      await this.#lock[Symbol.asyncDispose]();
    }
  }

  #path(name: string): AbsPath {
    return `${this.#store.stagingDirectory}/${name}` as AbsPath; // names are ours, and there are thousands of them
  }

  #writeFile(path: AbsPath, content: Uint8Array): void {
    const { filesystem } = this.#store;
    const fd = filesystem.createFile(path);
    this.#openParts.add(fd);
    filesystem.write(fd, content);
    this.#openParts.delete(fd);
    filesystem.close(fd);
  }

  /** Where the object goes; from now on it waits for publication. */
  #reserve(digest: ContentDigest, sizeBytes: number): AbsPath {
    const path = objectPath(digest);
    const directory = dirname(path);
    const waiting = this.#objects.get(directory);
    if (waiting !== undefined) waiting.push(digest);
    else {
      this.#store.filesystem.makeDirectory(this.#path(directory));
      this.#objects.set(directory, [digest]);
    }
    this.#pendingBytes += sizeBytes;
    this.#writtenBytes += sizeBytes;
    return this.#path(path);
  }

  #publishDirectory(directory: string, digests: readonly ContentDigest[]): void {
    const { filesystem, objectFile, objectsDirectory } = this.#store;
    const published = below(objectsDirectory, directory);
    if (!existsSync(published)) {
      filesystem.rename(this.#path(directory), published);
      return;
    }
    for (const digest of digests) filesystem.rename(this.#path(objectPath(digest)), objectFile(digest));
    filesystem.remove(this.#path(directory));
  }
}

/**
 * Takes the store's lock, makes what is missing of its directories, sweeps staging and finds out whether files can be sealed.
 * @throws StoreError STORE_VERITY_UNAVAILABLE when sealing is required and cannot be; STORE_NO_SPACE; HostError HOST_BUSY
 */
export async function openStaging(store: ObjectStore): Promise<Staging> {
  const lock = await store.filesystem.lock();
  try {
    sweepStaging(store);
    const { objectsDirectory, imagesDirectory, stagingDirectory } = store;
    for (const path of [objectsDirectory, imagesDirectory, stagingDirectory]) store.filesystem.makeDirectory(path);
    const sealing = await probeSealing(store.exec, store.filesystem, store.stagingDirectory, store.fsVerity);
    return new Staging(store, lock, sealing);
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}
