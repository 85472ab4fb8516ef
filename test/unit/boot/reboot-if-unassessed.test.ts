/**
 * The shell script that gives up a boot without Node reads the boot partition by itself: it has to say what the loader
 * says, whichever way the loader counts.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeEntryName } from "../../../src/boot/our-entry.ts";
import { BENCH_LOADERS, Bench, entryContent } from "../../support/loader-bench.ts";

const SCRIPT = join(import.meta.dirname, "../../../units/scripts/reboot-if-unassessed");

/** What the script does on a machine with this boot partition that runs a deployment. */
function decide(bench: Bench, running: string): "reboots" | "does nothing" {
  const root = mkdtempSync(join(tmpdir(), "root-"));
  try {
    mkdirSync(join(root, "proc"));
    writeFileSync(join(root, "proc", "cmdline"), `quiet bootferry.deployment=${running}\n`);
    symlinkSync(bench.boot, join(root, "boot"));
    const env = { ...process.env, BOOTFERRY_TEST_ROOT: root };
    const said = execFileSync("sh", [SCRIPT, "a test"], { env, stdio: ["ignore", "pipe", "pipe"] }).toString();
    return said.includes("reboot") ? "reboots" : "does nothing";
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const name = makeEntryName;

describe.each(BENCH_LOADERS)("reboot-if-unassessed on $name", (benchLoader) => {
  it("gives up a boot on trial, on each try, and no confirmed one", async () => {
    using bench = await Bench.open(benchLoader);
    await bench.loader.arm(entryContent("a", 1), undefined);
    expect(decide(bench, "a")).toBe("does nothing");
    await bench.loader.arm(entryContent("b", 2), 3);
    expect(decide(bench, "a"), "the new one is armed, not running").toBe("does nothing");
    for (const _try of [1, 2, 3]) {
      expect(bench.start()).toBe("b");
      expect(decide(bench, "b")).toBe("reboots");
    }
    await bench.loader.sweep();
    expect(decide(bench, "b"), "after a sweep in the last try").toBe("reboots");
    expect(bench.start()).toBe("a");
    expect(decide(bench, "a")).toBe("does nothing");
  });

  it("stays with a system that has just been confirmed", async () => {
    using bench = await Bench.open(benchLoader);
    await bench.loader.arm(entryContent("a", 1), undefined);
    await bench.loader.arm(entryContent("b", 2), 1);
    bench.start();
    await bench.loader.markGood(name("b"));
    expect(decide(bench, "b")).toBe("does nothing");
  });

  it("stays where there is no good system to go back to", async () => {
    using bench = await Bench.open(benchLoader);
    await bench.loader.arm(entryContent("b", 2), 3);
    bench.start();
    expect(decide(bench, "b")).toBe("does nothing");
    await bench.loader.arm({ ...entryContent("a", 1), linux: "gone/vmlinuz" as never }, undefined);
    expect(decide(bench, "b"), "its kernel is gone").toBe("does nothing");
    await bench.loader.markBad(name("a"));
    expect(decide(bench, "b"), "it is bad").toBe("does nothing");
  });

  it("does nothing for a system that no entry of ours has started", async () => {
    using bench = await Bench.open(benchLoader);
    await bench.loader.arm(entryContent("b", 2), 3);
    expect(decide(bench, "x")).toBe("does nothing");
  });
});
