import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { planDiskLayout } from "../../../../src/deploy/install/disk-layout.ts";
import { type DiskPorts, prepareDisk } from "../../../../src/deploy/install/prepare-disk.ts";
import { HostError } from "../../../../src/host/error.ts";
import type { Exec } from "../../../../src/host/exec.ts";
import { parseAbsPath } from "../../../../src/path.ts";

const MIB = 2 ** 20;
const DISK = parseAbsPath("/dev/sdx");
const layout = (loader: "systemd-boot" | "grub") =>
  planDiskLayout({ loader, architecture: "amd64", diskBytes: 4096 * MIB, neededBytes: 100 * MIB });

interface Machine {
  readonly disk?: string;
  /** Whether the kernel shows the partitions of a table that it was told of. */
  readonly showsPartitions?: boolean;
  readonly failAt?: string;
}

/** A machine that only remembers what was run on it. */
function machine({ disk = DISK, showsPartitions = true, failAt }: Machine = {}) {
  const runs: string[] = [];
  let partitions: { node: string; start: number; size: number }[] = [];
  let loops = 0;
  const scratch = parseAbsPath(mkdtempSync(`${tmpdir()}/prepare-disk-`));
  const exec: Exec = async (argv, { stdin }) => {
    const line = argv.join(" ").replaceAll(scratch, "SCRATCH");
    runs.push(line);
    if (failAt !== undefined && line.startsWith(failAt)) throw new HostError("HOST_TOOL_FAILED", line);
    if (argv[0] === "sfdisk" && stdin !== undefined) {
      const lines = String(stdin).trim().split("\n").slice(1);
      partitions = lines.map((_, index) => ({ node: `${disk}${index + 1}`, start: (index + 1) * 2048, size: 2048 }));
    }
    const stdout = argv.includes("--json")
      ? JSON.stringify({ partitiontable: { sectorsize: 512, partitions } })
      : argv[0] === "losetup" && argv.includes("--show")
        ? `/dev/loop${++loops}\n`
        : "";
    return { exitCode: 0, stdout: Buffer.from(stdout), stderrTail: "" };
  };
  let uuids = 0;
  const ports: DiskPorts = {
    exec,
    wait: async () => undefined,
    readKnownPartition: (node) => {
      const known = showsPartitions ? partitions.find((partition) => partition.node === node) : undefined;
      return known && { startBytes: known.start * 512, sizeBytes: known.size * 512 };
    },
    makeScratch: () => scratch,
    randomUuid: () => `0000000${++uuids}-0000-4000-8000-000000000000`,
    onStep: () => undefined,
  };
  return { ports, runs, scratch };
}

describe("preparing a disk", () => {
  it("partitions, makes and mounts, and takes all of it down in reverse order", async () => {
    const { ports, runs, scratch } = machine();
    const prepared = await prepareDisk(ports, DISK, layout("systemd-boot"));
    expect(prepared.target).toMatchObject({
      rootMountSpec: "UUID=00000002-0000-4000-8000-000000000000",
      boot: { type: "vfat", what: "/dev/disk/by-uuid/0000-0001" },
      disk: DISK,
      paths: { sysroot: `${scratch}/root`, boot: `${scratch}/boot`, isSimulated: false },
    });
    const made = runs.splice(0);
    expect(made).toEqual([
      "sfdisk --quiet --wipe always --wipe-partitions always /dev/sdx",
      "sfdisk --json /dev/sdx",
      "udevadm settle --timeout=30",
      "mkfs.vfat -F 32 -n ESP -i 00000001 /dev/sdx1",
      "mount -t vfat -o rw,nosuid,nodev,noexec,umask=0077 /dev/sdx1 SCRATCH/boot",
      "mkfs.ext4 -F -q -b 4096 -O verity -L root -U 00000002-0000-4000-8000-000000000000 /dev/sdx2",
      "mount -t ext4 -o rw,nosuid,nodev /dev/sdx2 SCRATCH/root",
    ]);
    await prepared[Symbol.asyncDispose]();
    expect(runs).toEqual([
      "sync -f SCRATCH/root",
      "umount SCRATCH/root",
      "sync -f SCRATCH/boot",
      "umount SCRATCH/boot",
    ]);
    expect(existsSync(scratch)).toBe(false);
  });

  it("gives GRUB a place for its core, and a boot partition that it can read", async () => {
    const { ports, runs } = machine();
    await using prepared = await prepareDisk(ports, DISK, layout("grub"));
    expect(prepared.target.boot).toMatchObject({ type: "ext4", what: expect.stringMatching(/by-uuid\/00000001-/) });
    expect(runs.filter((run) => run.startsWith("mkfs"))).toEqual([
      "mkfs.ext4 -F -q -O ^metadata_csum_seed -L boot -U 00000001-0000-4000-8000-000000000000 /dev/sdx2",
      "mkfs.ext4 -F -q -b 4096 -O verity -L root -U 00000002-0000-4000-8000-000000000000 /dev/sdx3",
    ]);
  });

  it("finds file systems by the labels that an image asks for", async () => {
    const { ports } = machine();
    await using prepared = await prepareDisk(ports, DISK, layout("grub"), { rootLabel: "kiosk", bootLabel: "KBOOT" });
    expect(prepared.target).toMatchObject({ rootMountSpec: "LABEL=kiosk", boot: { what: "/dev/disk/by-label/KBOOT" } });
  });

  it.each<[string, Machine, boolean]>([
    ["of a kernel that keeps the old table", { showsPartitions: false }, true],
    ["of a disk image", { disk: "/dev/loop0" }, false],
  ])("reaches partitions through loop devices on a disk %s", async (_what, options, asksTheKernel) => {
    const { ports, runs } = machine(options);
    const disk = parseAbsPath(options.disk ?? DISK);
    const prepared = await prepareDisk(ports, disk, layout("systemd-boot"));
    await prepared[Symbol.asyncDispose]();
    expect(runs.some((run) => run.startsWith("partx --update"))).toBe(asksTheKernel);
    expect(runs.filter((run) => run.startsWith("losetup"))).toEqual([
      `losetup --find --show --offset 1048576 --sizelimit 1048576 ${disk}`,
      `losetup --find --show --offset 2097152 --sizelimit 1048576 ${disk}`,
      "losetup --detach /dev/loop2",
      "losetup --detach /dev/loop1",
    ]);
  });

  it.each([
    ["mkfs.ext4", ["sync -f SCRATCH/boot", "umount SCRATCH/boot"]],
    ["mkfs.vfat", []],
    ["mount -t ext4", ["sync -f SCRATCH/boot", "umount SCRATCH/boot"]],
  ])("leaves nothing mounted when %s fails", async (failAt, expected) => {
    const { ports, runs, scratch } = machine({ failAt });
    await expect(prepareDisk(ports, DISK, layout("systemd-boot"))).rejects.toMatchObject({ code: "HOST_TOOL_FAILED" });
    const failed = runs.findIndex((run) => run.startsWith(failAt));
    expect(runs.slice(failed + 1)).toEqual(expected);
    expect(existsSync(scratch)).toBe(false);
  });

  it("lets go of a file system that someone looks into", async () => {
    const { ports, runs } = machine({ failAt: "umount SCRATCH/root" });
    const prepared = await prepareDisk(ports, DISK, layout("systemd-boot"));
    await prepared[Symbol.asyncDispose]();
    expect(runs).toContain("umount --lazy SCRATCH/root");
  });

  it("touches nothing when it was interrupted before", async () => {
    const { ports, runs } = machine();
    const signal = AbortSignal.abort();
    await expect(prepareDisk({ ...ports, signal }, DISK, layout("systemd-boot"))).rejects.toThrow();
    expect(runs).toEqual([]);
  });
});
