/** The agent's log in the systemd journal, and on stderr where nobody takes its entries. */
import { describe, expect, it } from "vitest";
import { noJournal } from "../../../src/agent/journal.ts";
import { EVENT_MESSAGE_IDS, NOTE_MESSAGE_IDS, STATE_MESSAGE_IDS } from "../../../src/agent/message-ids.ts";
import { type AgentStatus, describeJournal } from "../../../src/agent/status-file.ts";
import type { AgentLog } from "../../../src/cli/agent-log.ts";
import { openJournalLog } from "../../../src/cli/journal-log.ts";
import { HostError } from "../../../src/host/error.ts";
import type { JournalFields } from "../../../src/host/systemd-journal.ts";

const STORED: AgentStatus = {
  ...describeJournal(noJournal()),
  state: "stored",
  message: "Preparing os 2.0. You can remove the medium.",
  medium: "may-be-removed",
  release: { name: "os", version: "2.0", sequence: 2 },
};
const REFUSED: AgentStatus = {
  ...STORED,
  state: "refused",
  message: "The running system is unchanged.",
  code: "TRUST_SEQUENCE_OLD",
  remedy: "Bring a newer release.",
  refusals: [{ code: "BUNDLE_NO_TARGET", message: "no target fits", remedy: "Bring one that fits." }],
};

function openLog(takes: (count: number) => boolean) {
  const sent: JournalFields[] = [];
  const said: string[] = [];
  const stderr: AgentLog = {
    say: (sentence) => said.push(sentence),
    warn: (sentence) => said.push(sentence),
    onStatus: ({ state }) => said.push(state),
    onNote: (about) => said.push(about),
    onProgress: ({ label }) => said.push(label),
    [Symbol.asyncDispose]: async () => void said.push("closed"),
  };
  const send = async (fields: JournalFields) => {
    const isTaken = takes(sent.length);
    if (isTaken) sent.push(fields);
    return isTaken;
  };
  return { sent, said, log: openJournalLog(send, stderr) };
}

describe("the agent's log in the journal", () => {
  it("gives each state its id and what status.json says as fields", async () => {
    const { sent, said, log } = openLog(() => true);
    log.onStatus(STORED);
    await log[Symbol.asyncDispose]();
    expect(sent).toEqual([
      expect.objectContaining({
        MESSAGE_ID: STATE_MESSAGE_IDS.stored,
        MESSAGE: STORED.message,
        PRIORITY: "6",
        BOOTFERRY_STATE: "stored",
        BOOTFERRY_MEDIUM: "may-be-removed",
        BOOTFERRY_RELEASE_VERSION: "2.0",
      }),
    ]);
    expect(said).toEqual(["closed"]);
  });

  it("says once what is told twice, and what is new in the same state as a wait", async () => {
    const { sent, log } = openLog(() => true);
    log.onStatus(STORED);
    log.onStatus(STORED);
    log.onStatus({ ...STORED, message: "It waits for 02:00." });
    await log[Symbol.asyncDispose]();
    expect(sent.map(({ MESSAGE_ID }) => MESSAGE_ID)).toEqual([STATE_MESSAGE_IDS.stored, EVENT_MESSAGE_IDS.waiting]);
  });

  it("warns of a refusal with its code and remedy, and of each release that could not be used", async () => {
    const { sent, log } = openLog(() => true);
    log.onStatus(REFUSED);
    await log[Symbol.asyncDispose]();
    expect(sent.map(({ MESSAGE_ID, PRIORITY, BOOTFERRY_CODE }) => [MESSAGE_ID, PRIORITY, BOOTFERRY_CODE])).toEqual([
      [STATE_MESSAGE_IDS.refused, "4", "TRUST_SEQUENCE_OLD"],
      [EVENT_MESSAGE_IDS["release-not-used"], "4", "BUNDLE_NO_TARGET"],
    ]);
  });

  it("has entries for notes and for a run that failed", async () => {
    const { sent, log } = openLog(() => true);
    log.onNote("hook", "hook lamp failed");
    log.warn("A run failed.", new HostError("HOST_IO", "reading x: EIO"));
    await log[Symbol.asyncDispose]();
    expect(sent.map(({ MESSAGE_ID, MESSAGE }) => [MESSAGE_ID, MESSAGE])).toEqual([
      [NOTE_MESSAGE_IDS.hook, "hook lamp failed"],
      [EVENT_MESSAGE_IDS["run-failed"], "A run failed. reading x: EIO [HOST_IO]"],
    ]);
  });

  it("goes over to stderr, in order and for good, when an entry is not taken", async () => {
    const { sent, said, log } = openLog((count) => count < 1);
    log.onStatus(STORED);
    log.onNote("trust", "a newer root");
    log.onStatus(REFUSED);
    await log[Symbol.asyncDispose]();
    expect(sent).toHaveLength(1);
    expect(said).toEqual(["trust", "refused", "closed"]);
  });

  it("leaves progress and talk to stderr", () => {
    const { said, log } = openLog(() => true);
    log.say("Waiting for media.");
    log.onProgress({ phase: "reading", label: "reading the medium", doneBytes: 1, totalBytes: 2 });
    expect(said).toEqual(["Waiting for media.", "reading the medium"]);
  });
});
