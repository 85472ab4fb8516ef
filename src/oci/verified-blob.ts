/**
 * Reading a blob once, hashed while it is read: the bytes that are handed on are the bytes that were checked.
 *
 * A consumer must not act on what it got before the iteration has ended without an error; until then it holds bytes
 * of unknown worth.
 */
import { createHash } from "node:crypto";
import type { Digest } from "./digest.ts";
import { digestOfHex } from "./digest.ts";
import { OciError } from "./error.ts";
import type { LayoutReader } from "./layout.ts";

/** The part of a descriptor that pins content. */
export interface PinnedContent {
  readonly digest: Digest;
  /** In bytes (named by the OCI spec). */
  readonly size: number;
}

/**
 * The chunks of a blob; throws at the first byte too many, and at the end when size or digest differ.
 * @throws OciError OCI_BLOB_MISSING, OCI_BLOB_SIZE_MISMATCH, OCI_BLOB_DIGEST_MISMATCH, OCI_BLOB_UNREADABLE
 */
export function readVerifiedChunks(
  reader: LayoutReader,
  expected: PinnedContent,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  return verifiedChunks(reader, expected, false, signal);
}

/**
 * Reads a blob only to check it, which is faster: its bytes go nowhere.
 * @param onBytes called with the length of each chunk
 * @throws OciError as {@link readVerifiedChunks}
 */
export async function verifyBlob(
  reader: LayoutReader,
  expected: PinnedContent,
  {
    signal,
    onBytes,
  }: { readonly signal?: AbortSignal | undefined; readonly onBytes?: ((bytes: number) => void) | undefined } = {},
): Promise<void> {
  for await (const chunk of verifiedChunks(reader, expected, true, signal)) onBytes?.(chunk.length);
}

async function* verifiedChunks(
  reader: LayoutReader,
  expected: PinnedContent,
  reuseBuffers: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  const blob = await reader.openBlob(expected.digest, { reuseBuffers });
  const hash = createHash("sha256");
  let length = 0;
  for await (const chunk of blob.chunks) {
    signal?.throwIfAborted();
    length += chunk.length;
    if (length > expected.size) throw sizeMismatch(expected, `more than that`);
    hash.update(chunk);
    yield chunk;
  }
  if (length !== expected.size) throw sizeMismatch(expected, `${length}`);
  const actual = digestOfHex(hash.digest("hex"));
  if (actual !== expected.digest) {
    throw new OciError("OCI_BLOB_DIGEST_MISMATCH", `content of blob ${expected.digest} has the digest ${actual}`);
  }
}

function sizeMismatch(expected: PinnedContent, got: string): OciError {
  return new OciError(
    "OCI_BLOB_SIZE_MISMATCH",
    `size of blob ${expected.digest}: expected ${expected.size} bytes, got ${got}`,
  );
}

/**
 * A whole small blob, verified.
 * @throws OciError as {@link readVerifiedChunks}, and OCI_BLOB_TOO_LARGE before anything is read; the reason of the signal
 */
export async function readVerifiedBlob(
  reader: LayoutReader,
  expected: PinnedContent,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  if (expected.size > maxBytes) {
    throw new OciError(
      "OCI_BLOB_TOO_LARGE",
      `blob ${expected.digest} is said to have ${expected.size} bytes, at most ${maxBytes} are read`,
    );
  }
  const chunks: Buffer[] = [];
  for await (const chunk of readVerifiedChunks(reader, expected, signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
