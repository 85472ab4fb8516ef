/** Holds a screen to the rules of rules-in-page.js, which says them in the browser's own language. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Screen } from "./screens.ts";

const RULES = readFileSync(join(import.meta.dirname, "rules-in-page.js"), "utf8");

/** What of the rules a screen breaks. */
export async function brokenRules({ page, name }: Screen): Promise<readonly string[]> {
  return page.evaluate(`${RULES}; findBrokenRules(${name.endsWith("-kiosk")})`);
}
