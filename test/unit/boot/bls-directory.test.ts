import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openBlsDirectory } from "../../../src/boot/bls-directory.ts";
import type { BootEntryContent } from "../../../src/boot/boot-loader.ts";
import { makeEntryName } from "../../../src/boot/our-entry.ts";
import { simulateBoot } from "../../../src/boot/simulated-boot.ts";
import { execOnHost } from "../../../src/host/exec.ts";
import { type AbsPath, below, parseAbsPath, parseRelPath } from "../../../src/path.ts";

let boot: AbsPath;
beforeEach(() => {
  boot = parseAbsPath(mkdtempSync(`${tmpdir()}/bls-`));
  mkdirSync(below(boot, "k"));
  writeFileSync(below(boot, "k", "vmlinuz"), "kernel");
});
afterEach(() => rmSync(boot, { recursive: true, force: true }));

const open = (efiDefault?: string) =>
  openBlsDirectory({ boot, exec: execOnHost, kind: "simulated", readEfiDefault: () => efiDefault });
const content = (text: string, serial: number): BootEntryContent => ({
  name: makeEntryName(text),
  title: `Kiosk ${serial}`,
  serial,
  linux: parseRelPath("k/vmlinuz"),
  initrd: parseRelPath("k/initramfs.img"),
  options: ["composefs.digest=x", "quiet"],
});
const files = () => readdirSync(below(boot, "loader", "entries")).sort();
const put = (fileName: string, text: string) => {
  mkdirSync(below(boot, "loader", "entries"), { recursive: true });
  writeFileSync(below(boot, "loader", "entries", fileName), text);
};

describe("openBlsDirectory", () => {
  it("publishes an armed entry that reads back as it was given", async () => {
    const loader = open();
    await loader.arm(content("aa.1", 1), 3);
    expect(files()).toEqual(["bootferry-aa.1+3.conf"]);
    expect(readFileSync(below(boot, "loader", "entries", "bootferry-aa.1+3.conf"), "utf8")).toBe(
      "title Kiosk 1\nversion 1\nsort-key bootferry\nlinux /k/vmlinuz\ninitrd /k/initramfs.img\noptions composefs.digest=x quiet\n",
    );
    expect(loader.list()).toEqual([
      { ...content("aa.1", 1), machineId: undefined, counter: { triesLeft: 3, triesDone: 0 } },
    ]);
  });

  it("refuses a second entry of one name, whatever its counter", async () => {
    const loader = open();
    await loader.arm(content("aa.1", 1), 3);
    await expect(loader.arm(content("aa.1", 2), undefined)).rejects.toMatchObject({ code: "BOOT_ENTRY_EXISTS" });
  });

  it("takes the counter off for good, and that twice", async () => {
    const loader = open();
    await loader.arm(content("aa.1", 1), 3);
    simulateBoot(boot);
    await loader.markGood(makeEntryName("aa.1"));
    await loader.markGood(makeEntryName("aa.1"));
    expect(files()).toEqual(["bootferry-aa.1.conf"]);
    expect(loader.list()[0]?.counter).toBeUndefined();
  });

  it("marks bad without forgetting the tries done", async () => {
    const loader = open();
    await loader.arm(content("aa.1", 1), 3);
    simulateBoot(boot);
    await loader.markBad(makeEntryName("aa.1"));
    expect(files()).toEqual(["bootferry-aa.1+0-1.conf"]);
  });

  it("fails to mark an entry that is not there, and removes it without a word", async () => {
    const loader = open();
    await expect(loader.markGood(makeEntryName("aa.1"))).rejects.toMatchObject({ code: "BOOT_ENTRY_MISSING" });
    await loader.remove(makeEntryName("aa.1"));
  });

  it("lists in boot order, and leaves the files of others alone", async () => {
    put("debian.conf", "title Debian\nversion 99\nlinux /k/vmlinuz\n");
    put("bootferry-aa.1.conf.unfinished", "title half");
    put("bootferry-bb.2.conf", "");
    const loader = open();
    await loader.arm(content("aa.9", 9), undefined);
    await loader.arm(content("bb.10", 10), 3);
    expect(loader.list().map((entry) => entry.serial)).toEqual([10, 9]);
    await loader.sweep();
    expect(files()).toEqual(["bootferry-aa.9.conf", "bootferry-bb.10+3.conf", "debian.conf"]);
  });

  it("takes two names that a power cut left for one entry: the good one, else the one tried more", async () => {
    const loader = open();
    await loader.arm(content("aa.1", 1), 3);
    const text = readFileSync(below(boot, "loader", "entries", "bootferry-aa.1+3.conf"), "utf8");
    put("bootferry-aa.1+2-1.conf", text);
    expect(loader.list().map((entry) => entry.counter)).toEqual([{ triesLeft: 2, triesDone: 1 }]);
    put("bootferry-aa.1.conf", text);
    expect(loader.list().map((entry) => entry.counter)).toEqual([undefined]);
    await loader.sweep();
    expect(files()).toEqual(["bootferry-aa.1.conf"]);
  });

  it.each([
    ["before us", ["bless", "confirm"]],
    ["after us", ["confirm", "bless"]],
    ["between a power cut and us", ["copy", "bless", "sweep", "confirm"]],
  ])("ends well when systemd-bless-boot confirms the entry %s", async (_when, steps) => {
    const loader = open();
    await loader.arm(content("aa.1", 1), 3);
    simulateBoot(boot);
    const entries = below(boot, "loader", "entries");
    const [counted, good] = [below(entries, "bootferry-aa.1+2-1.conf"), below(entries, "bootferry-aa.1.conf")];
    const step: Readonly<Record<string, () => unknown>> = {
      // It renames the file that was booted, and is content when that has happened already (bless-boot.c, verb_set).
      bless: () => existsSync(counted) && renameSync(counted, good),
      copy: () => copyFileSync(counted, good), // we were cut after the new name was published
      confirm: () => loader.markGood(makeEntryName("aa.1")),
      sweep: () => loader.sweep(),
    };
    for (const name of steps) await step[name]?.();
    expect(files()).toEqual(["bootferry-aa.1.conf"]);
    expect(simulateBoot(boot).fileName).toBe("bootferry-aa.1.conf");
  });

  it.each([
    ["a default in loader.conf", "default bootferry-*\n", undefined, /loader\.conf sets the default/],
    ["a default in the firmware", "timeout 3\n", "bootferry-aa.1.conf", /LoaderEntryDefault/],
    ["none", "timeout 3\n#default x\n", undefined, undefined],
  ])("probes for %s", async (_what, loaderConf, efiDefault, problem) => {
    const loader = open(efiDefault);
    await loader.arm(content("aa.1", 1), undefined);
    writeFileSync(below(boot, "loader", "loader.conf"), loaderConf);
    const probe = await loader.probe();
    if (problem === undefined) expect(probe.problem).toBeUndefined();
    else expect(probe.problem).toMatch(problem);
  });

  it("names an entry of another system that would be tried before ours", async () => {
    const loader = open();
    await loader.arm(content("aa.1", 1), 3);
    put("arch.conf", "sort-key arch\nlinux /k/vmlinuz\n");
    expect((await loader.probe()).problem).toMatch(/arch\.conf/);
  });
});
