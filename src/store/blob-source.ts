/**
 * One blob of a medium, opened once, read to its end whatever becomes of its content.
 *
 * What inflates and parses a blob may stop early: it has all it wants, or the content is nonsense. The digest is known
 * only at the end, so the rest is read (and hashed, not inflated) before anything of it is believed or blamed.
 */
import type { LayoutReader } from "../oci/layout.ts";
import { type PinnedContent, readVerifiedChunks } from "../oci/verified-blob.ts";

export interface BlobSourceOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told the length of each chunk that came from the medium. */
  readonly onRead?: ((bytes: number) => void) | undefined;
}

export interface BlobSource extends AsyncDisposable {
  /** The chunks; ending this iteration early leaves the rest to {@link finish}. */
  chunks(): AsyncGenerator<Buffer>;
  /**
   * Reads what is left. When it returns, everything that `chunks` gave has the digest that was asked for.
   * @throws OciError as {@link readVerifiedChunks}; the reason of the signal
   */
  finish(): Promise<void>;
}

/** Opens nothing before the first chunk is asked for. */
export function openBlobSource(
  medium: LayoutReader,
  pinned: PinnedContent,
  options: BlobSourceOptions = {},
): BlobSource {
  const { signal, onRead } = options;
  const source = readVerifiedChunks(medium, pinned, signal);
  const next = async (): Promise<Buffer | undefined> => {
    const { done, value } = await source.next();
    if (done === true) return undefined;
    onRead?.(value.length);
    return value;
  };
  return {
    async *chunks() {
      for (let chunk = await next(); chunk !== undefined; chunk = await next()) yield chunk;
    },
    async finish() {
      while ((await next()) !== undefined);
    },
    async [Symbol.asyncDispose]() {
      await source.return(undefined);
    },
  };
}

/** All chunks of something small, as one. */
export async function collectChunks(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const collected: Buffer[] = [];
  for await (const chunk of chunks) collected.push(chunk);
  return Buffer.concat(collected);
}
