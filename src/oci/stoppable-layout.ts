/**
 * A layout whose answers are waited for until somebody asks to stop, and no longer.
 *
 * A medium that stalls never answers, and nothing takes a system call back: it is left behind, with its file open, until
 * the kernel gives up on the device. Only who waits for it is set free.
 */
import type { LayoutReader, OpenBlob } from "./layout.ts";

/** Every call, and every chunk of a blob, rejects with the reason of `signal` as soon as that is aborted. */
export function stoppable(layout: LayoutReader, signal: AbortSignal): LayoutReader {
  return {
    location: layout.location,
    readTopFile: (name, maxBytes) => orAbort(() => layout.readTopFile(name, maxBytes), signal),
    async openBlob(digest, options) {
      const open = async () => {
        const blob = await layout.openBlob(digest, options);
        if (signal.aborted) await discard(blob); // nobody waits for it any more
        return blob;
      };
      const { sizeBytes, chunks } = await orAbort(open, signal);
      return { sizeBytes, chunks: stoppableChunks(chunks, signal) };
    },
    blobSizeBytes: (digest) => orAbort(() => layout.blobSizeBytes(digest), signal),
  };
}

/** Closes the file, which only who has begun to read it can. */
async function discard({ chunks }: OpenBlob): Promise<void> {
  for await (const _ of chunks) break;
}

async function* stoppableChunks(chunks: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await orAbort(() => iterator.next(), signal);
      if (done === true) return;
      yield value;
    }
  } finally {
    const closing = iterator.return?.();
    if (signal.aborted)
      closing?.catch(() => undefined); // it comes when the medium answers, if ever
    else await closing;
  }
}

/** Settles as what `ask` gives, or rejects as soon as `signal` is aborted; then nothing is asked any more. */
export async function orAbort<T>(ask: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return ask();
  signal.throwIfAborted();
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    ask()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", abort));
  });
}
