import { describe, expect, it } from "vitest";
import { evaluateSystemDisk, mayBeUnplugged } from "../../../src/media/system-disk.ts";
import { parseAbsPath } from "../../../src/path.ts";
import { blankDisk, devicesOf, type MachineName } from "../../support/machines.ts";

function verdictOf(machine: MachineName, kernelName: string) {
  const all = devicesOf(machine);
  const disk = all.find((device) => device.kernelName === kernelName);
  if (disk === undefined) throw new Error(`no ${kernelName} in ${machine}`);
  return evaluateSystemDisk(disk, all);
}

describe("a system disk", () => {
  it.each<[MachineName, string, string]>([
    ["laptop-nvme-lvm-luks", "nvme0n1", "/dev/nvme0n1p1 is mounted at /boot/efi"],
    ["laptop-nvme-lvm-luks", "nvme0n1", "/dev/mapper/vg-swap is used as swap"],
    ["laptop-nvme-lvm-luks", "nvme0n1", "/dev/mapper/vg-root is in use on it (lvm)"],
    ["laptop-nvme-lvm-luks", "nvme0n1", "/dev/mapper/nvme0n1p2_crypt is in use on it (crypt)"],
    ["raspberry", "mmcblk0", "/dev/mmcblk0p2 is mounted at /"],
    ["raspberry", "mmcblk2", "/dev/mmcblk2p1 is a Linux root partition of a built-in disk"],
    ["raspberry", "mmcblk2boot0", "it is a boot area of built-in flash"],
    ["live-iso", "loop0", "/dev/loop0 is mounted at /run/live/rootfs/filesystem.squashfs"],
    ["live-iso", "sdb", "/dev/sdb is mounted at /run/live/medium"],
    ["sticks", "sda", "/dev/sda1 is mounted at /home"],
    ["sticks", "sdb", "/dev/sdb is part of the file system at /home"],
    ["sticks", "sdf", "/dev/sdf may be in use: it holds zfs_member"],
    ["sticks", "sdg", "/dev/md0 is in use on it (raid1)"],
    ["sticks", "nvme0n1", "/dev/nvme0n1p1 is a Windows reserved partition of a built-in disk"],
    ["sticks", "zram0", "it is no drive that can be taken away"],
    ["old-lsblk", "sda", "/dev/sda1 is mounted at /"],
  ])("on %s: %s, because %s", (machine, disk, reason) => {
    expect(verdictOf(machine, disk)).toEqual({ isSystemDisk: true, reasons: expect.arrayContaining([reason]) });
  });

  it.each<[MachineName, string, string]>([
    ["laptop-nvme-lvm-luks", "sda", "a stick that the desktop has mounted"],
    ["raspberry", "mmcblk1", "a second card"],
    ["live-iso", "sdc", "a stick with an installer, EFI system partition and all"],
    ["live-iso", "sda", "a built-in disk of data that is not mounted"],
    ["sticks", "sdc", "a stick without a partition table"],
    ["sticks", "sdd", "an encrypted stick that the desktop has opened"],
  ])("is not, on %s: %s, %s", (machine, disk) => {
    expect(verdictOf(machine, disk)).toEqual({ isSystemDisk: false, reasons: [] });
  });

  it.each(["/", "/boot", "/sysroot", "/usr", "/var/lib/x", "/home", "/tmp", "/media", "/run/media", "/mntx", "/cdrom"])(
    "is one that is mounted at %s",
    (place) => {
      expect(evaluateSystemDisk(blankDisk({ mountPoints: [place] }), []).isSystemDisk).toBe(true);
    },
  );

  it.each(["/media/usb", "/run/media/ana/X", "/mnt", "/mnt/stick", "/tmp/try", "/run/bootferry/write/sdx"])(
    "is not one that is mounted at %s",
    (place) => {
      expect(evaluateSystemDisk(blankDisk({ mountPoints: [place] }), []).isSystemDisk).toBe(false);
    },
  );

  it("is one of a kind that is not known", () => {
    expect(evaluateSystemDisk(blankDisk({ kind: "unknown" }), []).isSystemDisk).toBe(true);
  });

  it("is an encrypted disk that is open and cannot be unplugged", () => {
    const crypt = blankDisk({ path: parseAbsPath("/dev/mapper/x"), kernelName: "dm-9", kind: "crypt" });
    const builtIn = { isRemovable: false, isHotplug: false, bus: "sata", children: [crypt] };
    expect(evaluateSystemDisk(blankDisk(builtIn), []).isSystemDisk).toBe(true);
    expect(evaluateSystemDisk(blankDisk({ children: [crypt] }), []).isSystemDisk).toBe(false);
  });
});

describe("a disk that may be unplugged", () => {
  it.each([
    [{ isRemovable: true, isHotplug: false, bus: "sata" }, true],
    [{ isRemovable: false, isHotplug: true, bus: "mmc" }, true],
    [{ isRemovable: false, isHotplug: false, bus: "usb" }, true],
    [{ isRemovable: false, isHotplug: false, bus: "nvme" }, false],
  ])("%j: %s", (facts, expected) => {
    expect(mayBeUnplugged(blankDisk(facts))).toBe(expected);
  });
});
