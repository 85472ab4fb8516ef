/**
 * Writing a medium. Blobs come first and index.json last, so that a medium that is pulled out at any moment holds what
 * it held before, or what it was to hold, and at worst some blobs that nothing names.
 *
 *     MEDIUM/bootferry/                      locked while a writer is open
 *     MEDIUM/bootferry/oci-layout            written once
 *     MEDIUM/bootferry/index.json            replaced by publish and unpublish
 *     MEDIUM/bootferry/blobs/sha256/<hex>    never changed once it has its name
 *     MEDIUM/bootferry/blobs/sha256/N.tmp    on its way in; swept by the next writer
 *     MEDIUM/bootferry/NAME.tmp              files of another program that fetches blobs for us; swept likewise
 */
import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { type DiskSpace, readDiskSpace } from "../host/disk-space.ts";
import { syncDirectory, writeDurably } from "../host/durable-write.ts";
import type { Exec } from "../host/exec.ts";
import { openLock } from "../host/lock.ts";
import { syncFilesystem } from "../host/sync-filesystem.ts";
import { type Digest, digestHex, digestOf, digestOfHex } from "../oci/digest.ts";
import { type Descriptor, type ImageIndex, MAX_DOCUMENT_BYTES, parseIndex } from "../oci/document.ts";
import { OciError } from "../oci/error.ts";
import type { LayoutReader } from "../oci/layout.ts";
import { type PinnedContent, verifyBlob } from "../oci/verified-blob.ts";
import { type AbsPath, below } from "../path.ts";
import { type Chunks, writeBlobFile } from "./blob-file.ts";
import { isRealDirectory, MEDIUM_DIRECTORY, openMedium } from "./medium.ts";
import { addEntry, EMPTY_INDEX, formatIndex, removeEntries } from "./medium-index.ts";
import { reachableBlobs } from "./reachable-blobs.ts";
import { checkFileSize, checkRoom } from "./room.ts";
import { mediumWriteError } from "./write-error.ts";

const LAYOUT_FILE = '{"imageLayoutVersion":"1.0.0"}';
const BLOB_NAME = /^[0-9a-f]{64}$/;

export interface MediumWriterOptions {
  readonly exec: Exec;
  /** How much room there is; asks the file system unless given. */
  readonly readSpace?: (path: AbsPath) => DiskSpace;
}

export interface SweptBlobs {
  readonly blobs: number;
  readonly bytes: number;
}

/** Invariant: index.json names only blobs that were complete and synced before it was written. */
export interface MediumWriter extends AsyncDisposable {
  /** Reads what stands on the medium, blobs of this writer included. */
  readonly layout: LayoutReader;
  /** What index.json says now. */
  readonly index: ImageIndex;

  /**
   * Whether a blob is there already. It is read and hashed, since a worn-out stick keeps sizes longer than contents;
   * `trustContent` believes its size.
   */
  hasBlob(
    blob: PinnedContent,
    options?: { readonly trustContent?: boolean; readonly signal?: AbortSignal },
  ): Promise<boolean>;

  /**
   * Refuses blobs that will not fit, those that are there already left out.
   * @throws BundleError BUNDLE_NO_SPACE, BUNDLE_BLOB_TOO_LARGE_FOR_FAT
   */
  checkRoom(blobs: readonly PinnedContent[]): Promise<void>;

  /**
   * Writes a blob, complete and synced when this resolves. Several may be written at a time. Chunks must not be changed
   * once they were handed over.
   * @throws OciError OCI_BLOB_SIZE_MISMATCH, OCI_BLOB_DIGEST_MISMATCH (nothing is left then); BundleError BUNDLE_NO_SPACE,
   * BUNDLE_BLOB_TOO_LARGE_FOR_FAT, BUNDLE_MEDIUM_READ_ONLY, BUNDLE_MEDIUM_FAILED; whatever `chunks` throws
   */
  writeBlob(chunks: Chunks, expected?: PinnedContent): Promise<PinnedContent>;

  /** Takes away what stands in the place of a blob and is not it, so that another program may put it there. */
  discardBlob(digest: Digest): Promise<void>;

  /** Writes a small document as a blob and describes it. Errors as {@link writeBlob}. */
  writeDocument(bytes: Uint8Array, mediaType: string): Promise<Descriptor>;

  /** Adds entries to index.json, durably and all at once; a tag moves to the newest entry that bears it. */
  publish(...entries: readonly Descriptor[]): Promise<void>;

  /** Removes entries from index.json, durably and all at once. Their blobs stay until {@link collectGarbage}. */
  unpublish(isObsolete: (entry: Descriptor) => boolean): Promise<void>;

  /** Removes the blobs that no entry of index.json reaches. @throws OciError when a manifest cannot be read */
  collectGarbage(): Promise<SweptBlobs>;

  /** Returns when everything is on the medium and it may be pulled out. */
  sync(): Promise<void>;
}

/**
 * Opens the medium that is mounted at `mountPoint` for writing: locks it, makes the layout where there is none, sweeps
 * what an interrupted writer left.
 * @throws BundleError BUNDLE_MEDIUM_READ_ONLY, BUNDLE_MEDIUM_NOT_PLAIN, BUNDLE_MEDIUM_FAILED, BUNDLE_NO_SPACE;
 * HostError HOST_BUSY, HOST_PERMISSION, HOST_NOT_FOUND; OciError for an index.json that is there and malformed
 */
export async function openMediumWriter(mountPoint: AbsPath, options: MediumWriterOptions): Promise<MediumWriter> {
  const { exec, readSpace = readDiskSpace } = options;
  const directory = below(mountPoint, MEDIUM_DIRECTORY);
  const blobs = below(directory, "blobs", "sha256");
  const indexFile = below(directory, "index.json");
  await makeDirectories(directory, blobs);
  await using stack = new AsyncDisposableStack();
  stack.use(await openLock(directory)); // the directory itself, so that no lock file is left on the medium
  await guarded(`preparing ${directory}`, () => {
    sweep(directory, blobs);
    if (!existsSync(below(directory, "oci-layout"))) writeDurably(below(directory, "oci-layout"), LAYOUT_FILE);
    if (!existsSync(indexFile)) writeDurably(indexFile, formatIndex(EMPTY_INDEX));
  });
  const { layout } = await openMedium(mountPoint);
  let index = parseIndex(await layout.readTopFile("index.json", MAX_DOCUMENT_BYTES), "index.json");
  let serial = 0;

  const replaceIndex = (next: ImageIndex) =>
    guarded(`writing ${indexFile}`, () => {
      syncDirectory(blobs); // the names of the blobs, before anything mentions them
      writeDurably(indexFile, formatIndex(next));
      index = next;
    });

  const writeBlob = (chunks: Chunks, expected?: PinnedContent) => {
    const { kind } = readSpace(directory);
    const what = expected === undefined ? "a blob" : `blob ${expected.digest}`;
    return guarded(`writing ${what} to ${directory}`, () => {
      if (expected !== undefined) checkFileSize(expected.size, kind, what);
      const onLength = (lengthBytes: number) => checkFileSize(lengthBytes, kind, what);
      return writeBlobFile(blobs, `${serial++}.tmp`, chunks, expected, onLength);
    });
  };

  const lock = stack.move();
  return {
    layout,
    get index() {
      return index;
    },
    hasBlob: (blob, { trustContent = false, signal } = {}) => hasBlob(layout, blob, trustContent, signal),
    async checkRoom(wanted) {
      const isThere = async ({ digest, size }: PinnedContent) => (await layout.blobSizeBytes(digest)) === size;
      const missing: PinnedContent[] = [];
      for (const blob of wanted) if (!(await isThere(blob))) missing.push(blob);
      checkRoom(missing, readSpace(directory), mountPoint);
    },
    writeBlob,
    discardBlob: (digest) =>
      guarded(`removing blob ${digest} from ${blobs}`, () =>
        rmSync(below(blobs, digestHex(digest)), { recursive: true, force: true }),
      ),
    async writeDocument(bytes, mediaType) {
      const pinned: PinnedContent = { digest: digestOf(bytes), size: bytes.length };
      if (!(await hasBlob(layout, pinned, false))) await writeBlob([bytes], pinned);
      return { mediaType, ...pinned };
    },
    publish: (...entries) => replaceIndex(entries.reduce(addEntry, index)),
    unpublish: (isObsolete) => replaceIndex(removeEntries(index, isObsolete)),
    async collectGarbage() {
      const needed = await reachableBlobs(layout, index);
      return guarded(`removing blobs from ${blobs}`, () => removeBlobs(layout, blobs, needed));
    },
    sync: () => guarded(`syncing ${mountPoint}`, () => syncFilesystem(exec, directory)),
    [Symbol.asyncDispose]: () => lock.disposeAsync(),
  };
}

async function guarded<T>(what: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw mediumWriteError(error, what);
  }
}

/** Directories that are there must be real: a prepared stick could else make us write somewhere else. */
async function makeDirectories(directory: AbsPath, blobs: AbsPath): Promise<void> {
  await guarded(`making ${blobs}`, async () => {
    for (const path of [directory, below(directory, "blobs"), blobs]) {
      if (await isRealDirectory(path)) continue;
      mkdirSync(path);
      syncDirectory(dirname(path));
    }
    accessSync(blobs, constants.W_OK); // a complete medium that is mounted read-only is found out here, not at the end
  });
}

function sweep(directory: AbsPath, blobs: AbsPath): void {
  for (const path of [directory, blobs]) {
    for (const name of readdirSync(path)) if (name.endsWith(".tmp")) rmSync(below(path, name), { recursive: true });
  }
}

async function hasBlob(
  layout: LayoutReader,
  blob: PinnedContent,
  trustContent: boolean,
  signal?: AbortSignal,
): Promise<boolean> {
  if ((await layout.blobSizeBytes(blob.digest)) !== blob.size) return false;
  if (trustContent) return true;
  try {
    await verifyBlob(layout, blob, { signal });
    return true;
  } catch (error) {
    if (!(error instanceof OciError)) throw error;
    return false; // it will be written again
  }
}

async function removeBlobs(layout: LayoutReader, blobs: AbsPath, needed: ReadonlySet<Digest>): Promise<SweptBlobs> {
  let count = 0;
  let bytes = 0;
  for (const name of readdirSync(blobs)) {
    if (!BLOB_NAME.test(name) || needed.has(digestOfHex(name))) continue; // files that are no blobs are not ours
    bytes += (await layout.blobSizeBytes(digestOfHex(name))) ?? 0;
    rmSync(below(blobs, name), { recursive: true });
    count += 1;
  }
  if (count > 0) syncDirectory(blobs);
  return { blobs: count, bytes };
}
