import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { digestOf } from "../../../src/oci/digest.ts";
import { toAbsPath } from "../../../src/path.ts";
import { INITIAL_TRUST_STATE, type TrustState } from "../../../src/trust/state.ts";
import {
  healTrustCopies,
  readTrustCopies,
  type TrustStateFiles,
  writeTrustCopies,
} from "../../../src/trust/state-copies.ts";

const floorsAt = (sequence: number): TrustState => ({
  ...INITIAL_TRUST_STATE,
  floors: { "kiosk-os": { sequence, payloadDigest: digestOf(`${sequence}`) } },
});

let files: TrustStateFiles;
let before: Buffer;
beforeEach(() => {
  const directory = mkdtempSync(join(tmpdir(), "trust-copies-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  files = { first: toAbsPath(join(directory, "a/trust.json")), second: toAbsPath(join(directory, "b/trust.json")) };
});

const floor = () => readTrustCopies(files).state?.floors["kiosk-os"]?.sequence;
const faults = () => readTrustCopies(files).faults.map(({ path, kind }) => [path === files.first ? 1 : 2, kind]);

describe("two copies of the trust state", () => {
  it("are alike after a write, and each write raises the serial", () => {
    expect(readTrustCopies(files)).toMatchObject({
      state: undefined,
      faults: [{ kind: "missing" }, { kind: "missing" }],
    });
    const once = writeTrustCopies(files, floorsAt(1));
    const twice = writeTrustCopies(files, { ...floorsAt(2), serial: once.serial });
    expect([once.serial, twice.serial]).toEqual([1, 2]);
    expect(readTrustCopies(files)).toEqual({ state: twice, faults: [] });
    expect(readFileSync(files.first)).toEqual(readFileSync(files.second));
  });

  it.each([
    ["is gone", (path: string) => rmSync(path), "missing"],
    ["is torn", (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 100)), "damaged"],
    ["is empty", (path: string) => writeFileSync(path, ""), "damaged"],
    ["is from before the last write", (path: string) => writeFileSync(path, before), "older"],
  ] as const)("either of which %s: the other counts, and makes it again", (_what, spoil, kind) => {
    for (const which of ["first", "second"] as const) {
      const old = writeTrustCopies(files, floorsAt(1));
      before = readFileSync(files.first);
      writeTrustCopies(files, { ...floorsAt(2), serial: old.serial });
      spoil(files[which]);
      expect(faults()).toEqual([[which === "first" ? 1 : 2, kind]]);
      expect(floor()).toBe(2);
      healTrustCopies(readTrustCopies(files));
      expect(faults()).toEqual([]);
      expect(floor()).toBe(2);
    }
  });

  it("both of which are torn say so, and are no new device", () => {
    writeTrustCopies(files, floorsAt(1));
    for (const path of [files.first, files.second]) writeFileSync(path, readFileSync(path).subarray(0, 40));
    expect(readTrustCopies(files).state).toBeUndefined();
    expect(faults()).toEqual([
      [1, "damaged"],
      [2, "damaged"],
    ]);
    healTrustCopies(readTrustCopies(files)); // there is nothing to heal from
    expect(faults()).toHaveLength(2);
  });

  it("one of which is a directory go on with the other", () => {
    writeTrustCopies(files, floorsAt(1));
    rmSync(files.first);
    mkdirSync(files.first);
    expect(faults()).toEqual([[1, "damaged"]]);
    expect(floor()).toBe(1);
  });

  it("are not guessed at when a newer bootferry wrote them", () => {
    writeTrustCopies(files, floorsAt(1));
    writeFileSync(files.second, JSON.stringify({ ...floorsAt(2), version: 3 }));
    expect(() => readTrustCopies(files)).toThrow(expect.objectContaining({ code: "TRUST_STATE_VERSION" }));
  });
});
