import { existsSync, mkdirSync, openSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { below } from "../../../src/path.ts";
import { hostStoreFilesystem } from "../../../src/store/store-filesystem.ts";
import { codeOf, recordingExec, scratchDirectory } from "./store-fixture.ts";

function open() {
  const directory = scratchDirectory();
  const exec = recordingExec();
  return { directory, exec, filesystem: hostStoreFilesystem(exec, directory) };
}

describe("hostStoreFilesystem", () => {
  it("keeps contents from other users: objects hold what /etc/shadow holds", () => {
    const { directory, filesystem } = open();
    filesystem.makeDirectory(below(directory, "objects"));
    filesystem.close(filesystem.createFile(below(directory, "objects", "a")));
    expect(statSync(below(directory, "objects")).mode & 0o777).toBe(0o700);
    expect(statSync(below(directory, "objects", "a")).mode & 0o077).toBe(0);
  });

  it("never opens what is there already, nor what a symlink points to", async () => {
    const { directory, filesystem } = open();
    const victim = below(directory, "victim");
    writeFileSync(victim, "precious");
    symlinkSync(victim, below(directory, "link"));
    expect(await codeOf(() => filesystem.createFile(victim))).toBe("HOST_EXISTS");
    expect(await codeOf(() => filesystem.createFile(below(directory, "link")))).toBe("HOST_EXISTS");
    expect(readFileSync(victim, "utf8")).toBe("precious");
  });

  it("replaces by rename, and removes files, directories and nothing", () => {
    const { directory, filesystem } = open();
    const [a, b] = [below(directory, "a"), below(directory, "b")];
    writeFileSync(a, "new");
    writeFileSync(b, "old");
    filesystem.rename(a, b);
    expect(readFileSync(b, "utf8")).toBe("new");
    mkdirSync(below(directory, "c", "d"), { recursive: true });
    for (const path of [b, below(directory, "c"), a]) filesystem.remove(path);
    expect([existsSync(b), existsSync(below(directory, "c"))]).toEqual([false, false]);
  });

  it("says STORE_NO_SPACE when the disk is full", async () => {
    const { filesystem } = open();
    const full = openSync("/dev/full", "w");
    expect(await codeOf(() => filesystem.write(full, Buffer.from("x")))).toBe("STORE_NO_SPACE");
    filesystem.close(full);
  });

  it("syncs the file system of its directory", async () => {
    const { directory, exec, filesystem } = open();
    await filesystem.sync();
    expect(exec.calls).toEqual([["sync", "-f", directory]]);
  });

  it("gives its lock to one at a time", async () => {
    const { filesystem } = open();
    {
      await using _lock = await filesystem.lock();
      expect(await codeOf(() => filesystem.lock())).toBe("HOST_BUSY");
    }
    await using _again = await filesystem.lock();
  });
});
