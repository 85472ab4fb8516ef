/**
 * Writes the manual pages (`npm run generate:man -- OUTDIR`): bootferry(1), a page for each group,
 * bootferry-agent.toml(5) and bootferry(7). Made when a package is made, not kept.
 *
 * The same sources and SOURCE_DATE_EPOCH give the same bytes; without the variable the pages bear today's date.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildClock } from "../../src/cli/build-clock.ts";
import { systemClock } from "../../src/host/clock.ts";
import { manualPages } from "./man/manual-pages.ts";

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error("usage: node docs/generate/man.ts OUTDIR");
  process.exit(2);
}

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "..", "..", "package.json"), "utf8"));
const date = buildClock({ env: process.env, clock: systemClock }).nowUtc().toISOString().slice(0, 10);
mkdirSync(directory, { recursive: true });
for (const [name, text] of await manualPages({ version, date })) writeFileSync(join(directory, name), text);
