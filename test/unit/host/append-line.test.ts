/** The two other ways of writing beside the durable replacement: a line at the end, and a picture that may be lost. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { appendLineDurably, replaceFile } from "../../../src/host/durable-write.ts";
import { type AbsPath, below, toAbsPath } from "../../../src/path.ts";

let directory: AbsPath;
beforeEach(() => {
  directory = toAbsPath(mkdtempSync(join(tmpdir(), "host-append-")));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
});

describe("a line that is appended", () => {
  it("stands after those before it, also in a directory that was missing", () => {
    const file = below(directory, "a", "log");
    for (const line of ["one", "two"]) appendLineDurably(file, line);
    expect(readFileSync(file, "utf8")).toBe("one\ntwo\n");
  });

  it("closes one that was torn", () => {
    const file = below(directory, "log");
    appendLineDurably(file, "whole");
    appendLineDurably(file, "torn");
    truncateSync(file, "whole\nto".length);
    appendLineDurably(file, "next");
    expect(readFileSync(file, "utf8")).toBe("whole\nto\nnext\n");
  });

  it("never follows a link", () => {
    writeFileSync(below(directory, "target"), "");
    symlinkSync("target", below(directory, "log"));
    expect(() => appendLineDurably(below(directory, "log"), "x")).toThrow(
      expect.objectContaining({ name: "HostError" }),
    );
    expect(readFileSync(below(directory, "target"), "utf8")).toBe("");
  });
});

describe("a file that is replaced", () => {
  it("is whole, with nothing left beside it", () => {
    const file = below(directory, "a", "status.json");
    replaceFile(file, "a longer first version");
    replaceFile(file, "second");
    expect(readFileSync(file, "utf8")).toBe("second");
    expect(readdirSync(below(directory, "a"))).toEqual(["status.json"]);
  });

  it("replaces a link instead of following it", () => {
    writeFileSync(below(directory, "target"), "untouched");
    symlinkSync("target", below(directory, "status.json"));
    replaceFile(below(directory, "status.json"), "new");
    expect(readFileSync(below(directory, "target"), "utf8")).toBe("untouched");
    expect(readFileSync(below(directory, "status.json"), "utf8")).toBe("new");
  });

  it("fails with a code where nothing can be written", () => {
    writeFileSync(below(directory, "file"), "");
    expect(() => replaceFile(below(directory, "file", "below"), "x")).toThrow(
      expect.objectContaining({ name: "HostError" }),
    );
  });
});
