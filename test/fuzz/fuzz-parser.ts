/** Changes documents at random and keeps those that make a parser reach code that it had not reached before. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ParserUnderTest } from "../support/parsers.ts";
import type { Coverage } from "./coverage.ts";
import { mutate, type Random } from "./random.ts";
import { faultOf } from "./try-parser.ts";

/** Asking for coverage takes as long as some parsers do, so it is asked once for many inputs. */
const BATCH = 64;
/** Above what the corpus and one input take, by far. */
const MAX_RSS_GROWTH_BYTES = 512 << 20;
const MAX_CRASHES = 5;

export interface FuzzOptions {
  readonly milliseconds: number;
  readonly random: Random;
  readonly coverage: Coverage;
  /** Where inputs go that something is wrong with. */
  readonly saveTo: string;
}

export interface FuzzReport {
  readonly executions: number;
  readonly newBlocks: number;
  readonly corpus: number;
  readonly crashes: readonly string[];
}

/** @param found inputs that were kept of earlier runs */
export async function fuzzParser(
  parser: ParserUnderTest,
  found: readonly Buffer[],
  { milliseconds, random, coverage, saveTo }: FuzzOptions,
): Promise<FuzzReport> {
  const corpus = [...parser.seeds, ...found];
  const crashes: string[] = [];
  let executions = 0;
  let newBlocks = 0;
  const attempt = (bytes: Buffer) => {
    executions++;
    const fault = faultOf(parser, bytes);
    if (fault !== undefined) crashes.push(save(saveTo, parser.name, bytes, fault));
  };

  for (const seed of corpus) attempt(seed);
  await coverage.takeNew(true); // what these reach is where it begins
  const pick = () => corpus[random.below(corpus.length)] ?? Buffer.alloc(0);
  const startRss = process.memoryUsage.rss();
  const end = performance.now() + milliseconds;
  while (performance.now() < end && crashes.length < MAX_CRASHES) {
    const batch: Buffer[] = [];
    while (batch.length < BATCH && performance.now() < end) {
      const bytes = mutate(pick(), random, pick());
      if (random.below(4) > 0) parser.repair?.(bytes);
      batch.push(bytes);
      attempt(bytes);
    }
    if ((await coverage.takeNew(false)) > 0) {
      // Once more, one by one: whose are they?
      for (const bytes of batch) {
        attempt(bytes);
        const reached = await coverage.takeNew(true);
        newBlocks += reached;
        if (reached > 0) corpus.push(bytes);
      }
    }
    if (process.memoryUsage.rss() - startRss > MAX_RSS_GROWTH_BYTES)
      crashes.push(
        save(saveTo, parser.name, Buffer.concat(batch), `memory grew by over ${MAX_RSS_GROWTH_BYTES} bytes`),
      );
  }
  return { executions, newBlocks, corpus: corpus.length, crashes };
}

/** Keeps the input, so that it can be looked at and become a seed. */
function save(directory: string, name: string, bytes: Buffer, fault: string): string {
  const file = join(directory, name, createHash("sha256").update(bytes).digest("hex").slice(0, 16));
  mkdirSync(join(directory, name), { recursive: true });
  writeFileSync(file, bytes);
  return `${file}: ${fault}`;
}
