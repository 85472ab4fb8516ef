/** What is U-Boot's own: its variables, other software that confirms, what may be wrong, and how it is known. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { installForUBoot } from "../../../src/boot/install-u-boot.ts";
import { makeEntryName } from "../../../src/boot/our-entry.ts";
import { openUBootLoader } from "../../../src/boot/u-boot-loader.ts";
import { targetDevicePaths } from "../../../src/config/device-paths.ts";
import { parseAbsPath } from "../../../src/path.ts";
import { BENCH_LOADERS, Bench, entryContent } from "../../support/loader-bench.ts";
import { readVariables, setVariables, uBootMachine } from "../../support/u-boot-machine.ts";

const uBoot = BENCH_LOADERS.find(({ name }) => name === "U-Boot");
if (uBoot === undefined) throw new Error("no U-Boot on the bench");

const openArmed = async (tries = 3): Promise<Bench> => {
  const bench = await Bench.open(uBoot);
  await bench.loader.arm(entryContent("a", 1), undefined);
  await bench.loader.arm(entryContent("b", 2), tries);
  return bench;
};
const counting = (bench: Bench) => {
  const variables = readVariables(uBootMachine(bench.boot));
  return ["upgrade_available", "bootcount", "bootlimit", "bootferry_entry"].map((name) => variables.get(name));
};

describe("U-Boot's variables", () => {
  it("count while an entry is on trial, and no longer", async () => {
    using bench = await openArmed(2);
    expect(counting(bench)).toEqual(["1", "0", "2", "bootferry-b"]);
    bench.start();
    expect(counting(bench)).toEqual(["1", "1", "2", "bootferry-b"]);
    await bench.loader.markGood(makeEntryName("b"));
    expect(counting(bench)).toEqual(["0", "1", "2", "bootferry-b"]);
    bench.starts(3);
    expect(counting(bench), "flash is not written").toEqual(["0", "1", "2", "bootferry-b"]);
  });

  it("are left alone after a fallback was seen: flash is not written at each start", async () => {
    using bench = await openArmed(1);
    expect(bench.starts(2)).toEqual(["b", "a"]);
    await bench.loader.sweep();
    expect(bench.listed()).toEqual(["a", "b+0-1"]);
    const after = counting(bench);
    expect(bench.starts(2)).toEqual(["a", "a"]);
    expect(counting(bench)).toEqual(after);
  });

  it("end the trial when other software sets upgrade_available to 0", async () => {
    using bench = await openArmed(1);
    bench.start();
    setVariables(uBootMachine(bench.boot), "upgrade_available=0\n");
    expect(bench.listed()).toEqual(["b", "a"]);
    expect(bench.starts(2)).toEqual(["b", "b"]);
  });
});

describe("extlinux.conf", () => {
  it("says the same as the entry", async () => {
    using bench = await openArmed();
    const [, label] = readFileSync(join(bench.boot, "extlinux", "extlinux.conf"), "utf8").split(/^(?=label )/m);
    expect(label).toBe(
      [
        "label bootferry-b\n  menu label Kiosk 2\n  linux /k/vmlinuz\n  initrd /k/initramfs.img\n",
        `  append bootferry.deployment=b bootferry.trial=\${upgrade_available}\n\n`,
      ].join(""),
    );
    expect(readFileSync(join(bench.boot, "extlinux", "bootferry.conf"), "utf8")).not.toContain("bootferry-b");
  });

  it.each(["x=it's", "x=a\\b", `x=\${y}`, "x=$(y)"])(
    "is not written with %j, which U-Boot would change",
    async (option) => {
      using bench = await openArmed();
      const before = bench.tools.barriers;
      const arming = bench.loader.arm(entryContent("c", 3, [option]), 3);
      await expect(arming).rejects.toMatchObject({ code: "BOOT_ARGUMENT_UNFIT" });
      expect(bench.tools.barriers).toBe(before);
    },
  );
});

describe("probing U-Boot", () => {
  it.each<[string, (bench: Bench) => void, RegExp]>([
    ["no fw_env.config", (b) => rmSync(uBootMachine(b.boot).config), /is not found/],
    ["one that names nothing", (b) => writeFileSync(uBootMachine(b.boot).config, "#\n"), /one or two places, got 0/],
    ["no environment", (b) => rmSync(uBootMachine(b.boot).environment), /is not found/],
    ["an empty one", (b) => writeFileSync(uBootMachine(b.boot).environment, Buffer.alloc(0x4000)), /checksum/],
    ["no altbootcmd", (b) => setVariables(uBootMachine(b.boot), "altbootcmd=\n"), /altbootcmd/],
  ])("finds %s", async (_what, spoil, problem) => {
    using bench = await openArmed();
    spoil(bench);
    expect(await bench.loader.probe()).toEqual({ kind: "u-boot", problem: expect.stringMatching(problem) });
  });

  it("is what a boot partition with an extlinux/bootferry.conf is for", async () => {
    using bench = await Bench.open(uBoot);
    const kind = async () => (await bench.openDevice().probe()).kind;
    expect(await kind()).not.toBe("u-boot");
    mkdirSync(join(bench.boot, "extlinux"));
    writeFileSync(join(bench.boot, "extlinux", "bootferry.conf"), "");
    expect(await kind()).toBe("u-boot");
    await bench.loader.arm(entryContent("a", 1), undefined);
    expect(bench.start()).toBe("a");
  });
});

describe("installing for U-Boot", () => {
  it("makes a boot partition that is known for U-Boot's, and boots what is armed", async () => {
    using bench = await Bench.open(uBoot);
    await installForUBoot(bench.tools.exec, bench.boot);
    const loader = bench.openDevice();
    expect(await loader.probe()).toEqual({ kind: "u-boot", problem: undefined });
    await loader.arm(entryContent("a", 1), undefined);
    await loader.arm(entryContent("b", 2), 1);
    expect(bench.starts(2)).toEqual(["b", "a"]);
  });

  it("keeps the entries of a boot partition that has some", async () => {
    using bench = await openArmed();
    await installForUBoot(bench.tools.exec, bench.boot);
    expect(bench.listed()).toEqual(["b+3-0", "a"]);
    expect(readFileSync(join(bench.boot, "extlinux", "bootferry.conf"), "utf8")).toContain("label bootferry-a\n");
  });

  it("leaves the environment of the machine that installs alone", async () => {
    using bench = await openArmed();
    const before = readFileSync(uBootMachine(bench.boot).environment);
    using target = await Bench.open({ ...uBoot, prepare: async () => undefined });
    await installForUBoot(target.tools.exec, target.boot);
    const { uBootConfig } = targetDevicePaths(target.boot, target.boot, parseAbsPath(`${target.boot}/scratch`));
    const loader = openUBootLoader({ boot: target.boot, exec: target.tools.exec, config: uBootConfig });
    await loader.arm(entryContent("a", 1), undefined);
    expect(loader.list().map(({ name }) => name)).toEqual(["bootferry-a"]);
    expect(readFileSync(uBootMachine(bench.boot).environment)).toEqual(before);
  });
});
