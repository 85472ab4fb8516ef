/**
 * One stream of chunks for two consumers, so that a layer is read once while it is both written and merged.
 *
 * The first consumer pulls; the second one gets the same chunks through a short queue. The slower one sets the pace.
 */

const QUEUE_CHUNKS = 4; // of 1 MiB each: enough to keep both busy, little enough to bound memory

/** What the second consumer gets when the first one has stopped; never the failure that is reported. */
class StreamStopped extends Error {}

/**
 * Runs both consumers over `chunks` to their ends. When one fails the other is stopped at its next chunk, and the first
 * failure is thrown; nothing is left running.
 */
export async function consumeTwice<First, Second>(
  chunks: AsyncIterable<Buffer>,
  first: (chunks: AsyncIterable<Buffer>) => Promise<First>,
  second: (chunks: AsyncIterable<Buffer>) => Promise<Second>,
): Promise<readonly [First, Second]> {
  const queue = openQueue();
  const failures: unknown[] = [];
  const failed = (error: unknown): never => {
    if (!(error instanceof StreamStopped)) failures.push(error);
    queue.close({ kind: "failed", error: failures[0] ?? error });
    throw error;
  };
  const results = await Promise.allSettled([
    first(copyInto(queue, chunks, failed)).catch(failed),
    second(queue.chunks()).catch(failed),
  ]);
  if (failures.length > 0) throw failures[0];
  const [firstResult, secondResult] = results;
  if (firstResult.status === "rejected") throw firstResult.reason;
  if (secondResult.status === "rejected") throw secondResult.reason;
  return [firstResult.value, secondResult.value];
}

async function* copyInto(
  queue: ChunkQueue,
  chunks: AsyncIterable<Buffer>,
  failed: (error: unknown) => never,
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of chunks) {
      await queue.put(chunk);
      yield chunk;
    }
    queue.close({ kind: "ended" });
  } catch (error) {
    failed(error);
  } finally {
    // Without effect after an orderly end: else the second consumer must not take what it got for the whole.
    queue.close({ kind: "failed", error: new StreamStopped("the stream was abandoned") });
  }
}

type QueueState = { readonly kind: "open" | "ended" | "left" } | { readonly kind: "failed"; readonly error: unknown };

interface ChunkQueue {
  /** Resolves when there is room, or when nobody wants it any more; throws what the queue failed with. */
  put(chunk: Buffer): Promise<void>;
  close(state: QueueState): void;
  chunks(): AsyncGenerator<Buffer>;
}

function openQueue(): ChunkQueue {
  const waiting: Buffer[] = [];
  let state: QueueState = { kind: "open" };
  let sleepers: (() => void)[] = [];
  const change = () => new Promise<void>((resolve) => sleepers.push(resolve));
  const notify = () => {
    const woken = sleepers;
    sleepers = [];
    for (const wake of woken) wake();
  };
  const queue: ChunkQueue = {
    async put(chunk) {
      while (state.kind === "open" && waiting.length >= QUEUE_CHUNKS) await change();
      if (state.kind === "failed") throw state.error;
      if (state.kind === "open") waiting.push(chunk);
      notify();
    },
    close(next) {
      // open → anything; a consumer that left may still turn out to have failed; "ended" and "failed" are final
      if (state.kind === "open" || (state.kind === "left" && next.kind === "failed")) state = next;
      notify();
    },
    async *chunks() {
      try {
        for (;;) {
          if (state.kind === "failed") throw state.error;
          const chunk = waiting.shift();
          if (chunk !== undefined) {
            notify();
            yield chunk;
          } else if (state.kind === "ended") return;
          else await change();
        }
      } finally {
        queue.close({ kind: "left" });
      }
    },
  };
  return queue;
}
