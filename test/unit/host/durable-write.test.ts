import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { writeDurably } from "../../../src/host/durable-write.ts";
import { type AbsPath, below, toAbsPath } from "../../../src/path.ts";

let directory: AbsPath;
beforeEach(() => {
  directory = toAbsPath(mkdtempSync(join(tmpdir(), "host-write-")));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
});

describe("a durable write", () => {
  it("replaces the whole file and leaves nothing beside it", () => {
    const file = below(directory, "state.json");
    writeDurably(file, "a longer first version");
    writeDurably(file, Buffer.from("second"));
    expect(readFileSync(file, "utf8")).toBe("second");
    expect(readdirSync(directory)).toEqual(["state.json"]);
  });

  it("makes the directories that are missing", () => {
    const file = below(directory, "a", "b", "c");
    writeDurably(file, "");
    expect(readFileSync(file)).toHaveLength(0);
  });

  it("gives the file the mode that is asked for", () => {
    const file = below(directory, "secret");
    writeDurably(file, "x", 0o600);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("writes more than one call of write(2) may take", () => {
    const bytes = Buffer.alloc(5 << 20, "abc");
    writeDurably(below(directory, "large"), bytes);
    expect(readFileSync(below(directory, "large")).equals(bytes)).toBe(true);
  });

  it("goes on after a cut that left a temporary file", () => {
    const file = below(directory, "state.json");
    writeFileSync(`${file}.tmp`, "half a fi");
    writeDurably(file, "whole");
    expect(readFileSync(file, "utf8")).toBe("whole");
    expect(readdirSync(directory)).toEqual(["state.json"]);
  });

  it("follows no link, neither at its target nor at its temporary name", () => {
    const [file, victim] = [below(directory, "state.json"), below(directory, "victim")];
    writeFileSync(victim, "untouched");
    symlinkSync(victim, file);
    symlinkSync(victim, `${file}.tmp`);
    writeDurably(file, "new");
    expect(readFileSync(victim, "utf8")).toBe("untouched");
    expect(statSync(file).isFile()).toBe(true);
    expect(readFileSync(file, "utf8")).toBe("new");
  });

  it("keeps the old file and cleans up when it fails", () => {
    const file = below(directory, "taken");
    mkdirSync(file);
    writeFileSync(below(file, "inside"), "");
    expect(() => writeDurably(file, "x")).toThrow(expect.objectContaining({ message: expect.stringContaining(file) }));
    expect(existsSync(`${file}.tmp`)).toBe(false);
    expect(readdirSync(file)).toEqual(["inside"]);
  });

  it("says so when a file stands where a directory should be", () => {
    writeFileSync(below(directory, "file"), "");
    expect(() => writeDurably(below(directory, "file", "below"), "x")).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^HOST_/) }),
    );
  });
});
