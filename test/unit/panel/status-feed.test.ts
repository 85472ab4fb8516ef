import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { noJournal } from "../../../src/agent/journal.ts";
import { type AgentStatus, describeJournal, writeStatus } from "../../../src/agent/status-file.ts";
import { openStatusFeed, type Sight } from "../../../src/panel/status-feed.ts";
import { type AbsPath, parseAbsPath } from "../../../src/path.ts";

let directory: AbsPath;
let file: string;
beforeEach(() => {
  directory = parseAbsPath(mkdtempSync(join(tmpdir(), "bootferry-feed-")));
  file = join(directory, "status.json");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = (monotonicMs = () => 0) => openStatusFeed(directory, monotonicMs);
const status = (changes: Partial<AgentStatus>): AgentStatus => ({ ...describeJournal(noJournal()), ...changes });
const stateOf = (sight: Sight | undefined) => (sight?.kind === "seen" ? sight.status.state : sight?.kind);

describe("looking at a device's status", () => {
  it("sees an idle device where there is no file, or no directory", () => {
    const feed = open();
    expect(stateOf(feed.look())).toBe("idle");
    rmSync(directory, { recursive: true });
    expect(stateOf(feed.look())).toBe("idle");
  });

  it("keeps what it saw while the file is damaged, and says that it is lost when it stays so", () => {
    const feed = open();
    writeStatus(directory, status({ state: "stored" }));
    expect(stateOf(feed.look())).toBe("stored");
    writeFileSync(file, '{"version":1,"state":"st');
    const looks = Array.from({ length: 6 }, () => stateOf(feed.look()));
    expect(looks).toEqual(["stored", "stored", "stored", "stored", "lost", "lost"]);
    writeStatus(directory, status({ state: "staged" }));
    expect(stateOf(feed.look())).toBe("staged");
  });

  it("says that it is lost where it may not read, or something else is in its place", () => {
    mkdirSync(file);
    expect(stateOf(open().look())).toBe("lost");
  });

  it("takes a countdown that stands still for none", () => {
    let nowMs = 0;
    const feed = open(() => nowMs);
    const restartOf = (sight: Sight) => (sight.kind === "seen" ? sight.status.restart?.inSeconds : "lost");
    writeStatus(directory, status({ state: "staged", restart: { inSeconds: 20, intoVersion: "2" } }));
    expect(restartOf(feed.look())).toBe(20);
    nowMs = 7000;
    expect(restartOf(feed.look())).toBe(20);
    nowMs = 9000;
    expect(restartOf(feed.look())).toBeUndefined();
    writeStatus(directory, status({ state: "staged", restart: { inSeconds: 19, intoVersion: "2" } }));
    expect(restartOf(feed.look())).toBe(19);
  });
});

describe("hearing of a device's status", () => {
  it("tells each change once, also when the directory was replaced", async () => {
    const heard: unknown[] = [];
    const end = open().subscribe((sight) => heard.push(stateOf(sight)));
    const change = async (state: AgentStatus["state"]) => {
      writeStatus(directory, status({ state }));
      await vi.waitFor(() => expect(heard.at(-1)).toBe(state), 30_000);
    };
    await change("storing");
    await change("stored");
    renameSync(directory, `${directory}.old`);
    await vi.waitFor(() => expect(heard.at(-1)).toBe("idle"), 30_000);
    mkdirSync(directory);
    await change("staged");
    await change("rebooting");
    end();
    rmSync(`${directory}.old`, { recursive: true });
    expect(heard).toEqual(["storing", "stored", "idle", "staged", "rebooting"]);
  });

  it("ends for who has left, and goes on for the others", async () => {
    const feed = open();
    const [first, second]: [unknown[], unknown[]] = [[], []];
    const endFirst = feed.subscribe((sight) => first.push(stateOf(sight)));
    const endSecond = feed.subscribe((sight) => second.push(stateOf(sight)));
    endFirst();
    writeStatus(directory, status({ state: "stored" }));
    await vi.waitFor(() => expect(second).toEqual(["stored"]), 30_000);
    endSecond();
    expect(first).toEqual([]);
  });
});
