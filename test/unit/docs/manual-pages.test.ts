/** Manual pages say all that the commands and the configuration define, in a form that formatters take. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { manualPages } from "../../../docs/generate/man/manual-pages.ts";
import { definitions, escapeText, paragraphs, shellCommand } from "../../../docs/generate/man/roff.ts";
import { commandShape, walkCommands } from "../../../src/cli/command-shape.ts";
import { buildProgram } from "../../../src/cli/program.ts";
import { agentConfigSchema } from "../../../src/config/agent-config.ts";
import { inProcessContext } from "../../support/cli-in-process.ts";

const EDITION = { version: "1.2.3", date: "2027-01-31" };

let pages: ReadonlyMap<string, string>;
beforeAll(async () => {
  pages = new Map(await manualPages(EDITION));
});

describe("the manual pages", () => {
  it("have every verb with its options and operands", async () => {
    const program = commandShape(await buildProgram(inProcessContext("/").context, "0"));
    const verbs = [...walkCommands(program)].filter(
      ({ verbs: below, words }) => below.length === 0 && words[1] !== "help",
    );
    expect(verbs.length).toBeGreaterThan(35);
    const missing = verbs.flatMap(({ words, options, operands }) => {
      const page = pages.get(`${words.slice(0, 2).join("-")}.1`) ?? "";
      const wanted = [words.join(" "), ...options.map(({ long }) => long), ...operands.map((each) => each.placeholder)];
      return wanted.filter((text) => !page.includes(escapeText(text))).map((text) => `${words.join(" ")}: ${text}`);
    });
    expect(missing).toEqual([]);
  });

  it("have every table and key of agent.toml", () => {
    const { properties } = z.toJSONSchema(agentConfigSchema, { io: "input" });
    const tables = Object.entries(properties ?? {}) as unknown as readonly [string, { properties: object }][];
    const page = pages.get("bootferry-agent.toml.5") ?? "";
    for (const [table, { properties: keys }] of tables) {
      expect(page).toContain(`.SH ${escapeText(`[${table}]`)}\n`);
      for (const key of Object.keys(keys)) expect(page).toContain(escapeText(key));
    }
  });

  it("have every word of docs/terminology.md", () => {
    const rows = readFileSync(join(import.meta.dirname, "../../../docs/terminology.md"), "utf8").match(/^\| \*\*.*$/gm);
    const page = pages.get("bootferry.7") ?? "";
    expect(page.match(/^\.TP$/gm)).toHaveLength(rows?.length ?? 0);
    expect(page).toContain(".B deployment\nOne bootable instance");
  });

  it("bear version and date, and are the same each time", async () => {
    expect(pages.get("bootferry.1")).toContain('.TH BOOTFERRY 1 2027-01-31 "bootferry 1.2.3" "bootferry manual"\n');
    expect(new Map(await manualPages(EDITION))).toEqual(pages);
  });

  it("hold nothing but printable ASCII in lines of at most 80 bytes", () => {
    for (const [name, text] of pages) {
      const odd = text.split("\n").filter((line) => !/^[\x20-\x7e]{0,80}$/.test(line));
      expect(odd, name).toEqual([]);
    }
  });
});

describe("roff", () => {
  it.each([
    { text: ".hidden", roff: "\\&.hidden" },
    { text: "'quoted'", roff: "\\(aqquoted\\(aq" },
    { text: "a\\n --key", roff: "a\\en \\-\\-key" },
    { text: "sha256:…", roff: "sha256:\\[u2026]" },
  ])("takes $text for text and not for a request", ({ text, roff }) => {
    expect(escapeText(text)).toBe(roff);
  });

  it("shows code in bold, also over the end of a line", () => {
    expect(paragraphs("see `a b`")).toBe("see \\fBa b\\fR");
    expect(paragraphs(`${"x".repeat(70)} \`one two three\``)).toBe(`${"x".repeat(70)}\n\\fBone two three\\fR`);
    expect(paragraphs(`${"x".repeat(66)} \`one two three\``)).toBe(`${"x".repeat(66)} \\fBone\\fR\n\\fBtwo three\\fR`);
  });

  it("breaks a long command so that a shell still takes it as one", () => {
    const command = `bootferry release create ${"--app a=b ".repeat(12).trim()}`;
    const lines = shellCommand(command).split("\n").slice(1, -1);
    const typed = lines.map((line) => line.replaceAll("\\-", "-").replaceAll("\\e", "\\"));
    expect(lines.length).toBeGreaterThan(1);
    expect(typed.join("\n").replace(/ \\\n\s+/g, " ")).toBe(`$ ${command}`);
  });

  it("makes a list of terms", () => {
    expect(definitions([["--a", "does it"]])).toBe(".TP\n.B \\-\\-a\ndoes it");
  });
});
