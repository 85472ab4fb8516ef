/**
 * The files of the boot loaders, held to the programs that own their formats: GRUB's own parser, grub-editenv and
 * libubootenv. What a device's boot loader reads is what these accept.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openGrubLoader } from "../../src/boot/grub-loader.ts";
import { makeEntryName } from "../../src/boot/our-entry.ts";
import { openUBootLoader } from "../../src/boot/u-boot-loader.ts";
import { execOnHost } from "../../src/host/exec.ts";
import { parseAbsPath } from "../../src/path.ts";
import { BENCH_LOADERS, Bench, entryContent } from "../support/loader-bench.ts";
import { bootUBoot, uBootMachine } from "../support/u-boot-machine.ts";

const openBench = (name: string): Promise<Bench> => {
  const loader = BENCH_LOADERS.find((candidate) => candidate.name === name);
  if (loader === undefined) throw new Error(`no ${name} on the bench`);
  return Bench.open(loader);
};
const run = (file: string, ...args: readonly string[]) =>
  execFileSync(file, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

describe("GRUB's tools", () => {
  const openArmed = async () => {
    const bench = await openBench("GRUB");
    const loader = openGrubLoader({ boot: bench.boot, exec: execOnHost });
    await loader.arm(entryContent("a", 1, ['dyndbg="file x.c +p"', "v=$x;y}"]), undefined);
    await loader.arm({ ...entryContent("b", 2), title: "-Anna's `kiosk` $1 {" }, 3);
    return { bench, loader };
  };

  it("accept what is generated", async () => {
    const { bench } = await openArmed();
    using _ = bench;
    for (const file of ["grub.cfg", "bootferry.cfg"]) run("grub-script-check", join(bench.boot, "grub", file));
    const bad = join(bench.boot, "bad.cfg");
    writeFileSync(bad, "if true; then\n");
    expect(() => run("grub-script-check", bad)).toThrow();
  });

  it("read and change the environment, as greenboot does", async () => {
    const { bench, loader } = await openArmed();
    using _ = bench;
    const file = join(bench.boot, "grub", "grubenv");
    expect(run("grub-editenv", file, "list")).toBe("boot_counter=3\nboot_success=0\nbootferry_entry=bootferry-b\n");
    run("grub-editenv", file, "set", "boot_counter=1", "other=a\\b c");
    expect(bench.listed()).toEqual(["b+1-2", "a"]);
    run("grub-editenv", file, "set", "boot_success=1");
    run("grub-editenv", file, "unset", "boot_counter");
    expect(bench.listed()).toEqual(["b", "a"]);
    await loader.arm(entryContent("c", 3), 2);
    expect(run("grub-editenv", file, "list")).toContain("other=a\\b c\n");
  });
});

describe("libubootenv", () => {
  it("writes what is then read, and reads what was written, through a whole update", async () => {
    using bench = await openBench("U-Boot");
    const machine = uBootMachine(bench.boot);
    const loader = openUBootLoader({ boot: bench.boot, exec: execOnHost, config: parseAbsPath(machine.config) });
    const print = (name: string) => run("fw_printenv", "-c", machine.config, "-n", name).trim();
    await loader.arm(entryContent("a", 1), undefined);
    await loader.arm(entryContent("b", 2), 2);
    expect(print("bootferry_entry")).toBe("bootferry-b");
    expect([bootUBoot(machine), print("bootcount")]).toEqual(["bootferry-b", "1"]);
    expect(bench.listed()).toEqual(["b+1-1", "a"]);
    await loader.markGood(makeEntryName("b"));
    expect(print("upgrade_available")).toBe("0");
    await loader.arm(entryContent("c", 3), 1);
    expect([bootUBoot(machine), bootUBoot(machine)]).toEqual(["bootferry-c", "bootferry-b"]);
    await loader.sweep();
    expect(bench.listed()).toEqual(["b", "a", "c+0-1"]);
    expect((await loader.probe()).problem).toBeUndefined();
  });
});
