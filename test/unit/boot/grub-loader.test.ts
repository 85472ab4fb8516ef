/** What is GRUB's own: its environment, greenboot, what may be wrong, and its installation. */
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatGrubEnvironment, parseGrubEnvironment } from "../../../src/boot/grub-environment.ts";
import { installGrub } from "../../../src/boot/install-grub.ts";
import { makeEntryName } from "../../../src/boot/our-entry.ts";
import { HostError } from "../../../src/host/error.ts";
import { parseAbsPath } from "../../../src/path.ts";
import { bootGrub } from "../../support/grub-script.ts";
import { BENCH_LOADERS, Bench, entryContent } from "../../support/loader-bench.ts";

const grub = BENCH_LOADERS.find(({ name }) => name === "GRUB");
if (grub === undefined) throw new Error("no GRUB on the bench");

const openArmed = async (tries = 3): Promise<Bench> => {
  const bench = await Bench.open(grub);
  await bench.loader.arm(entryContent("a", 1), undefined);
  await bench.loader.arm(entryContent("b", 2), tries);
  return bench;
};
const environmentFile = (bench: Bench) => join(bench.boot, "grub", "grubenv");
const readEnvironment = (bench: Bench) =>
  Object.fromEntries(parseGrubEnvironment(readFileSync(environmentFile(bench))));
const changeEnvironment = (bench: Bench, changes: Readonly<Record<string, string | undefined>>) => {
  const changed = Object.entries({ ...readEnvironment(bench), ...changes });
  const kept = changed.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  writeFileSync(environmentFile(bench), formatGrubEnvironment(new Map(kept)));
};

describe("GRUB's environment", () => {
  it("says which entry is counted, in the words of greenboot, beside what others keep there", async () => {
    using bench = await openArmed();
    changeEnvironment(bench, { theirs: "x" });
    expect(readdirSync(join(bench.boot, "loader", "entries"))).toEqual(["bootferry-a.conf", "bootferry-b.conf"]);
    const counting = { boot_success: "0", bootferry_entry: "bootferry-b", theirs: "x" };
    expect(readEnvironment(bench)).toEqual({ boot_counter: "3", ...counting });
    bench.start();
    expect(readEnvironment(bench)).toEqual({ boot_counter: "2", ...counting });
    await bench.loader.markGood(makeEntryName("b"));
    expect(readEnvironment(bench)).toEqual({ ...counting, boot_success: "1" });
  });

  it.each([
    ["declares the boot a success", { boot_success: "1" }],
    ["takes the counter away after that", { boot_success: "1", boot_counter: undefined }],
  ])("ends the trial when greenboot %s", async (_what, changes) => {
    using bench = await openArmed(1);
    bench.start();
    changeEnvironment(bench, changes);
    expect(bench.listed()).toEqual(["b", "a"]);
    expect(bench.starts(3)).toEqual(["b", "b", "b"]);
    await bench.loader.markGood(makeEntryName("b"));
    await bench.loader.sweep();
    rmSync(environmentFile(bench));
    expect(bench.start(), "it needs grubenv no more").toBe("b");
  });

  it.each(["-1", "10", "x", "03"])("takes a count of %j for used up", async (count) => {
    using bench = await openArmed();
    changeEnvironment(bench, { boot_counter: count });
    expect(bench.start()).toBe("a");
    expect(bench.listed()).toEqual(["a", "b+0-3"]);
  });

  it.each([
    ["is missing", (file: string) => rmSync(file)],
    ["is cut short", (file: string) => writeFileSync(file, "# GRUB Environment Block\n")],
    [
      "is about another entry",
      (file: string) => writeFileSync(file, formatGrubEnvironment(new Map([["bootferry_entry", "x"]]))),
    ],
  ])("boots the good entry, and says so, when it %s; arming makes it anew", async (_what, spoil) => {
    using bench = await openArmed();
    spoil(environmentFile(bench));
    expect(bench.start()).toBe("a");
    expect(bench.listed()).toEqual(["a", "b+0-3"]);
    await bench.loader.arm(entryContent("c", 3), 1);
    expect(bench.starts(2)).toEqual(["c", "a"]);
  });

  it("never starts a new entry when the count cannot be saved", async () => {
    using bench = await openArmed();
    expect(bootGrub(bench.boot, { isWritable: false }).id).toBe("bootferry-a");
  });
});

describe("the kernel that GRUB starts", () => {
  it("gets the arguments as they are, those with blanks in quotes", async () => {
    using bench = await openArmed();
    await bench.loader.arm(entryContent("c", 3, ['dyndbg="file x.c +p"', "v=$prefix;x"]), undefined);
    expect(bootGrub(bench.boot, { hasSerial: true })).toEqual({
      id: "bootferry-c",
      commandLine: 'bootferry.deployment=c "dyndbg=file x.c +p" v=$prefix;x',
      initrd: "/k/initramfs.img",
    });
  });

  it("is not armed with an argument that GRUB would change; nothing is written then", async () => {
    using bench = await openArmed();
    const before = bench.tools.barriers;
    const arming = bench.loader.arm(entryContent("c", 3, ["x=it's"]), 3);
    await expect(arming).rejects.toMatchObject({ code: "BOOT_ARGUMENT_UNFIT" });
    expect(bench.tools.barriers).toBe(before);
  });

  it("may have a title with quotes", async () => {
    using bench = await openArmed();
    await bench.loader.arm({ ...entryContent("c", 3), title: "-Anna's $kiosk" }, undefined);
    expect(bench.start()).toBe("c");
  });
});

describe("a lost bootferry.cfg", () => {
  it("is made again from the entries, and what was on trial stays on trial", async () => {
    using bench = await openArmed();
    bench.start();
    writeFileSync(join(bench.boot, "grub", "bootferry.cfg"), "");
    expect(bench.listed()).toEqual(["b+2-0", "a"]);
    await bench.loader.sweep();
    expect(bench.starts(3)).toEqual(["b", "b", "a"]);
  });
});

describe("probing GRUB", () => {
  const inGrub = (bench: Bench, file: string) => join(bench.boot, "grub", file);
  const sourced = "source $prefix/bootferry.cfg\n";
  it.each<[string, (bench: Bench) => void, RegExp]>([
    ["a grub.cfg that does not know us", (b) => writeFileSync(inGrub(b, "grub.cfg"), "set x=1\n"), /does not source/],
    ["no grub.cfg", (b) => rmSync(inGrub(b, "grub.cfg")), /does not source/],
    [
      "a choice after ours",
      (b) => writeFileSync(inGrub(b, "grub.cfg"), `${sourced}set default="\${saved_entry}"\n`),
      /saved_entry.*after/,
    ],
    [
      "entries before ours",
      (b) => writeFileSync(inGrub(b, "grub.cfg"), `menuentry 'x' {\n}\n${sourced}`),
      /menu entries before/,
    ],
    ["no grubenv", (b) => rmSync(inGrub(b, "grubenv")), /grubenv is missing/],
    ["a short grubenv", (b) => writeFileSync(inGrub(b, "grubenv"), "# GRUB"), /expected 1024 bytes, got 6/],
    [
      "a grubenv elsewhere",
      (b) => {
        writeFileSync(inGrub(b, "elsewhere"), formatGrubEnvironment(new Map()));
        rmSync(inGrub(b, "grubenv"));
        symlinkSync("elsewhere", inGrub(b, "grubenv"));
      },
      /no regular file/,
    ],
  ])("finds %s", async (_what, spoil, problem) => {
    using bench = await openArmed();
    spoil(bench);
    expect(await bench.loader.probe()).toEqual({ kind: "grub", problem: expect.stringMatching(problem) });
  });

  it("finds nothing wrong with a choice before ours, and a menu after", async () => {
    using bench = await openArmed();
    writeFileSync(inGrub(bench, "grub.cfg"), `set default=0\n${sourced}set timeout=5\nmenuentry 'x' {\n}\n`);
    expect(await bench.loader.probe()).toEqual({ kind: "grub", problem: undefined });
  });
});

describe("installing GRUB", () => {
  const disk = parseAbsPath("/dev/loop7");
  const withGrubInstall = (bench: Bench, run: (argv: readonly string[]) => void) => ({
    boot: bench.boot,
    disk,
    exec: async (argv: readonly [string, ...string[]], options: { readonly timeoutMs: number }) => {
      if (argv[0] !== "grub-install") return bench.tools.exec(argv, options);
      run(argv);
      return { exitCode: 0, stdout: Buffer.alloc(0), stderrTail: "" };
    },
  });

  it("runs grub-install, and makes a boot partition that is known for GRUB's and boots what is armed", async () => {
    using bench = await Bench.open({ ...grub, prepare: async () => undefined });
    const seen: (readonly string[])[] = [];
    const installation = withGrubInstall(bench, (argv) => seen.push(argv));
    expect((await bench.openDevice().probe()).kind).not.toBe("grub");
    await installGrub(installation);
    expect(seen).toEqual([
      [
        "grub-install",
        "--target=i386-pc",
        "--modules=biosdisk part_gpt part_msdos ext2 search_fs_uuid",
        `--boot-directory=${bench.boot}`,
        disk,
      ],
    ]);
    const loader = bench.openDevice();
    expect(await loader.probe()).toEqual({ kind: "grub", problem: undefined });
    await loader.arm(entryContent("a", 1), undefined);
    await installGrub(installation);
    expect(bootGrub(bench.boot, { hasSerial: true }).id).toBe("bootferry-a");
    expect(bootGrub(bench.boot).id).toBe("bootferry-a");
    expect((await bench.openDevice(true).probe()).kind).toBe("simulated");
  });

  it("keeps a grub.cfg that is there", async () => {
    using bench = await Bench.open({ ...grub, prepare: async () => undefined });
    mkdirSync(join(bench.boot, "grub"));
    writeFileSync(join(bench.boot, "grub", "grub.cfg"), "mine\n");
    await installGrub(withGrubInstall(bench, () => undefined));
    expect(readFileSync(join(bench.boot, "grub", "grub.cfg"), "utf8")).toBe("mine\n");
  });

  it("says which package is missing when grub-install fails", async () => {
    using bench = await Bench.open({ ...grub, prepare: async () => undefined });
    const installation = withGrubInstall(bench, () => {
      throw new HostError("HOST_TOOL_MISSING", "grub-install is not installed");
    });
    await expect(installGrub(installation)).rejects.toMatchObject({
      code: "BOOT_LOADER_NOT_INSTALLED",
      remedy: expect.stringContaining("grub-pc-bin"),
    });
  });
});
