import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { openLock } from "../../../src/host/lock.ts";
import { type AbsPath, below, toAbsPath } from "../../../src/path.ts";

let directory: AbsPath;
beforeEach(() => {
  directory = toAbsPath(mkdtempSync(join(tmpdir(), "host-lock-")));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
});

const LOCK_MODULE = new URL("../../../src/host/lock.ts", import.meta.url).href;

/** Another process that takes the lock, says so, and keeps it. */
async function holder(path: AbsPath): Promise<ChildProcess> {
  const script = `const { openLock } = await import(${JSON.stringify(LOCK_MODULE)});
    await openLock(${JSON.stringify(path)}); console.log("held"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

describe("a lock", () => {
  it("is held by one at a time and free again after", async () => {
    const path = below(directory, "run", "lock");
    {
      await using _ = await openLock(path);
      await expect(openLock(path)).rejects.toMatchObject({ code: "HOST_BUSY", exitStatus: 7 });
    }
    await using _ = await openLock(path);
    expect(existsSync(path)).toBe(true);
  });

  it("is waited for as long as is asked for", async () => {
    const path = below(directory, "lock");
    const held = await openLock(path);
    const waiting = openLock(path, { timeoutSeconds: 60 });
    await held[Symbol.asyncDispose]();
    await using _ = await waiting;
    await expect(openLock(path, { timeoutSeconds: 1 })).rejects.toMatchObject({ code: "HOST_BUSY" });
  });

  it("is no longer waited for by whoever is stopped", async () => {
    const path = below(directory, "lock");
    await using _held = await openLock(path);
    const stop = new AbortController();
    const waiting = openLock(path, { timeoutSeconds: 60, signal: stop.signal });
    stop.abort(new Error("SIGTERM"));
    await expect(waiting).rejects.toThrow("SIGTERM");
  });

  it("may be on a directory, and leaves no file in it then", async () => {
    const path = below(directory, "locked");
    mkdirSync(path);
    await using _ = await openLock(path);
    await expect(openLock(path)).rejects.toMatchObject({ code: "HOST_BUSY" });
    expect(readdirSync(path)).toEqual([]);
  });

  it("keeps other processes out, and is free when its holder is killed", async () => {
    const path = below(directory, "lock");
    const child = await holder(path);
    await expect(openLock(path)).rejects.toMatchObject({ code: "HOST_BUSY" });
    child.kill("SIGKILL");
    await once(child, "exit");
    // The child's own child notices the closed pipe at its own pace; asking again is what a person would do as well.
    let lock: AsyncDisposable | undefined;
    while (lock === undefined) {
      lock = await openLock(path).catch((error) => {
        expect(error).toMatchObject({ code: "HOST_BUSY" });
        return undefined;
      });
    }
    await lock[Symbol.asyncDispose]();
  });

  it.each(["SIGINT", "SIGTERM"] as const)(
    "is kept by a process whose children got %s, until it ends",
    async (signal) => {
      const path = below(directory, "lock");
      const script = `const { openLock } = await import(${JSON.stringify(LOCK_MODULE)});
      await openLock(${JSON.stringify(path)}); process.on("${signal}", () => console.log("still writing"));
      console.log("held"); setInterval(() => {}, 1000);`;
      const args = ["--input-type=module", "-e", script];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], detached: true });
      await once(child.stdout, "data");
      process.kill(-(child.pid ?? 0), signal); // the whole group, as a terminal and systemd do
      await once(child.stdout, "data");
      await expect(openLock(path)).rejects.toMatchObject({ code: "HOST_BUSY" });
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  );

  it("says so when it cannot be made", async () => {
    writeFileSync(below(directory, "file"), "");
    await expect(openLock(below(directory, "file", "lock"))).rejects.toMatchObject({
      code: expect.stringMatching(/^HOST_/),
    });
  });
});
