import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  type MachinePorts,
  probeDistribution,
  probeKernel,
  probeMedia,
  probeUser,
} from "../../../../src/cli/doctor/probe-machine.ts";
import { probeUdevRule, probeUnits } from "../../../../src/cli/doctor/probe-units.ts";
import { mediaHost } from "../../../../src/cli/media-host.ts";
import { compareBytes, type DeviceFiles } from "../../../../src/config/device-files.ts";
import { ConfigError } from "../../../../src/config/error.ts";
import { HostError } from "../../../../src/host/error.ts";
import { runInProcess } from "../../../support/cli-in-process.ts";
import { bootable, installAndBoot, openTestDevice } from "../../../support/device-fixtures.ts";
import { blankDisk } from "../../../support/machines.ts";

/** A machine whose files are the entries of a record; null stands for a link to /dev/null. */
function filesOf(files: Readonly<Record<string, string | null>>): DeviceFiles {
  return {
    async readFile(path) {
      const text = files[path];
      if (text === null) throw new ConfigError("CONFIG_UNREADABLE", `${path} is not a regular file`);
      return text === undefined ? undefined : Buffer.from(text);
    },
    async listDirectory(path) {
      const below = Object.keys(files).filter((file) => file.startsWith(`${path}/`));
      return [...new Set(below.map((file) => file.slice(path.length + 1).split("/")[0] ?? ""))].sort(compareBytes);
    },
  };
}

function machineWith(files: Record<string, string | null>, ports: Partial<MachinePorts> = {}): MachinePorts {
  return {
    files: filesOf(files),
    hasTool: () => true,
    kernelRelease: "6.12.0",
    user: { id: 1000, name: "kim", groupIds: [] },
    canWrite: () => "yes",
    listBlockDevices: async () => [],
    ...ports,
  };
}

/** Every path below a directory with its size and the time of its last change. */
function listing(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => [name, statSync(join(directory, name))] as const)
    .map(([name, { size, mtimeMs }]) => `${name} ${size} ${mtimeMs}`)
    .sort();
}

describe("the distribution", () => {
  it.each([
    ["ID=debian\n", "debian"],
    ["ID=ubuntu\nID_LIKE=debian\n", "debian"],
    ["ID=fedora\n", "fedora"],
    ['ID="centos"\nID_LIKE="rhel fedora"\n', "fedora"],
    ["ID=arch\n", "other"],
    ["", "other"],
  ])("of %j is %s", async (text, distribution) => {
    expect(await probeDistribution(machineWith({ "/etc/os-release": text }))).toBe(distribution);
  });
});

describe("the kernel", () => {
  const MODULES = "/lib/modules/6.12.0";

  it("is told by what is registered, loaded, built in and to be loaded", async () => {
    const machine = machineWith({
      "/proc/filesystems": "nodev\tsysfs\n\text4\nnodev\toverlay\n",
      "/sys/module/loop/parameters/max_loop": "8",
      "/sys/fs/ext4/features/verity": "supported",
      [`${MODULES}/modules.builtin`]: "kernel/fs/fat/vfat.ko\n",
      [`${MODULES}/modules.dep`]:
        "kernel/drivers/md/dm-crypt.ko.xz: kernel/drivers/md/dm-mod.ko.xz\nkernel/fs/erofs/erofs.ko:\n",
    });
    const kernel = await probeKernel(machine);
    expect(kernel.sealsExt4).toBe(true);
    expect(kernel.features).toEqual({
      erofs: "module",
      overlay: "loaded",
      loop: "loaded",
      vfat: "built in",
      exfat: "absent",
      dm_crypt: "module",
    });
  });

  it("is not known where its modules are not to be seen", async () => {
    const kernel = await probeKernel(machineWith({ "/proc/filesystems": "\tvfat\n" }));
    expect(kernel).toMatchObject({ features: { vfat: "loaded", erofs: "unknown" }, sealsExt4: undefined });
  });
});

describe("the user", () => {
  it("has the names of its groups, and numbers where there is no name", async () => {
    const machine = machineWith(
      { "/etc/group": "root:x:0:\nbootferry:x:998:kim\n" },
      { user: { id: 1000, name: "kim", groupIds: [998, 4711] } },
    );
    expect(await probeUser(machine)).toEqual({ isRoot: false, name: "kim", groups: ["4711", "bootferry"] });
  });
});

describe("media", () => {
  it("are the disks that can be unplugged and are no part of the system", async () => {
    const stick = blankDisk({ filesystem: "vfat", label: "BOOTFERRY", isRemovable: true });
    const system = blankDisk({ path: "/dev/sdz" as typeof stick.path, isRemovable: true, mountPoints: ["/"] });
    const media = await probeMedia(machineWith({}, { listBlockDevices: async () => [stick, system] }));
    expect(media).toEqual([
      { path: stick.path, filesystem: "vfat", label: "BOOTFERRY", disk: expect.stringContaining("serial") },
    ]);
  });

  it("are none where disks cannot be listed", async () => {
    const fails = () => Promise.reject(new HostError("HOST_TOOL_FAILED", "df could not list the mounted volumes"));
    expect(await probeMedia(machineWith({}, { listBlockDevices: fails }))).toEqual([]);
  });
});

describe("units", () => {
  const UNITS = "/usr/lib/systemd/system";
  const INSTALL = "[Install]\nWantedBy=multi-user.target\n";

  it("are enabled by links, and masked by a link to nothing", async () => {
    const files = filesOf({
      [`${UNITS}/bootferry-agent.service`]: INSTALL,
      [`${UNITS}/bootferry-health.service`]: INSTALL,
      [`${UNITS}/bootferry-media@.service`]: "[Unit]\n",
      [`${UNITS}/bootferry-watch.service`]: INSTALL,
      [`${UNITS}/ssh.service`]: INSTALL,
      "/etc/systemd/system/bootferry-watch.service": null,
      "/etc/systemd/system/multi-user.target.wants/bootferry-agent.service": INSTALL,
    });
    expect(await probeUnits(files)).toEqual([
      { name: "bootferry-agent.service", isForEnabling: true, isEnabled: true, isMasked: false },
      { name: "bootferry-health.service", isForEnabling: true, isEnabled: false, isMasked: false },
      { name: "bootferry-media@.service", isForEnabling: false, isEnabled: false, isMasked: false },
      { name: "bootferry-watch.service", isForEnabling: false, isEnabled: false, isMasked: true },
    ]);
  });

  it.each<[string, Record<string, string | null>, boolean]>([
    ["there", { "/usr/lib/udev/rules.d/70-bootferry.rules": "SUBSYSTEM" }, true],
    ["not there", { "/usr/lib/udev/rules.d/60-other.rules": "SUBSYSTEM" }, false],
    [
      "switched off in /etc",
      { "/usr/lib/udev/rules.d/70-bootferry.rules": "S", "/etc/udev/rules.d/70-bootferry.rules": null },
      false,
    ],
  ])("a udev rule that is %s", async (_, files, expected) => {
    expect(await probeUdevRule(filesOf(files))).toBe(expected);
  });
});

describe("bootferry doctor", () => {
  it("looks at this machine, says the same as JSON and as a table, and ends with 0 only when nothing is missing", async () => {
    const json = await runInProcess("/", ["doctor", "--workstation", "--json"]);
    const { ready, roles, findings, summary } = JSON.parse(json.stdout);
    expect(roles).toEqual(["workstation"]);
    expect(json.exitStatus).toBe(ready ? 0 : 1);
    expect(findings.length).toBe(Object.values<number>(summary).reduce((sum, count) => sum + count, 0));
    const table = await runInProcess("/", ["doctor", "--workstation", "--all"]);
    for (const { name } of findings) expect(table.stdout).toContain(name);
    expect(table.stdout).toMatch(/^(not )?ready to be a workstation: \d+ found/m);
  });

  it("ends with 1 on a workstation without lsblk, and says how to get it", async () => {
    const media = { ...mediaHost({}), hasTool: (name: string) => name !== "lsblk" };
    const run = await runInProcess("/", ["doctor", "--workstation"], {}, { media });
    expect(run.exitStatus).toBe(1);
    expect(run.stdout).toMatch(/missing +lsblk/);
    expect(run.stdout).toContain("not ready to be a workstation");
  });

  it("looks at a simulated device and changes nothing of it, not even what an interrupted run has left", async () => {
    const agentToml = '[device]\ncompatible = "acme"\n[follow]\nname = "kiosk-os"\n';
    using kiosk = await openTestDevice();
    await installAndBoot(kiosk, bootable("1.0", { "usr/lib/bootferry/agent.toml": agentToml }));
    const { sysroot } = kiosk.paths;
    mkdirSync(join(sysroot, "bootferry/staging"), { recursive: true });
    writeFileSync(join(sysroot, "bootferry/staging/left"), "half a layer");
    const before = listing(sysroot);
    const run = await runInProcess("/", ["doctor", "--sysroot", sysroot, "--json"], { PATH: process.env["PATH"] });
    expect(listing(sysroot)).toEqual(before);
    expect(run.exitStatus).toBe(1);
    const { roles, findings } = JSON.parse(run.stdout);
    const verdicts = Object.fromEntries(
      findings.map(({ name, verdict }: { name: string; verdict: string }) => [name, verdict]),
    );
    expect(roles).toEqual(["device"]);
    expect(verdicts).toMatchObject({
      "device.compatible": "found",
      "install.tries": "not needed",
      "boot counting": "found",
      "trust root": "missing",
      lsblk: "not needed",
    });
  });

  it("does not take a directory that holds no device for one", async () => {
    const run = await runInProcess("/", ["doctor", "--sysroot", "/nowhere/at/all"]);
    expect(run).toMatchObject({ exitStatus: 1, stderr: expect.stringContaining("HOST_NOT_FOUND") });
  });
});
