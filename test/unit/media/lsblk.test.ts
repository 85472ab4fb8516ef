import { describe, expect, it } from "vitest";
import { walkDevices } from "../../../src/media/block-device.ts";
import { parseLsblk } from "../../../src/media/lsblk.ts";
import { devicesOf } from "../../support/machines.ts";

describe("the reader of lsblk's JSON", () => {
  it("takes what tells a stick from its neighbours", () => {
    expect(devicesOf("laptop-nvme-lvm-luks")[0]).toMatchObject({
      path: "/dev/sda",
      kind: "disk",
      sizeBytes: 30_765_219_840,
      bus: "usb",
      vendor: "SanDisk",
      model: "Ultra Fit",
      serial: "4C530001080523117402",
      isRemovable: true,
      isHotplug: true,
      isReadOnly: false,
      filesystem: undefined,
      partitionTable: "gpt",
      mountPoints: [],
      children: [{ path: "/dev/sda1", filesystem: "vfat", label: "BOOTFERRY", mountPoints: ["/media/ana/BOOTFERRY"] }],
    });
  });

  it("keeps the tree of what is opened on what, parents first", () => {
    const kinds = [...walkDevices(devicesOf("laptop-nvme-lvm-luks"))].map(
      ({ kernelName, kind }) => `${kernelName} ${kind}`,
    );
    expect(kinds).toEqual([
      "sda disk",
      "sda1 part",
      "nvme0n1 disk",
      "nvme0n1p1 part",
      "nvme0n1p2 part",
      "dm-0 crypt",
      "dm-1 lvm",
      "dm-2 lvm",
    ]);
  });

  it("reads the strings and the single mount point of old versions", () => {
    expect(devicesOf("old-lsblk")[0]).toMatchObject({
      sizeBytes: 30_765_219_840,
      isRemovable: true,
      isReadOnly: false,
      model: "Ultra Fit",
      children: [{ mountPoints: ["/"] }],
    });
  });

  it("knows the bus of cards and loop devices, which lsblk leaves empty", () => {
    expect(devicesOf("raspberry").map(({ bus }) => bus)).toEqual(["mmc", "mmc", "mmc", "mmc"]);
    expect(devicesOf("live-iso")[0]?.bus).toBe("loop");
  });

  it("writes types of partitions in lower case, as the specifications do not", () => {
    expect(devicesOf("raspberry")[2]?.children[0]?.partitionType).toBe("b921b045-1df0-41c3-af44-4c6f280d3fae");
  });

  it.each([
    ["no JSON", "lsblk: unknown column"],
    ["no list", "{}"],
    [
      "a path with a NUL",
      '{"blockdevices":[{"kname":"sda","path":"/dev/\\u0000","type":"disk","ro":false,"rm":false,"hotplug":false}]}',
    ],
    ["a device without a path", '{"blockdevices":[{"kname":"sda","type":"disk"}]}'],
  ])("refuses %s", (_, text) => {
    expect(() => parseLsblk(text)).toThrow(expect.objectContaining({ code: "MEDIA_DEVICE_LIST_INVALID" }));
  });
});
