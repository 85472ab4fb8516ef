import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseAbsPath } from "../../../src/path.ts";
import { whileGrowing } from "../../../src/release/watch-directory.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "growing-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("whileGrowing", () => {
  it("tells by how much files have grown, those that were there before left out", async () => {
    writeFileSync(join(directory, "before"), "x".repeat(100));
    mkdirSync(join(directory, "blobs"));
    const told: number[] = [];
    let heard: () => void = () => undefined;
    const act = async () => {
      const first = new Promise<void>((resolve) => {
        heard = resolve;
      });
      writeFileSync(join(directory, "blobs/one"), "x".repeat(10));
      await first; // the watcher has looked
      const second = new Promise<void>((resolve) => {
        heard = resolve;
      });
      appendFileSync(join(directory, "before"), "x".repeat(5));
      await second;
      return "done";
    };
    const onBytes = (bytes: number) => {
      told.push(bytes);
      heard();
    };
    expect(await whileGrowing(parseAbsPath(directory), act, onBytes)).toBe("done");
    expect(told).toEqual([10, 5]);
  });

  it("fails as what it watches fails", async () => {
    const act = () => Promise.reject(new Error("no network"));
    await expect(whileGrowing(parseAbsPath(directory), act, () => undefined)).rejects.toThrow("no network");
  });
});
