/** Writes the results of a run of all scenarios into the table of docs/testing.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly status: string;
      readonly duration?: number;
    }[];
  }[];
}

const DOCUMENT = fileURLToPath(new URL("../../docs/testing.md", import.meta.url));
const [BEGIN, END] = ["<!-- vm results: begin -->", "<!-- vm results: end -->"];

/** @param reportFile vitest's JSON report */
export function recordResults(reportFile: string): void {
  const report: Report = JSON.parse(readFileSync(reportFile, "utf8"));
  const rows = report.testResults.map(({ name, assertionResults }) => {
    const passed = assertionResults.filter(({ status }) => status === "passed").length;
    const seconds = assertionResults.reduce((sum, { duration = 0 }) => sum + duration, 0) / 1000;
    const title = assertionResults[0]?.ancestorTitles[0] ?? basename(name);
    const outcome = passed === assertionResults.length ? "passed" : `FAILED: ${assertionResults.length - passed}`;
    return `| ${title.replaceAll("|", "\\|")} | ${assertionResults.length} | ${outcome} | ${Math.round(seconds)} s |`;
  });
  const table = ["| scenario | steps | result | time |", "|---|---|---|---|", ...rows.sort()].join("\n");
  const text = readFileSync(DOCUMENT, "utf8");
  const [head, rest] = text.split(BEGIN);
  const tail = rest?.split(END)[1];
  if (head === undefined || tail === undefined) throw new Error(`${DOCUMENT} has no place for the results`);
  writeFileSync(DOCUMENT, `${head}${BEGIN}\n${table}\n${END}${tail}`);
}
