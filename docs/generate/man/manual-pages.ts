/** All manual pages, from the definitions that `--help` and the agent use. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { commandShape } from "../../../src/cli/command-shape.ts";
import { processContext } from "../../../src/cli/context.ts";
import { buildProgram } from "../../../src/cli/program.ts";
import { agentConfigSchema } from "../../../src/config/agent-config.ts";
import type { KeySchema } from "../config.ts";
import { commandPages, type Edition } from "./command-pages.ts";
import { configManPage } from "./config-page.ts";
import { termsPage } from "./terms-page.ts";

const TERMINOLOGY = join(import.meta.dirname, "..", "..", "terminology.md");

/** File names, which end in the section of the manual, and texts. The same edition gives the same bytes. */
export async function manualPages(edition: Edition): Promise<readonly (readonly [name: string, text: string])[]> {
  const context = processContext(process, new AbortController().signal);
  const program = commandShape(await buildProgram(context, edition.version));
  const config = z.toJSONSchema(agentConfigSchema, { io: "input" }) as KeySchema;
  return [
    ...commandPages(program, edition),
    ["bootferry-agent.toml.5", configManPage(config, edition)],
    ["bootferry.7", termsPage(readFileSync(TERMINOLOGY, "utf8"), edition)],
  ];
}
