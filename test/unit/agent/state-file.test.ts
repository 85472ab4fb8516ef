import { existsSync, lstatSync, mkdirSync, symlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { peekStateFile, readStateFile, writeStateFile } from "../../../src/agent/state-file.ts";
import { toAbsPath } from "../../../src/path.ts";
import { scratchDirectory } from "./scratch.ts";

const SCHEMA = z.strictObject({ step: z.number() });

/** A file that answers EIO, as one on a bad sector does: nothing is mapped where this process's memory begins. */
function fileOnBadSector() {
  const path = toAbsPath(`${scratchDirectory()}/journal.json`);
  symlinkSync("/proc/self/mem", path);
  return path;
}

describe("a document in the state directory that the disk cannot give any more", () => {
  it("is damaged when it is only looked at, and stays where it is", () => {
    const path = fileOnBadSector();
    expect(peekStateFile(path, SCHEMA)).toEqual({ kind: "damaged", why: `reading ${path}: i/o error (EIO)` });
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
  });

  it("is set aside when it is read, so that the next one can be written and read", () => {
    const path = fileOnBadSector();
    const told: string[] = [];
    expect(readStateFile(path, SCHEMA, (why) => told.push(why))).toBeUndefined();
    expect(told).toEqual([`reading ${path}: i/o error (EIO); it was set aside as ${path}.damaged`]);
    expect(existsSync(path)).toBe(false);
    writeStateFile(path, { step: 2 });
    expect(readStateFile(path, SCHEMA, (why) => told.push(why))).toEqual({ step: 2 });
    expect(told).toHaveLength(1);
  });

  it("is still an error when something other than the disk is wrong with it", () => {
    const path = toAbsPath(`${scratchDirectory()}/journal.json`);
    mkdirSync(path);
    expect(() => peekStateFile(path, SCHEMA)).toThrow(expect.objectContaining({ name: "HostError" }));
  });
});
