/**
 * Which parts of our sources have run: V8's precise coverage of blocks, asked through node:inspector.
 *
 * V8 gives, for each function that ran since it was asked last, the ranges in it that did not. What is remembered is what
 * has never run; when that shrinks, an input has reached something new.
 */
import { Session } from "node:inspector/promises";

const SOURCES = new URL("../../src/", import.meta.url).href;

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
}

export class Coverage {
  readonly #session: Session;
  /** By function: what of it has never run. */
  readonly #missing = new Map<string, readonly Range[]>();

  private constructor(session: Session) {
    this.#session = session;
  }

  static async start(): Promise<Coverage> {
    const session = new Session();
    session.connect();
    await session.post("Profiler.enable");
    await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
    return new Coverage(session);
  }

  /**
   * How many functions and blocks ran since the last call that had never run before.
   * @param isKept whether they count as reached from now on
   */
  async takeNew(isKept: boolean): Promise<number> {
    const { result } = await this.#session.post("Profiler.takePreciseCoverage");
    let found = 0;
    for (const { url, functions } of result) {
      if (!url.startsWith(SOURCES)) continue;
      for (const { ranges } of functions) {
        const [whole, ...blocks] = ranges;
        if (whole === undefined || whole.count === 0) continue;
        const key = `${url}:${whole.startOffset}-${whole.endOffset}`;
        const idle = blocks.filter(({ count }) => count === 0);
        const known = this.#missing.get(key);
        const left = known === undefined ? idle : overlap(known, idle);
        if (known === undefined) found++;
        else if (lengthOf(left) < lengthOf(known)) found += Math.max(1, known.length - left.length);
        if (isKept) this.#missing.set(key, left);
      }
    }
    return found;
  }

  stop(): void {
    this.#session.disconnect();
  }
}

/** Blocks that did not run may lie in each other, so the common parts are those of the innermost. */
function overlap(known: readonly Range[], idle: readonly Range[]): Range[] {
  return known.flatMap((range) =>
    idle.flatMap((other) => {
      const startOffset = Math.max(range.startOffset, other.startOffset);
      const endOffset = Math.min(range.endOffset, other.endOffset);
      return startOffset < endOffset ? [{ startOffset, endOffset }] : [];
    }),
  );
}

function lengthOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { startOffset, endOffset }) => sum + endOffset - startOffset, 0);
}
