/**
 * Inflating layers while they are read (RFC 1952 gzip, RFC 8878 zstd), bounded by the caller's byte budget.
 *
 * zlib's streams work on libuv's threads, so inflating runs beside the caller's parsing and hashing.
 */
import { constants, createGunzip, createZstdDecompress } from "node:zlib";
import { OciError } from "./error.ts";
import type { Compression } from "./media-type.ts";
import { cutAtFrames } from "./zstd-frames.ts";

const INFLATE_CHUNK_BYTES = 1 << 20; // 20 % faster than the default on layers of an operating system
const ZSTD_WINDOW_LOG_MAX = 27; // 128 MiB, what RFC 8878 asks of decoders at most; bounds memory against a hostile frame

/**
 * @param chunks compressed bytes, in order
 * @param maxBytes inflating more than this ends with an error: the guard against decompression bombs
 * @throws OciError OCI_LAYER_CORRUPT, OCI_LAYER_TOO_LARGE, and whatever `chunks` throws
 */
export async function* decompress(
  chunks: AsyncIterable<Buffer>,
  compression: Compression,
  maxBytes: number,
): AsyncGenerator<Buffer> {
  let length = 0;
  for await (const chunk of inflated(chunks, compression)) {
    length += chunk.length;
    if (length > maxBytes)
      throw new OciError("OCI_LAYER_TOO_LARGE", `content inflates to more than the ${maxBytes} bytes allowed`);
    yield chunk;
  }
}

function inflated(chunks: AsyncIterable<Buffer>, compression: Compression): AsyncIterable<Buffer> {
  switch (compression) {
    case "none":
      return chunks;
    case "gzip":
      return pump(chunks, createGunzip({ chunkSize: INFLATE_CHUNK_BYTES }));
    case "zstd":
      return pump(
        cutAtFrames(chunks),
        createZstdDecompress({
          chunkSize: INFLATE_CHUNK_BYTES,
          params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX },
        }),
      );
  }
}

type Inflater = ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress>;

async function* pump(chunks: AsyncIterable<Buffer>, inflater: Inflater): AsyncGenerator<Buffer> {
  let sourceFailed: { error: unknown } | undefined;
  let abandoned = false;
  const feed = async () => {
    try {
      for await (const chunk of chunks) {
        if (abandoned) return;
        // What follows the compressed stream is not inflated, but it is read: the source checks its digest at its end.
        if (inflater.destroyed) continue;
        if (!inflater.write(chunk)) await drained(inflater);
      }
      inflater.end();
    } catch (error) {
      sourceFailed = { error };
      inflater.destroy();
    }
  };
  const feeding = feed();
  try {
    yield* inflater as AsyncIterable<Buffer>;
    await feeding;
  } catch (error) {
    await feeding; // reads the source to its end: that its digest is wrong says more than that it does not inflate
    if (sourceFailed === undefined) {
      const why = error instanceof Error ? error.message : String(error);
      throw new OciError("OCI_LAYER_CORRUPT", `content cannot be inflated: ${why}`, { cause: error });
    }
  } finally {
    abandoned = true;
    inflater.destroy();
    await feeding;
  }
  if (sourceFailed !== undefined) throw sourceFailed.error;
}

/** Resolves when the inflater takes more, or will never take anything again. */
function drained(inflater: Inflater): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      inflater.off("drain", done).off("close", done);
      resolve();
    };
    inflater.on("drain", done).on("close", done);
  });
}
