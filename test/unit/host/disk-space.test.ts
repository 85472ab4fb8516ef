import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { readDiskSpace } from "../../../src/host/disk-space.ts";
import { below, toAbsPath } from "../../../src/path.ts";

describe("free space", () => {
  it("is asked of the file system that holds a path", () => {
    const space = readDiskSpace(toAbsPath(tmpdir()));
    expect(space.totalBytes).toBeGreaterThan(0);
    expect(space.freeBytes).toBeLessThanOrEqual(space.totalBytes);
    expect(space.blockBytes).toBeGreaterThanOrEqual(512);
    expect(space.kind).toBe("other");
  });

  it("is unknown for a path that is not there", () => {
    expect(() => readDiskSpace(below(toAbsPath(tmpdir()), "bootferry", "no", "such", "place"))).toThrow(
      expect.objectContaining({ code: "HOST_NOT_FOUND" }),
    );
  });
});
