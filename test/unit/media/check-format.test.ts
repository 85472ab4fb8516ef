import { describe, expect, it } from "vitest";
import { findDiskToFormat, verifyFits } from "../../../src/media/check-format.ts";
import { blankDisk, devicesOf, type MachineName } from "../../support/machines.ts";

describe("a disk to be formatted", () => {
  it.each<[MachineName, string]>([
    ["raspberry", "/dev/mmcblk1"],
    ["live-iso", "/dev/sdc"],
    ["sticks", "/dev/sdc"],
    ["sticks", "sdc"],
  ])("may be, on %s, %s", (machine, path) => {
    expect(findDiskToFormat(devicesOf(machine), path).kind).toBe("disk");
  });

  it.each<[string, MachineName, string, string]>([
    ["one that is not there", "sticks", "/dev/sdz", "MEDIA_NO_SUCH_DEVICE"],
    ["a disk of the system", "laptop-nvme-lvm-luks", "/dev/nvme0n1", "MEDIA_SYSTEM_DISK"],
    ["a partition of a system disk", "laptop-nvme-lvm-luks", "/dev/nvme0n1p2", "MEDIA_SYSTEM_DISK"],
    ["a volume on a system disk", "laptop-nvme-lvm-luks", "/dev/mapper/vg-root", "MEDIA_SYSTEM_DISK"],
    ["the stick that a live system runs from", "live-iso", "/dev/sdb", "MEDIA_SYSTEM_DISK"],
    ["a mounted stick", "laptop-nvme-lvm-luks", "/dev/sda", "MEDIA_MOUNTED"],
    ["a partition", "laptop-nvme-lvm-luks", "/dev/sda1", "MEDIA_NOT_A_DISK"],
    ["an encrypted stick that is open", "sticks", "/dev/sdd", "MEDIA_MOUNTED"],
    ["a stick that is write-protected", "sticks", "/dev/sde", "MEDIA_READ_ONLY"],
    ["a member of a pool", "sticks", "/dev/sdf", "MEDIA_SYSTEM_DISK"],
    ["a reader without a card", "live-iso", "/dev/sdd", "MEDIA_TOO_SMALL"],
    ["an optical disc", "live-iso", "/dev/sr0", "MEDIA_NOT_A_DISK"],
  ])("must not be %s", (_, machine, path, code) => {
    expect(() => findDiskToFormat(devicesOf(machine), path)).toThrow(expect.objectContaining({ code }));
  });

  it("must not be what is open though not mounted", () => {
    const stick = blankDisk({ children: [blankDisk({ kernelName: "dm-0", kind: "crypt" })] });
    expect(() => findDiskToFormat([stick], "/dev/sdx")).toThrow(expect.objectContaining({ code: "MEDIA_MOUNTED" }));
  });

  it("must not be larger than FAT can span, unless it gets another file system", () => {
    const large = blankDisk({ sizeBytes: 4_000_000_000_000 });
    expect(() => verifyFits(large, "vfat")).toThrow(expect.objectContaining({ code: "MEDIA_TOO_LARGE" }));
    expect(() => verifyFits(large, "exfat")).not.toThrow();
    expect(() => verifyFits(blankDisk(), "vfat")).not.toThrow();
  });
});
