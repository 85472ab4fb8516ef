/**
 * Writes the generated pages and schemas (`npm run generate`), or says which of them are out of date (`--check`).
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { generateSchemas } from "../../bundle-format/schemas/generate.ts";
import { processContext } from "../../src/cli/context.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { agentConfigSchema } from "../../src/config/agent-config.ts";
import { cliPage } from "./cli.ts";
import { configPage, type KeySchema } from "./config.ts";
import { errorsPage } from "./errors.ts";

const ROOT = join(import.meta.dirname, "..", "..");

async function generatedFiles(): Promise<Map<string, string>> {
  const program = await buildProgram(processContext(process, new AbortController().signal), "0");
  const config = z.toJSONSchema(agentConfigSchema, { io: "input" }) as KeySchema;
  const files = new Map([
    ["docs/cli.md", cliPage(program)],
    ["docs/config.md", configPage(config)],
    ["docs/errors.md", await errorsPage()],
  ]);
  for (const [name, text] of generateSchemas()) files.set(`bundle-format/schemas/${name}`, text);
  return files;
}

function isCurrent(file: string, text: string): boolean {
  try {
    return readFileSync(join(ROOT, file), "utf8") === text;
  } catch {
    return false; // not there or not readable: writing it, or the report, is the answer
  }
}

const stale = [...(await generatedFiles())].filter(([file, text]) => !isCurrent(file, text));
if (process.argv.includes("--check")) {
  for (const [file] of stale) console.error(`${file} is out of date: run \`npm run generate\` and commit it`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [file, text] of stale) {
    writeFileSync(join(ROOT, file), text);
    console.log(`wrote ${file}`);
  }
}
