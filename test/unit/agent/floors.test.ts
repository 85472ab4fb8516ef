/**
 * What the device remembers of its trust, when a copy of it or both are lost, torn, or from before the last write: it goes
 * on, and refuses what it refused before.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { trustStateFiles } from "../../../src/agent/trust-memory.ts";
import { readTrustCopies } from "../../../src/trust/state-copies.ts";
import { makeRelease, openWorld, type SignedRelease, type World, writeMedium } from "./agent-fixture.ts";

let [v1, v2, v3]: SignedRelease[] = [];
beforeAll(async () => {
  [v1, v2, v3] = await Promise.all([makeRelease(1), makeRelease(2), makeRelease(3)]);
});

const given = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error("made in beforeAll");
  return value;
};

let world: World;
beforeEach(async () => {
  world = await openWorld(given(v1));
  await update(given(v2));
});

async function update(release: SignedRelease): Promise<void> {
  await world.run(writeMedium([release]));
  world.device.boot();
  expect(await world.run()).toMatchObject({ kind: "confirmed" });
}

const files = () => trustStateFiles(world.paths);
const floor = () => world.trust().floors["os"];
const notes = () => world.history().flatMap((it) => (it.kind === "note" ? [`${it.about}: ${it.message}`] : []));
const refusesOlder = async () =>
  expect(await world.run(writeMedium([given(v1)]))).toMatchObject({
    kind: "refused",
    error: { code: "TRUST_SEQUENCE_OLDER" },
  });

describe("the copies of the trust state", () => {
  it("are both there after an update, alike, and follow the name that was confirmed", () => {
    expect(readTrustCopies(files()).faults).toEqual([]);
    expect(world.trust()).toMatchObject({ followedName: "os", floors: { os: { sequence: 2 } } });
    expect(notes()).toEqual([]);
  });

  it.each(["first", "second"] as const)(
    "the %s of which is lost or torn: it is made again, and told once",
    async (which) => {
      for (const spoil of [(file: string) => rmSync(file), (file: string) => writeFileSync(file, "{")]) {
        const before = readFileSync(files()[which], "utf8");
        spoil(files()[which]);
        await refusesOlder();
        expect(readFileSync(files()[which], "utf8")).toBe(before);
      }
      expect(notes()).toHaveLength(2);
      expect(notes()[0]).toMatch(/^damaged-file: .*trust\.json is missing; it is made again from the other copy$/);
    },
  );

  it("are both lost: the floors are those of the deployments that were confirmed", async () => {
    for (const spoil of [(file: string) => rmSync(file), (file: string) => writeFileSync(file, "")]) {
      for (const file of Object.values(files())) spoil(file);
      await refusesOlder();
      expect(floor()).toEqual({ sequence: 2, payloadDigest: given(v2).payloadDigest });
      expect(world.trust().followedName).toBe("os");
      expect(readTrustCopies(files()).faults).toEqual([]);
    }
    expect(notes()).toHaveLength(2);
    expect(notes()[1]).toContain("the floors are those of the deployments that were confirmed");
    await update(given(v3));
  });

  it("are both lost after a rollback: the release that was confirmed and left still counts", async () => {
    await world.device.backend.rollback();
    world.device.boot();
    for (const file of Object.values(files())) rmSync(file);
    expect(await world.run()).toMatchObject({ kind: "nothing" });
    expect(floor()?.sequence).toBe(2);
  });

  it("are of version 1 and one: it is carried over, with its floors", async () => {
    const { floors, timeFloorUtc } = world.trust();
    writeFileSync(files().first, JSON.stringify({ version: 1, floors, timeFloorUtc, rootVersion: 0 }));
    rmSync(files().second);
    await refusesOlder();
    expect(world.trust()).toMatchObject({ version: 2, floors, timeFloorUtc, followedName: "os" });
    expect(readTrustCopies(files()).faults).toEqual([]);
    expect(notes()).toEqual([]);
  });

  it("end a run when a newer bootferry wrote them, and stay as they are", async () => {
    const newer = JSON.stringify({ ...world.trust(), version: 3 });
    writeFileSync(files().first, newer);
    await expect(world.run()).rejects.toMatchObject({ code: "TRUST_STATE_VERSION" });
    expect(readFileSync(files().first, "utf8")).toBe(newer);
  });
});

describe("a cut between the two writes", () => {
  /** The second copy cannot be replaced: the write before it is done, this one fails. @returns puts it back as it was */
  function cut(): () => void {
    const { second } = files();
    const before = readFileSync(second);
    rmSync(second);
    mkdirSync(second);
    return () => {
      rmSync(second, { recursive: true });
      writeFileSync(second, before);
    };
  }

  it("leaves the newer copy first, which counts, and is healed by the next run", async () => {
    await world.run(writeMedium([given(v3)]));
    world.device.boot();
    const end = cut();
    expect(await world.run()).toMatchObject({ kind: "failed", error: { code: "HOST_NOT_A_FILE" } });
    end();
    expect(readTrustCopies(files())).toMatchObject({
      state: { floors: { os: { sequence: 3 } } },
      faults: [{ kind: "older", path: files().second }],
    });
    const told = notes();
    await world.run();
    expect(readTrustCopies(files()).faults).toEqual([]);
    expect(floor()?.sequence).toBe(3);
    expect(notes()).toEqual(told);
  });

  it("does not end a run that only has to heal, which says why it could not", async () => {
    cut();
    expect(await world.run()).toMatchObject({ kind: "nothing" });
    expect(notes().at(-1)).toContain("the other copy counts");
  });
});
