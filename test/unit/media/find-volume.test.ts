import { describe, expect, it } from "vitest";
import { findVolume } from "../../../src/media/find-volume.ts";
import { blankDisk, devicesOf } from "../../support/machines.ts";

const disk = (machine: Parameters<typeof devicesOf>[0], name: string) =>
  devicesOf(machine).find(({ kernelName }) => kernelName === name) ?? blankDisk();

describe("the volume of a medium", () => {
  it.each([
    ["the partition with the label", disk("laptop-nvme-lvm-luks", "sda"), "/dev/sda1"],
    ["the disk itself when it has no partitions", disk("sticks", "sdc"), "/dev/sdc"],
    ["the container and not what is inside", disk("sticks", "sdd"), "/dev/sdd1"],
  ])("is %s", (_, device, expected) => {
    expect(findVolume(device, "BOOTFERRY").path).toBe(expected);
  });

  it.each([
    ["a blank disk", blankDisk(), "got nothing that is known"],
    ["another label", blankDisk({ filesystem: "vfat", label: "KINGSTON" }), 'got vfat "KINGSTON"'],
    ["no label", blankDisk({ filesystem: "exfat" }), "got exfat without a label"],
    ["another case", blankDisk({ filesystem: "exfat", label: "bootferry" }), 'got exfat "bootferry"'],
    ["a file system that devices do not read", blankDisk({ filesystem: "ntfs", label: "BOOTFERRY" }), "got ntfs"],
  ])("is not on %s", (_, device, message) => {
    expect(() => findVolume(device, "BOOTFERRY")).toThrow(
      expect.objectContaining({ code: "MEDIA_NOT_LABELLED", message: expect.stringContaining(message) }),
    );
  });

  it("is not clear when two have the label", () => {
    const child = blankDisk({ filesystem: "vfat", label: "BOOTFERRY" });
    expect(() => findVolume(blankDisk({ children: [child, child] }), "BOOTFERRY")).toThrow(
      expect.objectContaining({ code: "MEDIA_AMBIGUOUS" }),
    );
  });
});
