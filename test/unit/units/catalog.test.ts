/** The journal's catalogs: every id of the agent is explained in every language, and each file is one that journald takes. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { noJournal } from "../../../src/agent/journal.ts";
import { EVENT_MESSAGE_IDS, NOTE_MESSAGE_IDS, STATE_MESSAGE_IDS } from "../../../src/agent/message-ids.ts";
import { describeJournal } from "../../../src/agent/status-file.ts";
import { statusVariables } from "../../../src/agent/status-variables.ts";

const CATALOG = join(import.meta.dirname, "..", "..", "..", "units", "catalog");
const NAMES: ReadonlyMap<string, string> = new Map(
  [STATE_MESSAGE_IDS, NOTE_MESSAGE_IDS, EVENT_MESSAGE_IDS].flatMap((ids) =>
    Object.entries(ids).map(([name, id]) => [id, name] as const),
  ),
);
const FIELDS = new Set([...Object.keys(statusVariables(describeJournal(noJournal()))), "BOOTFERRY_FILE"]);

interface Entry {
  readonly comment: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

/** As strictly as systemd's catalog.c: comments, `-- id`, headers, an empty line, text. */
function parseCatalog(content: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const [, ...parts] = content.split(/^(?=# [a-z-]+\n-- )/m);
  for (const part of parts) {
    const [, comment, id, head, text] =
      /^# ([a-z-]+)\n-- ([0-9a-f]{32})\n((?:[A-Z][A-Za-z-]+: [^\n]+\n)+)\n(.+)$/s.exec(part) ?? [];
    if (comment === undefined || id === undefined || head === undefined || text === undefined) {
      throw new Error(`not an entry: ${part}`);
    }
    if (entries.has(id)) throw new Error(`twice: ${id}`);
    const headers = new Map(
      head
        .trimEnd()
        .split("\n")
        .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
    );
    entries.set(id, { comment, headers, text: text.trim() });
  }
  return entries;
}

it("gives every id once", () => {
  const count = [STATE_MESSAGE_IDS, NOTE_MESSAGE_IDS, EVENT_MESSAGE_IDS].flatMap((ids) => Object.keys(ids)).length;
  expect(NAMES.size).toBe(count);
});

it("lists every id in docs/signals.md", () => {
  const page = readFileSync(join(CATALOG, "../../docs/signals.md"), "utf8");
  const listed = [...page.matchAll(/^\| .+ \| `([0-9a-f]{32})` \| (?:info|notice|warning) \|$/gm)].map(([, id]) => id);
  expect(listed).toEqual([...NAMES.keys()]);
});

it("is there in English and in Chinese", () => {
  expect(readdirSync(CATALOG).toSorted()).toEqual(["bootferry.catalog", "bootferry.zh_CN.catalog"]);
});

describe.each(readdirSync(CATALOG))("%s", (file) => {
  const entries = parseCatalog(readFileSync(join(CATALOG, file), "utf8"));

  it("explains every id and no other", () => {
    expect(new Map([...entries].map(([id, { comment }]) => [id, comment]))).toEqual(NAMES);
  });

  it.each([...entries])(
    "%s says who defines it, where to read on, and uses only fields that are sent",
    (_, { headers, text }) => {
      expect([...headers.keys()]).toEqual(["Subject", "Defined-By", "Support", "Documentation"]);
      expect(headers.get("Subject")).not.toBe("");
      for (const [, field] of text.matchAll(/@([^@\n]*)@/g)) expect(FIELDS).toContain(field);
      expect(text.replaceAll(/@[A-Z_]+@/g, "")).not.toContain("@");
    },
  );
});
