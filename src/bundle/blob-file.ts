/**
 * One blob onto a file system: hashed while it is written, synced, and named only then. Power cut at any moment leaves
 * the whole blob under its name, or a `.tmp` file that nobody reads.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { digestHex, digestOfHex } from "../oci/digest.ts";
import { OciError } from "../oci/error.ts";
import type { PinnedContent } from "../oci/verified-blob.ts";
import { type AbsPath, below } from "../path.ts";

/**
 * Dirty pages are pushed out while more is read, else a slow stick takes gigabytes into the page cache at once and then
 * stands still for minutes at the end, with the progress bar at 100 %.
 */
const FLUSH_EVERY_BYTES = 32 << 20;

export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * Writes `chunks` into `directory` under the hexadecimal digits of their digest. Chunks must not be changed once they
 * were handed over: they are written while they are hashed.
 * @param temporaryName of a file that nobody else writes
 * @param onLength called with the length so far before each write; throws to refuse
 * @throws OciError OCI_BLOB_SIZE_MISMATCH, OCI_BLOB_DIGEST_MISMATCH; errors of `chunks` and of the file system as they are
 */
export async function writeBlobFile(
  directory: AbsPath,
  temporaryName: string,
  chunks: Chunks,
  expected: PinnedContent | undefined,
  onLength: (lengthBytes: number) => void,
): Promise<PinnedContent> {
  const temporary = below(directory, temporaryName);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
  try {
    const written = await pour(file, chunks, expected, onLength);
    if (expected !== undefined) compare(written, expected);
    await file.sync();
    await file.close();
    await rename(temporary, below(directory, digestHex(written.digest)));
    return written;
  } catch (error) {
    await file.close();
    await rm(temporary, { force: true });
    throw error;
  }
}

async function pour(
  file: FileHandle,
  chunks: Chunks,
  expected: PinnedContent | undefined,
  onLength: (lengthBytes: number) => void,
): Promise<PinnedContent> {
  const hash = createHash("sha256");
  let size = 0;
  let unflushed = 0;
  let writing: Promise<unknown> = Promise.resolve();
  let flushing: Promise<unknown> = Promise.resolve();
  for await (const chunk of chunks) {
    size += chunk.length;
    onLength(size);
    if (expected !== undefined && size > expected.size) throw sizeMismatch(expected, "more than that");
    await writing;
    writing = settled(writeAll(file, chunk));
    hash.update(chunk); // meanwhile, on this thread
    unflushed += chunk.length;
    if (unflushed >= FLUSH_EVERY_BYTES) {
      unflushed = 0;
      await flushing;
      flushing = settled(file.datasync());
    }
  }
  await writing;
  await flushing;
  return { digest: digestOfHex(hash.digest("hex")), size };
}

/** Lets a failure wait for whoever awaits the promise next, instead of ending the process as unhandled. */
function settled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.length; ) offset += (await file.write(chunk, offset)).bytesWritten;
}

function compare(written: PinnedContent, expected: PinnedContent): void {
  if (written.size !== expected.size) throw sizeMismatch(expected, `${written.size}`);
  if (written.digest === expected.digest) return;
  const message = `content of blob ${expected.digest} has the digest ${written.digest}`;
  throw new OciError("OCI_BLOB_DIGEST_MISMATCH", message);
}

function sizeMismatch({ digest, size }: PinnedContent, got: string): OciError {
  return new OciError("OCI_BLOB_SIZE_MISMATCH", `size of blob ${digest}: expected ${size} bytes, got ${got}`);
}
