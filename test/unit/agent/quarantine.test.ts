import { describe, expect, it } from "vitest";
import { enterPhase, leaveMedium, mediumKey, releaseMedia } from "../../../src/agent/quarantine.ts";
import { parseAbsPath } from "../../../src/path.ts";
import { scratchDirectory } from "./scratch.ts";

type Phase = "opening" | "reading";
type Event =
  | Phase
  /** The machine goes down and comes up again. */
  | "crash"
  /** The same, and something new was stored before. */
  | "crash after progress"
  /** Only the agent is killed. */
  | "kill"
  | "closed"
  | "approve";

const MEDIUM = "vfat 1234-ABCD 4096";

/** Goes through events with one medium. @returns at which event it was refused, counted from 1; 0 for never */
function refusedAt(events: readonly Event[]): number {
  const stateDirectory = scratchDirectory();
  let [boot, objects] = [1, 0];
  for (const [index, event] of events.entries()) {
    const facts = { bootId: `boot-${boot}`, objects, atUtc: `2026-01-01T00:00:0${boot % 10}Z`, label: "BOOTFERRY" };
    try {
      if (event === "opening" || event === "reading") enterPhase(stateDirectory, MEDIUM, event, facts, () => undefined);
    } catch (error) {
      expect(error).toMatchObject({ code: "AGENT_MEDIUM_QUARANTINED", exitStatus: 6 });
      return index + 1;
    }
    if (event === "crash after progress") objects += 1;
    if (event.startsWith("crash")) boot += 1;
    if (event === "closed") leaveMedium(stateDirectory, MEDIUM);
    if (event === "approve") releaseMedia(stateDirectory);
  }
  return 0;
}

const open: readonly Event[] = ["opening", "reading"];
const times = (count: number, ...events: readonly Event[]) => Array.from({ length: count }, () => events).flat();

describe("a medium at which the machine goes down", () => {
  it.each<[string, readonly Event[], number]>([
    ["is opened a second time after one crash", ["opening", "crash", ...open], 0],
    ["is refused at the third opening", ["opening", "crash", "opening", "crash", "opening"], 5],
    ["is not blamed when only the agent was killed", times(9, "opening", "kill"), 0],
    ["is not blamed for one crash when it was closed in between", times(9, "opening", "crash", ...open, "closed"), 0],
    ["is not blamed when it could be opened meanwhile", times(3, "opening", "crash", ...open, "kill"), 0],
    ["may be cut off from power four times while it is read", [...times(4, ...open, "crash"), ...open], 0],
    ["is refused when it never came further in five times", [...times(5, ...open, "crash"), "opening"], 16],
    ["may be cut off any number of times when it comes further", times(20, ...open, "crash after progress"), 0],
    ["is opened again when a person allows it", [...times(2, "opening", "crash"), "approve", ...open], 0],
  ])("%s", (_, events, expected) => {
    expect(refusedAt(events)).toBe(expected);
  });

  it("stays refused at each boot, until a person allows it", () => {
    const stateDirectory = scratchDirectory();
    const enter = (boot: number) =>
      enterPhase(
        stateDirectory,
        MEDIUM,
        "opening",
        { bootId: `${boot}`, objects: 0, atUtc: `${boot}`, label: "BOOTFERRY" },
        () => undefined,
      );
    enter(1);
    enter(2);
    for (const boot of [3, 4, 5]) expect(() => enter(boot)).toThrow(/went down 2 times while this medium .* opened/);
    expect(releaseMedia(stateDirectory)).toEqual([`BOOTFERRY (${MEDIUM})`]);
    expect(releaseMedia(stateDirectory)).toEqual([]);
    enter(6);
  });

  it("says nothing against another one", () => {
    const stateDirectory = scratchDirectory();
    const enter = (key: string, bootId: string) =>
      enterPhase(
        stateDirectory,
        key,
        "opening",
        { bootId, objects: 0, atUtc: bootId, label: undefined },
        () => undefined,
      );
    for (const boot of ["1", "2"]) enter("bad", boot);
    expect(() => enter("bad", "3")).toThrow(/bad/);
    enter("good", "3");
  });
});

describe("what tells media apart", () => {
  const device = {
    ...{ path: parseAbsPath("/dev/sdb1"), kernelName: "sdb1" },
    ...{ sizeBytes: 4096, identity: "7" },
  };
  it.each([
    ["the id of the file system", { type: "vfat", version: "FAT32", uuid: "1234-ABCD", label: "A" }, MEDIUM],
    [
      "its label when it has no id",
      { type: "iso9660", version: undefined, uuid: undefined, label: "A" },
      "iso9660 A 4096",
    ],
    [
      "its size alone when it has neither",
      { type: "vfat", version: undefined, uuid: undefined, label: undefined },
      "vfat - 4096",
    ],
  ])("is %s", (_, filesystem, expected) => {
    expect(mediumKey(filesystem, device)).toBe(expected);
  });
});
