import { readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { historyFile } from "../../../src/agent/history.ts";
import { type Journal, journalFile, readJournal, writeJournal } from "../../../src/agent/journal.ts";
import { openSession } from "../../../src/agent/open-session.ts";
import { peekVerdicts } from "../../../src/agent/verdicts.ts";
import { attemptsOf, makeRelease, openWorld, type SignedRelease } from "./agent-fixture.ts";

let v1: SignedRelease;
beforeAll(async () => {
  v1 = await makeRelease(1);
});

const base = {
  version: 1,
  attempt: "a1",
  startedAtUtc: "2026-11-20T10:00:00.000Z",
  updatedAtUtc: "2026-11-20T10:05:00.000Z",
  bootId: "boot-1",
  medium: "/media/stick",
} as const;

function rolledBack(): Journal {
  const { payloadDigest, statement } = v1;
  return {
    ...base,
    state: "rolled-back",
    release: { name: "os", version: "9.0", sequence: 9, payloadDigest, createdAtUtc: statement.createdAt },
    deployment: { id: "aaaaaaaaaaaa.2", imageDigest: v1.image.imageDigest },
    health: { healthy: false, checks: [] },
    reason: { code: "AGENT_UNHEALTHY", message: "not well", remedy: "mend it" },
    refusals: [],
    wasBootable: true,
  };
}

describe("opening a session", () => {
  it("completes the records of an attempt whose end was cut, once", async () => {
    const world = await openWorld(v1);
    writeJournal(world.paths.stateDirectory, rolledBack());
    for (let start = 0; start < 3; start++) await openSession(world.ports);
    expect(attemptsOf(world.history())).toEqual(["rolled-back AGENT_UNHEALTHY"]);
    expect(peekVerdicts(world.paths.stateDirectory).releases[v1.payloadDigest]?.attempts).toEqual([
      { id: "a1", outcome: "unhealthy", forgiven: false },
    ]);
  });

  it("completes them also when only the line in history was torn", async () => {
    const world = await openWorld(v1);
    writeJournal(world.paths.stateDirectory, rolledBack());
    await openSession(world.ports);
    const file = historyFile(world.paths.stateDirectory);
    writeFileSync(file, readFileSync(file, "utf8").slice(0, -20));
    await openSession(world.ports);
    expect(attemptsOf(world.history())).toEqual(["rolled-back AGENT_UNHEALTHY"]);
  });

  it.each(["", "{", '{"version":1,"state":"storing"}', JSON.stringify({ ...base, state: "flying" })])(
    "sets a damaged journal aside and starts clean: %j",
    async (text) => {
      const world = await openWorld(v1);
      writeJournal(world.paths.stateDirectory, rolledBack());
      writeFileSync(journalFile(world.paths.stateDirectory), text);
      const session = await openSession(world.ports);
      expect(session.journal.state).toBe("idle");
      expect(world.history()).toMatchObject([{ kind: "note", about: "damaged-file" }]);
      expect(readFileSync(`${journalFile(world.paths.stateDirectory)}.damaged`, "utf8")).toBe(text);
      expect(await world.run()).toMatchObject({ kind: "nothing" });
    },
  );
});

describe("entering a state", () => {
  it("is on disk before anybody hears of it", async () => {
    const world = await openWorld(v1);
    const heard: unknown[] = [];
    const session = await openSession({
      ...world.ports,
      onStatus: ({ state }) => heard.push([state, readJournal(world.paths.stateDirectory, expect.fail)?.state]),
    });
    await session.enter("medium-given", {}, "/media/stick");
    await session.enter("medium-opened", {});
    expect(heard).toEqual([
      ["detected", "detected"],
      ["mounted", "mounted"],
    ]);
  });

  it("that does not follow is a defect, and changes nothing", async () => {
    const world = await openWorld(v1);
    const session = await openSession(world.ports);
    await expect(session.enter("medium-opened", {})).rejects.toThrow("does not take the event");
    expect(readJournal(world.paths.stateDirectory, expect.fail)).toBeUndefined();
  });

  it("carries the attempt on, and begins another one from rest", async () => {
    const world = await openWorld(v1);
    const session = await openSession(world.ports);
    const first = await session.enter("medium-given", {}, "/media/stick");
    expect((await session.enter("medium-opened", {})).attempt).toBe(first.attempt);
    await session.end("failed");
    expect((await session.enter("medium-given", {}, null)).attempt).not.toBe(first.attempt);
  });
});
