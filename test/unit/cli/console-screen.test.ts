/** The panel's words on a terminal: what is seen of each scene, and that nothing on it is obeyed. */
import { describe, expect, it } from "vitest";
import { noJournal } from "../../../src/agent/journal.ts";
import { type AgentStatus, describeJournal } from "../../../src/agent/status-file.ts";
import { consoleLine, consoleScreen } from "../../../src/cli/console-screen.ts";
import { openTransferRate } from "../../../src/cli/transfer-rate.ts";
import { wordsIn } from "../../../src/panel/language.ts";
import { describeScreen } from "../../../src/panel/view.ts";

const words = wordsIn("en");
const SIZE = { columns: 80, rows: 24 };
const COPYING: AgentStatus = {
  ...describeJournal(noJournal()),
  state: "storing",
  medium: "do-not-remove",
  release: { name: "kiosk-os", version: "42.3.1", sequence: 42 },
  running: { name: "kiosk-os", version: "42.3.0" },
  progress: { phase: "reading", label: "reading", doneBytes: 420e6, totalBytes: 1e9, remainingSeconds: 170 },
};
const REFUSED: AgentStatus = {
  ...COPYING,
  state: "refused",
  medium: "may-be-removed",
  progress: null,
  why: "signature threshold not met: expected 2 keys, got 1",
  code: "TRUST_THRESHOLD_NOT_MET",
  remedy: "Have the release signed by another key.",
};

const textOf = (status: AgentStatus, size = SIZE, rate: string | null = null) =>
  consoleScreen(describeScreen(status, words), words, rate, size).map(({ text }) => text);

describe("a picture on a terminal", () => {
  it("shows how far it is, how fast it goes, how long it takes, and what to do with the stick", () => {
    const text = textOf(COPYING, SIZE, "8 MB/s").join("\n");
    expect(text).toContain("  kiosk-os 42.3.0\n\n  Copying");
    expect(text).toContain(`  [${"#".repeat(16)}${"-".repeat(24)}]\n  420 MB of 1000 MB · 8 MB/s · about 3 min left\n`);
    expect(text).toMatch(/\n {2}Do not remove the stick\n/);
  });

  it("says why something was refused and what to do about it", () => {
    const text = textOf(REFUSED).join("\n");
    expect(text).toContain("Reason: signature threshold not met: expected 2 keys, got 1");
    expect(text).toContain("Code: TRUST_THRESHOLD_NOT_MET");
    expect(text).toContain("What to do: Have the release signed by another key.");
  });

  it("keeps within a small terminal", () => {
    const lines = textOf({ ...REFUSED, why: "word ".repeat(200) }, { columns: 40, rows: 10 });
    expect(lines).toHaveLength(9);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(38);
  });

  it.each([
    ["a line", (status: AgentStatus) => [consoleLine(describeScreen(status, words), words)]],
    ["a picture", textOf],
  ])("does not obey what a medium says, as %s", (_, show) => {
    const lines = show({ ...REFUSED, why: "\u001b[2J\u0007gone\nhelp: none", remedy: "a\u202eb" });
    for (const line of lines) expect(line).not.toMatch(/\p{Cc}|\p{Cf}|^help:/u);
  });
});

describe("a line", () => {
  it("holds the scene, the code and what to do", () => {
    const line = consoleLine(describeScreen(REFUSED, words), words);
    expect(line).toContain("because: signature threshold not met: expected 2 keys, got 1");
    expect(line).toContain("[TRUST_THRESHOLD_NOT_MET] · What to do: Have the release signed by another key.");
  });

  it("is what the panel says of a copy", () => {
    expect(consoleLine(describeScreen(COPYING, words), words)).toBe(describeScreen(COPYING, words).line);
  });
});

describe("the rate", () => {
  const at = (doneBytes: number, phase: "checking" | "reading" = "reading") =>
    ({ phase, label: "", doneBytes, totalBytes: 1e9, remainingSeconds: null }) as const;

  it("is that of the last seconds, and nothing before it can be told", () => {
    let nowMs = 0;
    const rateOf = openTransferRate(() => nowMs);
    const seen = [0, 40e6, 80e6, 80e6, 80e6].map((doneBytes) => {
      const rate = rateOf(at(doneBytes));
      nowMs += 5000;
      return rate;
    });
    expect(seen).toEqual([null, "8.0 MB/s", "8.0 MB/s", "4.0 MB/s", "0.0 MB/s"]);
  });

  it("begins anew with another piece of work", () => {
    let nowMs = 0;
    const rateOf = openTransferRate(() => nowMs);
    rateOf(at(500e6));
    nowMs = 2000;
    expect([rateOf(at(1e6, "checking")), rateOf(null)]).toEqual([null, null]);
    nowMs = 4000;
    expect([rateOf(at(0)), rateOf(at(0))]).toEqual([null, null]);
  });
});
