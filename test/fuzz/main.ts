/**
 * Coverage-guided fuzzing of the readers of what is hostile, for a fixed time.
 *
 *     npm run fuzz -- --seconds 60 [--seed 1234] [--only tar]
 *
 * Exit status 1 when an input ends in anything but a value that can be read again or a coded refusal, takes too long or
 * too much memory. Such an input is saved below .cache/fuzz; once mended it belongs into test/fuzz/seeds.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PARSERS } from "../support/parsers.ts";
import { Coverage } from "./coverage.ts";
import { fuzzParser } from "./fuzz-parser.ts";
import { randomOf } from "./random.ts";

/** What a medium gives; with --only any parser of the table may be named. */
const FUZZED = ["statement", "envelope", "root", "root document", "index", "tar", "EROFS"];
const SEEDS = join(import.meta.dirname, "seeds");
const SAVE_TO = join(import.meta.dirname, "../../.cache/fuzz");

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: `${Date.now() % 1_000_000}` },
    only: { type: "string" },
  },
});
const names = values.only === undefined ? FUZZED : [values.only];
const parsers = PARSERS.filter(({ name }) => names.includes(name));
const seconds = Number(values.seconds);
const seed = Number(values.seed);
if (parsers.length !== names.length || !(seconds > 0) || !Number.isInteger(seed)) {
  const known = PARSERS.map(({ name }) => `"${name}"`).join(", ");
  console.error(`usage: npm run fuzz -- [--seconds N] [--seed N] [--only NAME]\nnames: ${known}`);
  process.exit(2);
}

console.log(`fuzzing ${names.join(", ")} for ${seconds} s, seed ${seed}`);
const coverage = await Coverage.start();
const crashes: string[] = [];
for (const parser of parsers) {
  const directory = join(SEEDS, parser.name);
  const found = existsSync(directory) ? readdirSync(directory).map((file) => readFileSync(join(directory, file))) : [];
  const milliseconds = (seconds * 1000) / parsers.length;
  const report = await fuzzParser(parser, found, { milliseconds, random: randomOf(seed), coverage, saveTo: SAVE_TO });
  const rate = Math.round((report.executions * 1000) / milliseconds);
  console.log(
    `${parser.name.padEnd(13)} ${report.executions} executions (${rate}/s), ${report.newBlocks} new blocks, corpus ${report.corpus}, ${report.crashes.length} crashes`,
  );
  crashes.push(...report.crashes);
}
coverage.stop();
for (const crash of crashes) console.error(`crash: ${crash}\n  (seed ${seed})`);
process.exit(crashes.length === 0 ? 0 : 1);
