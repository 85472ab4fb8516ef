/**
 * Where the frames of a zstd stream end (RFC 8878, section 3.1), read from their headers alone.
 *
 * A layer may be many frames in a row; podman's zstd:chunked writes one for each piece of a file. Node's decompressor
 * takes the end of a frame within a chunk for the end of everything and drops the rest without a word, but goes on when
 * the frame ends with its chunk. So chunks are cut there.
 */

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50; // the last hexadecimal digit is free
const BLOCK_RLE = 1;

/** What the walk over a stream wants next: bytes to look at, bytes to pass over, or to say that a frame has ended. */
type Request = { readonly kind: "look" | "pass"; readonly bytes: number } | { readonly kind: "end" };

/** The same bytes in the same order, cut so that no chunk holds the end of one frame and the start of the next. */
export async function* cutAtFrames(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const cursor = new FrameCursor();
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; ) {
      const end = cursor.advance(chunk, start);
      yield chunk.subarray(start, end);
      start = end;
    }
  }
}

const NOTHING = Buffer.alloc(0);

/** Invariant: `#wanted` more bytes answer the request that the walk waits for; `#seen` are those that came to be looked at. */
class FrameCursor {
  readonly #walk = walkFrames();
  #isLooking = false;
  #wanted = 0;
  #seen = NOTHING;

  constructor() {
    this.#resume();
  }

  /** Takes bytes from `start` on; returns where the frame ends, or the end of the chunk. */
  advance(chunk: Buffer, start: number): number {
    for (let at = start; at < chunk.length; ) {
      const taken = chunk.subarray(at, at + this.#wanted);
      if (this.#isLooking) this.#seen = Buffer.concat([this.#seen, taken]);
      this.#wanted -= taken.length;
      at += taken.length;
      if (this.#wanted === 0 && this.#resume()) return at;
    }
    return chunk.length;
  }

  /** Answers the walk and takes its next request; true when that was the end of a frame. */
  #resume(): boolean {
    const { value: request } = this.#walk.next(this.#seen);
    this.#seen = NOTHING;
    if (request.kind === "end") {
      this.#resume();
      return true;
    }
    this.#isLooking = request.kind === "look";
    this.#wanted = request.bytes;
    return false;
  }
}

function* walkFrames(): Generator<Request, never, Buffer> {
  for (;;) {
    yield* walkFrame();
    yield { kind: "end" };
  }
}

/** One frame. What is none is passed to its end, for the decompressor to refuse. */
function* walkFrame(): Generator<Request, void, Buffer> {
  const magic = (yield { kind: "look", bytes: 4 }).readUInt32LE();
  if ((magic & ~0xf) >>> 0 === SKIPPABLE_MAGIC) {
    yield* pass((yield { kind: "look", bytes: 4 }).readUInt32LE());
    return;
  }
  if (magic !== FRAME_MAGIC) yield* pass(Number.POSITIVE_INFINITY);
  const descriptor = (yield { kind: "look", bytes: 1 }).readUInt8();
  yield* pass(headerBytesAfter(descriptor));
  for (let isLast = false; !isLast; ) {
    const block = (yield { kind: "look", bytes: 3 }).readUIntLE(0, 3);
    isLast = (block & 1) === 1;
    yield* pass(((block >> 1) & 3) === BLOCK_RLE ? 1 : block >> 3);
  }
  const hasChecksum = (descriptor & 4) !== 0;
  yield* pass(hasChecksum ? 4 : 0);
}

function* pass(bytes: number): Generator<Request, void, Buffer> {
  if (bytes > 0) yield { kind: "pass", bytes };
}

/** How long the rest of a frame header is: window descriptor, dictionary id, content size. */
function headerBytesAfter(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  return (isSingleSegment ? 0 : 1) + dictionaryBytes + contentSizeBytes;
}
