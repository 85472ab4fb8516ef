/** The scripts that run where Node may not, on machines made of directories. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

const SCRIPTS = join(import.meta.dirname, "..", "..", "..", "units", "scripts");

interface Files {
  readonly [path: string]: string | { readonly link: string };
}

function machine(files: Files): string {
  const root = mkdtempSync(join(tmpdir(), "bootferry-units-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (typeof content === "string") writeFileSync(join(root, path), content);
    else symlinkSync(content.link, join(root, path));
  }
  return root;
}

function run(
  root: string,
  script: string,
  args: readonly string[] | string,
  its: Readonly<Record<string, string>> = {},
) {
  const env = { ...process.env, BOOTFERRY_TEST_ROOT: root, ...its };
  const words = typeof args === "string" ? [args] : args;
  const { status, stdout, stderr } = spawnSync("sh", [join(SCRIPTS, script), ...words], { encoding: "utf8", env });
  return { status, stdout: stdout.trim(), stderr: stderr.trim() };
}

describe("reboot-if-unassessed", () => {
  const NEW = "0123456789ab.2";
  const OLD = "ba9876543210.1";
  const entry = (id: string) =>
    `title x\nlinux /bootferry/${id}/vmlinuz\noptions root=UUID=1 bootferry.deployment=${id} quiet\n`;
  const kernel = (id: string) => ({ [`boot/bootferry/${id}/vmlinuz`]: "kernel" });
  const running = (id: string): Files => ({
    "proc/cmdline": `root=UUID=1 rw bootferry.deployment=${id} panic=10\n`,
    ...kernel(NEW),
    ...kernel(OLD),
  });
  const good = (id: string): Files => ({ [`boot/loader/entries/bootferry-${id}.conf`]: entry(id) });
  const counted = (id: string, counter: string): Files => ({
    [`boot/loader/entries/bootferry-${id}+${counter}.conf`]: entry(id),
  });
  const efi = (path: string): Files => ({
    "sys/firmware/efi/efivars/LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f": Buffer.from(
      `\u0006\u0000${path}`,
      "utf16le",
    ).toString("latin1"),
  });
  const deployed = (...ids: string[]): Files =>
    Object.fromEntries(ids.map((id) => [`sysroot/bootferry/deploy/${id}/origin.json`, "{}"]));

  it.each<[string, Files]>([
    ["is on trial", { ...running(NEW), ...counted(NEW, "2-1"), ...good(OLD) }],
    ["is on its last try", { ...running(NEW), ...counted(NEW, "0-3"), ...good(OLD) }],
    [
      "was never counted down by a loader that keeps its own counter",
      { ...running(NEW), ...counted(NEW, "3"), ...good(OLD) },
    ],
    [
      "cannot mount its boot partition, but was counted by systemd-boot and is not alone",
      {
        "proc/cmdline": `bootferry.deployment=${NEW}\n`,
        ...efi(`\\loader\\entries\\bootferry-${NEW}+1-2.conf`),
        ...deployed(OLD, NEW),
      },
    ],
    [
      "cannot mount its boot partition on its last try",
      {
        "proc/cmdline": `bootferry.deployment=${NEW}\n`,
        ...efi(`\\loader\\entries\\bootferry-${NEW}+0-3.conf`),
        ...deployed(OLD, NEW),
      },
    ],
  ])("reboots a system that %s", (_, files) => {
    const root = machine({ ...files, "var/lib/bootferry/journal.json": "{}" });
    expect(run(root, "reboot-if-unassessed", "it hung")).toMatchObject({ status: 0, stdout: "orderly reboot" });
    expect(readFileSync(join(root, "var/lib/bootferry/given-up-boots"), "utf8")).toBe(`${NEW} it hung\n`);
  });

  it("forces the reboot when asked to, and does without a place for its note", () => {
    const root = machine({ ...running(NEW), ...counted(NEW, "2-1"), ...good(OLD) });
    expect(run(root, "reboot-if-unassessed", ["--force", "emergency"])).toMatchObject({
      status: 0,
      stdout: "forced reboot",
    });
    expect(existsSync(join(root, "var"))).toBe(false);
  });

  it.each<[string, Files, RegExp]>([
    ["is confirmed", { ...running(OLD), ...good(OLD), ...counted(NEW, "3") }, /is confirmed/],
    [
      "was just confirmed, its counted entry not gone yet",
      { ...running(NEW), ...good(NEW), ...counted(NEW, "2-1"), ...good(OLD) },
      /is confirmed/,
    ],
    ["is on trial and alone", { ...running(NEW), ...counted(NEW, "2-1") }, /no other good one/],
    [
      "is on trial beside another that is, too",
      { ...running(NEW), ...counted(NEW, "2-1"), ...counted(OLD, "3") },
      /no other good one/,
    ],
    [
      "could only go back to an entry without a kernel",
      { "proc/cmdline": `bootferry.deployment=${NEW}\n`, ...kernel(NEW), ...counted(NEW, "2-1"), ...good(OLD) },
      /no other good one/,
    ],
    ["has lost its entry", { ...running(NEW), ...good(OLD) }, /as far as can be told/],
    ["was not booted by bootferry", { "proc/cmdline": "root=/dev/sda1\n", ...good(OLD) }, /not booted by/],
    [
      "cannot mount its boot partition, and nobody counted",
      { "proc/cmdline": `bootferry.deployment=${NEW}\n`, ...deployed(OLD, NEW) },
      /as far as can be told/,
    ],
    [
      "cannot mount its boot partition, and was started more often than any system is tried",
      {
        "proc/cmdline": `bootferry.deployment=${NEW}\n`,
        ...efi(`\\loader\\entries\\bootferry-${NEW}+0-10.conf`),
        ...deployed(OLD, NEW),
      },
      /as far as can be told/,
    ],
    [
      "cannot read its boot partition any more, and was confirmed earlier in this boot",
      {
        "proc/cmdline": `bootferry.deployment=${NEW}\n`,
        ...efi(`\\loader\\entries\\bootferry-${NEW}+1-2.conf`),
        ...deployed(OLD, NEW),
        "run/bootferry/confirmed": `${NEW}\n`,
      },
      /is confirmed/,
    ],
    [
      "cannot mount its boot partition and is the only deployment",
      {
        "proc/cmdline": `bootferry.deployment=${NEW}\n`,
        ...efi(`\\loader\\entries\\bootferry-${NEW}+2-1.conf`),
        ...deployed(NEW),
      },
      /no other good one/,
    ],
  ])("leaves a system alone that %s", (_, files, said) => {
    const root = machine({ ...files, "var/lib/bootferry/journal.json": "{}" });
    const { status, stdout, stderr } = run(root, "reboot-if-unassessed", "it hung");
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
    expect(stderr).toMatch(said);
    expect(stderr).toContain("it hung");
    expect(existsSync(join(root, "var/lib/bootferry/given-up-boots"))).toBe(false);
  });

  it("does not let its notes grow for ever", () => {
    const root = machine({
      ...running(NEW),
      ...counted(NEW, "2-1"),
      ...good(OLD),
      "var/lib/bootferry/given-up-boots": "x\n".repeat(5000),
    });
    run(root, "reboot-if-unassessed", "it hung");
    expect(readFileSync(join(root, "var/lib/bootferry/given-up-boots"), "utf8")).not.toContain("it hung");
  });
});

describe("foreign-medium", () => {
  /** A machine whose /sysroot is on mmcblk0, with a stick (sdb), a RAID, and an encrypted /var on nvme0n1. */
  const disks: Readonly<Record<string, readonly [disk: string, number: string]>> = {
    mmcblk0: ["mmcblk0", "179:0"],
    mmcblk0p1: ["mmcblk0", "179:1"],
    mmcblk0p2: ["mmcblk0", "179:2"],
    sdb: ["sdb", "8:16"],
    sdb1: ["sdb", "8:17"],
    sdb2: ["sdb", "8:18"],
    nvme0n1: ["nvme0n1", "259:0"],
    nvme0n1p3: ["nvme0n1", "259:3"],
    sdc: ["sdc", "8:32"],
    sdc1: ["sdc", "8:33"],
    "dm-0": ["dm-0", "253:0"],
  };
  const sysfs: Files = Object.fromEntries(
    Object.entries(disks).flatMap(([name, [disk, number]]) => {
      const path = `sys/devices/${disk}${name === disk ? "" : `/${name}`}`;
      return [
        name === disk ? [`${path}/size`, "1"] : [`${path}/partition`, "1"],
        [`sys/class/block/${name}`, { link: `../../../${path}` }],
        [`sys/dev/block/${number}`, { link: `../../../${path}` }],
      ];
    }),
  );
  const mount = (device: string, point: string) => `30 1 ${device} / ${point} rw - ext4 /dev/x rw\n`;
  const files = (mounts: string, swaps = ""): Files => ({
    ...sysfs,
    "sys/devices/dm-0/slaves/nvme0n1p3": { link: "../../nvme0n1/nvme0n1p3" },
    "proc/self/mountinfo": `29 1 0:25 / / ro - overlay composefs ro\n${mounts}`,
    "proc/swaps": `Filename Type Size Used Priority\n${swaps}`,
    "dev/sdc1": "",
  });
  const system = mount("179:2", "/sysroot") + mount("179:1", "/boot") + mount("253:0", "/var");

  it.each([
    ["a partition of a stick", "sdb1", system],
    ["a stick without partitions", "sdb", system],
    ["a stick whose other partition a person has mounted", "sdb1", system + mount("8:18", "/run/media/op/DATA")],
    ["a stick that another run has mounted", "sdb1", system + mount("8:17", "/run/bootferry/media/sdb1")],
  ])("accepts %s", (_, name, mounts) => {
    expect(run(machine(files(mounts)), "foreign-medium", name)).toMatchObject({ status: 0, stderr: "" });
  });

  it.each([
    ["another partition of the system's disk", "mmcblk0p1", system, /mmcblk0, which the running system uses/],
    ["the system's whole disk", "mmcblk0", system, /which the running system uses/],
    ["the disk below an encrypted file system", "nvme0n1", system, /nvme0n1, which the running system uses \(\/var\)/],
    ["a stick that the system runs from", "sdb2", mount("8:17", "/sysroot"), /sdb, which the running system uses/],
    ["what is not there", "sdz1", system, /there is no block device sdz1/],
  ])("refuses %s", (_, name, mounts, said) => {
    const { status, stderr } = run(machine(files(mounts)), "foreign-medium", name);
    expect(status).toBe(1);
    expect(stderr).toMatch(said);
  });

  it("refuses a disk that the system swaps to", () => {
    const root = machine({ ...files(system, "/dev/swap partition 1 0 -2\n"), "dev/swap": { link: "sdc1" } });
    const { status, stderr } = run(root, "foreign-medium", "sdc");
    expect(status).toBe(1);
    expect(stderr).toMatch(/swaps to/);
  });
});

describe("the trial of a bootc host", () => {
  const NEW = "3c6dad657109522e0b2e49bf44b5420f16f0b438b5b9357e5132211cfbad135d.0";
  const OLD = "26836632adf6228d64ef07a26fd3efaf177104efd1f341a2cf7909a3e4e2c72c.0";
  const TRIAL = "var/lib/bootferry/bootc-trial";
  const VERITY = "ab".repeat(64);
  /** As ostree boots: the word of the command line is a link to the deployment. */
  const ostree = (deployment: string): Files => ({
    "proc/cmdline": "root=UUID=1 ostree=/ostree/boot.1/default/5bcsum/0 rw\n",
    "sysroot/ostree/boot.1/default/5bcsum/0": { link: `../../../deploy/default/deploy/${deployment}` },
    [`sysroot/ostree/deploy/default/deploy/${deployment}/etc/os-release`]: "",
  });
  const composefs = (word: string): Files => ({ "proc/cmdline": `root=UUID=1 ${word} rw\n` });
  const trial = (deployment: string, left: string): Files => ({
    [TRIAL]: `deployment=${deployment}\nid=0123456789ab.7\nleft=${left}\n`,
  });
  /** A `bootc` that says what it was asked for, and ends so. */
  const withBootc = (root: string, status: number) => {
    writeFileSync(join(root, "bootc"), `#!/bin/sh\necho "bootc $*" >>"${root}/asked"\nexit ${status}\n`, {
      mode: 0o755,
    });
    return { PATH: `${root}:${process.env["PATH"]}` };
  };
  const notes = (root: string) => readFileSync(join(root, "var/lib/bootferry/given-up-boots"), "utf8");

  it.each<[string, Files]>([
    ["of ostree", { ...ostree(NEW), ...trial(NEW, "2") }],
    ["of composefs", { ...composefs(`composefs=${VERITY}`), ...trial(VERITY, "2") }],
    ["of composefs without verity", { ...composefs(`composefs=?${VERITY}`), ...trial(VERITY, "2") }],
    [
      "of composefs by its newer word",
      { ...composefs(`composefs.digest=v1-sha512-12:${VERITY}`), ...trial(VERITY, "2") },
    ],
  ])("counts a boot of a new system %s, and gives it up when it is not well", (_, files) => {
    const root = machine(files);
    expect(run(root, "bootc-trial", "count").status).toBe(0);
    expect(readFileSync(join(root, TRIAL), "utf8")).toMatch(/^deployment=\S+\nid=0123456789ab\.7\nleft=1\n$/);
    expect(run(root, "reboot-if-unassessed", "it hung")).toMatchObject({ status: 0, stdout: "orderly reboot" });
    expect(notes(root)).toBe("0123456789ab.7 it hung\n");
  });

  it.each<[string, Files]>([
    ["another system", { ...ostree(OLD), ...trial(NEW, "2") }],
    ["a system that is not on trial", ostree(NEW)],
    ["a machine of neither kind", { ...composefs("quiet"), ...trial(NEW, "2") }],
    ["a machine with an empty record", { ...composefs("quiet"), [TRIAL]: "" }],
  ])("leaves %s alone", (_, files) => {
    const root = machine(files);
    const before = files[TRIAL];
    expect(run(root, "bootc-trial", "count")).toMatchObject({ status: 0, stdout: "" });
    expect(run(root, "bootc-trial", "go-back")).toMatchObject({ status: 0, stdout: "" });
    expect(run(root, "reboot-if-unassessed", "it hung")).toMatchObject({ status: 0, stdout: "" });
    if (typeof before === "string") expect(readFileSync(join(root, TRIAL), "utf8")).toBe(before);
  });

  it.each(["0", "", "x", "-1", "10"])("goes back once when no boot is left (left=%s)", (left) => {
    const root = machine({ ...ostree(NEW), ...trial(NEW, left) });
    const env = withBootc(root, 0);
    expect(run(root, "bootc-trial", ["count"], env)).toMatchObject({ status: 0, stdout: "orderly reboot" });
    expect(readFileSync(join(root, "asked"), "utf8")).toBe("bootc rollback\n");
    expect(existsSync(join(root, TRIAL))).toBe(false);
    expect(notes(root)).toBe("0123456789ab.7 it was not found well in any of its boots\n");
  });

  it("stays where bootc cannot go back, and reboots no more", () => {
    const root = machine({ ...ostree(NEW), ...trial(NEW, "0") });
    const result = run(root, "bootc-trial", ["count"], withBootc(root, 1));
    expect(result).toMatchObject({ status: 1, stdout: "" });
    expect(result.stderr).toMatch(/cannot go back: it stays/);
    expect(run(root, "reboot-if-unassessed", "it hung")).toMatchObject({ status: 0, stdout: "" });
  });

  it("ends after three boots, whatever becomes of each", () => {
    const root = machine({ ...ostree(NEW), ...trial(NEW, "3") });
    const env = withBootc(root, 0);
    const boots = [1, 2, 3, 4].map(() => run(root, "bootc-trial", ["count"], env).stdout);
    expect(boots).toEqual(["", "", "", "orderly reboot"]);
  });
});
