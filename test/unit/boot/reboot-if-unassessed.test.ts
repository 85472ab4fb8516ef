/**
 * The shell script that gives up a boot without Node reads the boot partition by itself: it has to say what the loader
 * says, whichever way the loader counts.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatGrubEnvironment, parseGrubEnvironment } from "../../../src/boot/grub-environment.ts";
import { makeEntryName } from "../../../src/boot/our-entry.ts";
import { bootGrub } from "../../support/grub-script.ts";
import { BENCH_LOADERS, Bench, entryContent } from "../../support/loader-bench.ts";
import { readVariables, setVariables, startUBoot, uBootMachine } from "../../support/u-boot-machine.ts";

const SCRIPT = join(import.meta.dirname, "../../../units/scripts/reboot-if-unassessed");

type Decision = "reboots" | "does nothing";

/** What the script does on a machine with this boot partition that runs a deployment. */
function decide(bench: Bench, running: string): Decision {
  return decideAbout(bench, `quiet bootferry.deployment=${running}`, (root) => {
    symlinkSync(bench.boot, join(root, "boot"));
  });
}

function decideAbout(bench: Bench, commandLine: string, prepare: (root: string) => void): Decision {
  const root = mkdtempSync(join(tmpdir(), "root-"));
  try {
    mkdirSync(join(root, "proc"));
    writeFileSync(join(root, "proc", "cmdline"), `${commandLine}\n`);
    prepare(root);
    const tool = join(root, "fw_printenv"); // as far as the script uses it: fw_printenv -n NAME
    writeFileSync(tool, `#!/bin/sh\nsed -n "s/^$2=//p" "${root}/variables"\n`, { mode: 0o755 });
    writeFileSync(join(root, "variables"), uBootVariables(bench));
    const env = { ...process.env, BOOTFERRY_TEST_ROOT: root, PATH: `${root}:${process.env.PATH}` };
    const said = execFileSync("sh", [SCRIPT, "a test"], { env, stdio: ["ignore", "pipe", "pipe"] }).toString();
    return said.includes("reboot") ? "reboots" : "does nothing";
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function uBootVariables({ boot }: Bench): string {
  const machine = uBootMachine(boot);
  const variables = existsSync(machine.environment) ? [...readVariables(machine)] : [];
  return variables.map(([variable, value]) => `${variable}=${value}\n`).join("");
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

async function openWith(loaderName: string): Promise<Bench> {
  const loader = BENCH_LOADERS.find((candidate) => candidate.name === loaderName);
  if (loader === undefined) throw new Error(`no ${loaderName} on the bench`);
  return Bench.open(loader);
}

/** greenboot's way with GRUB. */
function declareSuccess({ boot }: Bench): void {
  const file = join(boot, "grub", "grubenv");
  const environment = parseGrubEnvironment(readFileSync(file));
  writeFileSync(file, formatGrubEnvironment(new Map([...environment, ["boot_success", "1"]])));
}

describe("what other software declares good", () => {
  const openTried = async (loaderName: string): Promise<Bench> => {
    const bench = await openWith(loaderName);
    await bench.loader.arm(entryContent("a", 1), undefined);
    await bench.loader.arm(entryContent("b", 2), 1);
    bench.start();
    return bench;
  };

  it("is not given up with GRUB", async () => {
    using bench = await openTried("GRUB");
    expect(decide(bench, "b")).toBe("reboots");
    declareSuccess(bench);
    expect(decide(bench, "b")).toBe("does nothing");
  });

  it("is not given up with U-Boot", async () => {
    using bench = await openTried("U-Boot");
    expect(decide(bench, "b")).toBe("reboots");
    setVariables(uBootMachine(bench.boot), "upgrade_available=0\n");
    expect(decide(bench, "b")).toBe("does nothing");
  });
});

describe.each([
  ["GRUB", (bench: Bench) => bootGrub(bench.boot).commandLine],
  ["U-Boot", (bench: Bench) => startUBoot(uBootMachine(bench.boot)).commandLine],
])("a boot that cannot read the boot partition, with %s", (loaderName, start) => {
  const openArmed = async (): Promise<Bench> => {
    const bench = await openWith(loaderName);
    await bench.loader.arm(entryContent("a", 1), undefined);
    await bench.loader.arm(entryContent("b", 2), 3);
    return bench;
  };
  const decideBlindly = (bench: Bench, commandLine: string, confirmed?: string): Decision =>
    decideAbout(bench, commandLine, (root) => {
      mkdirSync(join(root, "boot"));
      if (confirmed === undefined) return;
      mkdirSync(join(root, "run", "bootferry"), { recursive: true });
      writeFileSync(join(root, "run", "bootferry", "confirmed"), `${confirmed}\n`);
    });

  it("is given up on each counted try, and never on the good system that comes after them", async () => {
    using bench = await openArmed();
    for (const _try of [1, 2, 3]) {
      const commandLine = start(bench);
      expect(commandLine).toBe("bootferry.deployment=b bootferry.trial=1");
      expect(decideBlindly(bench, commandLine)).toBe("reboots");
    }
    const commandLine = start(bench);
    expect(commandLine).toBe("bootferry.deployment=a");
    expect(decideBlindly(bench, commandLine)).toBe("does nothing");
  });

  it("stays with a system that was confirmed earlier in this boot, and with it in all later ones", async () => {
    using bench = await openArmed();
    const trial = start(bench);
    await bench.loader.markGood(name("b"));
    expect(decideBlindly(bench, trial, "b")).toBe("does nothing");
    expect(decideBlindly(bench, trial, "a"), "the mark of another one").toBe("reboots");
    const later = start(bench);
    expect(later).toBe("bootferry.deployment=b");
    expect(decideBlindly(bench, later)).toBe("does nothing");
  });

  it("stays with one that other software has declared good before the loader started it", async () => {
    using bench = await openArmed();
    start(bench);
    if (loaderName === "U-Boot") setVariables(uBootMachine(bench.boot), "upgrade_available=0\n");
    else declareSuccess(bench);
    const later = start(bench);
    expect(later).toMatch(/^bootferry\.deployment=b( bootferry\.trial=0)?$/);
    expect(decideBlindly(bench, later)).toBe("does nothing");
  });

  it("stays where there is no good system to go back to", async () => {
    using bench = await openWith(loaderName);
    await bench.loader.arm(entryContent("b", 2), 3);
    expect(decideBlindly(bench, start(bench))).toBe("does nothing");
  });

  it("believes the loader alone: the word is the last one", async () => {
    using bench = await openArmed();
    const commandLine = "bootferry.trial=1 bootferry.deployment=a";
    expect(decideBlindly(bench, commandLine)).toBe("does nothing");
    expect(decideBlindly(bench, "bootferry.deployment=a bootferry.trial=")).toBe("does nothing");
  });
});
