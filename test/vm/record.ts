/** Writes the results of a run of all scenarios into the table of docs/testing.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

interface Report {
  readonly testResults: readonly { readonly name: string; readonly assertionResults: readonly Step[] }[];
}

interface Step {
  readonly ancestorTitles: readonly string[];
  readonly status: string;
  readonly duration?: number;
}

const DOCUMENT = fileURLToPath(new URL("../../docs/testing.md", import.meta.url));
const [BEGIN, END] = ["<!-- vm results: begin -->", "<!-- vm results: end -->"];

/** So that cuts 5 to 8 come before 17 to 20. */
const byNumbersToo = new Intl.Collator("en", { numeric: true });

/** @param reportFile vitest's JSON report */
export function recordResults(reportFile: string): void {
  const report: Report = JSON.parse(readFileSync(reportFile, "utf8"));
  const rows = report.testResults.flatMap(({ name, assertionResults }) => {
    if (assertionResults.length === 0) return [formatRow(basename(name), [])];
    const stories = Map.groupBy(assertionResults, ({ ancestorTitles: [title] }) => title ?? basename(name));
    return [...stories].map(([title, steps]) => formatRow(title, steps));
  });
  const table = ["| scenario | steps | result | time |", "|---|---|---|---|", ...rows.sort(byNumbersToo.compare)].join(
    "\n",
  );
  const text = readFileSync(DOCUMENT, "utf8");
  const [head, rest] = text.split(BEGIN);
  const tail = rest?.split(END)[1];
  if (head === undefined || tail === undefined) throw new Error(`${DOCUMENT} has no place for the results`);
  writeFileSync(DOCUMENT, `${head}${BEGIN}\n${table}\n${END}${tail}`);
}

/** A file without steps did not even start. */
function formatRow(title: string, steps: readonly Step[]): string {
  const passed = steps.filter(({ status }) => status === "passed").length;
  const seconds = steps.reduce((sum, { duration = 0 }) => sum + duration, 0) / 1000;
  const isGreen = passed === steps.length && passed > 0;
  const outcome = isGreen ? "passed" : `FAILED: ${steps.length - passed}`;
  return `| ${title.replaceAll("|", "\\|")} | ${steps.length} | ${outcome} | ${Math.round(seconds)} s |`;
}
