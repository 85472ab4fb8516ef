/** `docs/errors.md`: every code of every room with its exit status and remedy, from the tables beside the classes. */
import { globSync } from "node:fs";
import { join } from "node:path";
import { type ErrorTable, EXIT } from "../../src/error.ts";

const SOURCE_ROOT = join(import.meta.dirname, "..", "..", "src");

export async function errorsPage(): Promise<string> {
  const sections: string[] = [];
  for (const file of globSync("*/error.ts", { cwd: SOURCE_ROOT }).sort()) {
    const exports: Record<string, unknown> = await import(join(SOURCE_ROOT, file));
    for (const [name, table] of Object.entries(exports)) {
      if (name.endsWith("_ERRORS")) sections.push(section(file.split("/")[0] ?? file, table as ErrorTable<string>));
    }
  }
  return `${HEAD}\n${statusTable()}\n${sections.join("\n")}`;
}

const HEAD = `# Errors by code

Generated from the sources by \`npm run generate\`. Every refusal of \`bootferry\` ends with two lines on standard error:

    error: <what happened, on what, expected, got> [CODE]
    help: <what to do>

## Exit status
`;

const MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: "done, or nothing to do",
  failed: "failed",
  usage: "wrong usage",
  notTrusted: "not trusted: a signature, a key, a role, a threshold, a downgrade",
  notApplicable: "not applicable to this device",
  noSpace: "not enough space",
  medium: "the medium or what is on it is damaged, incomplete or of another kind",
  busy: "another bootferry process is at work",
  bug: "a defect of bootferry",
};

function statusTable(): string {
  const rows = Object.entries(EXIT).map(([name, status]) => `| ${status} | ${MEANINGS[name as keyof typeof EXIT]} |`);
  return `| status | meaning |\n|---|---|\n${rows.join("\n")}\n`;
}

function section(room: string, table: ErrorTable<string>): string {
  const rows = Object.entries(table)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, entry]) => `| \`${code}\` | ${entry.exit} | ${cell(entry.remedy)} |`);
  return `## ${room}\n\n| code | exit | what to do |\n|---|---|---|\n${rows.join("\n")}\n`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
