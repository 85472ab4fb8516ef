import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  appendHistory,
  type HistoryRecord,
  historyFile,
  MAX_HISTORY_BYTES,
  readHistory,
} from "../../../src/agent/history.ts";
import { scratchDirectory } from "./scratch.ts";

const note = (message: string): HistoryRecord => ({
  version: 1,
  kind: "note",
  atUtc: "2026-11-20T10:00:00.000Z",
  about: "hook",
  message,
});

describe("the history", () => {
  it("is empty before anything has happened", () => {
    expect(readHistory(scratchDirectory())).toEqual({ records: [], unreadableLines: 0 });
  });

  it("gives back what was appended, in order", () => {
    const directory = scratchDirectory();
    for (const message of ["one", "two\nlines", "drei"]) appendHistory(directory, note(message));
    expect(readHistory(directory)).toEqual({ records: ["one", "two\nlines", "drei"].map(note), unreadableLines: 0 });
  });

  it("loses a line that a power cut tore, and only that one", () => {
    const directory = scratchDirectory();
    for (const message of ["one", "torn"]) appendHistory(directory, note(message));
    truncateSync(historyFile(directory), statSync(historyFile(directory)).size - 10);
    appendHistory(directory, note("three"));
    expect(readHistory(directory)).toEqual({ records: [note("one"), note("three")], unreadableLines: 1 });
  });

  it("passes over lines that it does not understand", () => {
    const directory = scratchDirectory();
    appendHistory(directory, note("one"));
    appendFileSync(historyFile(directory), '{"version":2,"kind":"note"}\nno json\n');
    expect(readHistory(directory)).toEqual({ records: [note("one")], unreadableLines: 2 });
  });

  it("is turned over by size and keeps the file before", () => {
    const directory = scratchDirectory();
    const long = note("x".repeat(1000));
    const lines = Math.ceil(MAX_HISTORY_BYTES / (JSON.stringify(long).length + 1));
    writeFileSync(historyFile(directory), `${JSON.stringify(long)}\n`.repeat(lines));
    appendHistory(directory, note("new"));
    expect(readFileSync(historyFile(directory), "utf8")).toBe(`${JSON.stringify(note("new"))}\n`);
    expect(readHistory(directory).records).toHaveLength(lines + 1);
    expect(readHistory(directory).records.at(-1)).toEqual(note("new"));
  });
});
