/**
 * Layouts for tests of what is above the reader: an honest one in memory, one that misbehaves as worn or hostile media
 * do, and one on a stick that is pulled. What the reader itself makes of a medium that lies is for medium-lies.ts.
 *
 * All are small real implementations of the LayoutReader port. The liar counts how often each blob is opened, so that
 * "nothing is read twice" can be shown.
 */
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import { OciError } from "../../src/oci/error.ts";
import type { LayoutReader, OpenBlob } from "../../src/oci/layout.ts";

/** How a blob deviates from what it should be. */
export type Lie =
  | { readonly kind: "absent" }
  /** One bit is wrong, at this byte. */
  | { readonly kind: "flipped-bit"; readonly at: number }
  /** The blob ends after this many bytes. */
  | { readonly kind: "short"; readonly sizeBytes: number }
  /** This much is appended. */
  | { readonly kind: "long"; readonly extra: Buffer }
  /** Other bytes altogether, from the n-th opening on (1 is the first). */
  | { readonly kind: "other-bytes"; readonly bytes: Buffer; readonly fromOpening: number }
  /** EIO after this many chunks. */
  | { readonly kind: "io-error"; readonly afterChunks: number }
  /** Never answers after this many chunks; `onStall` is called when it is asked for more. */
  | { readonly kind: "stall"; readonly afterChunks: number; readonly onStall?: () => void };

export interface LyingLayout extends LayoutReader {
  /** How often each blob was opened. */
  readonly openings: ReadonlyMap<Digest, number>;
}

const CHUNK_BYTES = 4096;

/** An honest layout of these blobs, in small chunks; it has an index.json where one is given. */
export function memoryLayout(blobs: Iterable<Buffer>, chunkBytes = CHUNK_BYTES, index?: Buffer): LayoutReader {
  const byDigest = new Map([...blobs].map((bytes) => [digestOf(bytes), bytes] as const));
  return {
    location: "memory",
    readTopFile: async (name) => {
      if (name === "index.json" && index !== undefined) return index;
      throw new OciError("OCI_LAYOUT_MISSING", `${name} is not there`);
    },
    openBlob: async (digest) => {
      const bytes = byDigest.get(digest);
      if (bytes === undefined) throw new OciError("OCI_BLOB_MISSING", `blob ${digest} is not there`);
      return { sizeBytes: bytes.length, chunks: inChunks(bytes, chunkBytes) };
    },
    blobSizeBytes: async (digest) => byDigest.get(digest)?.length,
  };
}

/** `honest`, except for the blobs that `lies` names. */
export function lyingLayout(honest: LayoutReader, lies: ReadonlyMap<Digest, Lie> = new Map()): LyingLayout {
  const openings = new Map<Digest, number>();
  return {
    openings,
    location: honest.location,
    readTopFile: (name, maxBytes) => honest.readTopFile(name, maxBytes),
    async openBlob(digest) {
      const opening = (openings.get(digest) ?? 0) + 1;
      openings.set(digest, opening);
      const lie = lies.get(digest);
      return lie === undefined ? honest.openBlob(digest) : openLie(honest, digest, lie, opening);
    },
    async blobSizeBytes(digest) {
      return lies.get(digest)?.kind === "absent" ? undefined : honest.blobSizeBytes(digest);
    },
  };
}

async function openLie(honest: LayoutReader, digest: Digest, lie: Lie, opening: number): Promise<OpenBlob> {
  if (lie.kind === "absent") throw new OciError("OCI_BLOB_MISSING", `blob ${digest} is not there`);
  const blob = await honest.openBlob(digest);
  if (lie.kind === "io-error" || lie.kind === "stall") {
    return { ...blob, chunks: failing(blob.chunks, digest, lie) };
  }
  const parts: Buffer[] = [];
  for await (const chunk of blob.chunks) parts.push(chunk);
  const bytes = distort(Buffer.concat(parts), lie, opening);
  return { sizeBytes: bytes.length, chunks: inChunks(bytes, CHUNK_BYTES) };
}

type Distortion = Exclude<Lie, { kind: "absent" | "io-error" | "stall" }>;

function distort(bytes: Buffer, lie: Distortion, opening: number): Buffer {
  switch (lie.kind) {
    case "flipped-bit":
      bytes.writeUInt8(bytes.readUInt8(lie.at) ^ 1, lie.at);
      return bytes;
    case "short":
      return bytes.subarray(0, lie.sizeBytes);
    case "long":
      return Buffer.concat([bytes, lie.extra]);
    case "other-bytes":
      return opening >= lie.fromOpening ? lie.bytes : bytes;
  }
}

async function* failing(
  chunks: AsyncIterable<Buffer>,
  digest: Digest,
  lie: Extract<Lie, { kind: "io-error" | "stall" }>,
): AsyncGenerator<Buffer> {
  let count = 0;
  for await (const chunk of chunks) {
    if (count++ < lie.afterChunks) {
      yield chunk;
      continue;
    }
    if (lie.kind === "io-error") throw new OciError("OCI_BLOB_UNREADABLE", `reading blob ${digest} failed: EIO`);
    lie.onStall?.();
    await new Promise<never>(() => undefined);
  }
}

async function* inChunks(bytes: Buffer, chunkBytes: number): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < bytes.length; offset += chunkBytes) {
    yield Buffer.from(bytes.subarray(offset, offset + chunkBytes));
  }
}

export interface PulledLayout extends LayoutReader {
  /** Reads so far, each chunk of a blob and each look at a size counted. */
  readonly reads: number;
}

/**
 * A stick that is pulled out at a certain read: that read and all after it end in EIO, as the kernel has it.
 * @param onPull called once, at the read with the number `at`
 */
export function pulledLayout(honest: LayoutReader, at: number, onPull: () => void): PulledLayout {
  let reads = 0;
  const read = (what: string) => {
    reads += 1;
    if (reads === at) onPull();
    if (reads < at) return;
    const cause = Object.assign(new Error("EIO: i/o error, read"), { errno: -5, code: "EIO" });
    throw new OciError("OCI_BLOB_UNREADABLE", `reading ${what} failed: EIO`, { cause });
  };
  async function* counted(chunks: AsyncIterable<Buffer>, what: string): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      read(what);
      yield chunk;
    }
  }
  return {
    get reads() {
      return reads;
    },
    location: honest.location,
    async readTopFile(name, maxBytes) {
      read(name);
      return honest.readTopFile(name, maxBytes);
    },
    async openBlob(digest, options) {
      read(digest);
      const blob = await honest.openBlob(digest, options);
      return { ...blob, chunks: counted(blob.chunks, digest) };
    },
    async blobSizeBytes(digest) {
      read(digest);
      return honest.blobSizeBytes(digest);
    },
  };
}
