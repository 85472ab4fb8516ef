import { describe, expect, it } from "vitest";
import { isMedium, watchMedia } from "../../../src/agent/watch-media.ts";
import { parseAgentConfig } from "../../../src/config/load-agent-config.ts";
import type { BlockDevice } from "../../../src/media/block-device.ts";
import type { DeviceEvent } from "../../../src/media/watch-devices.ts";
import { parseAbsPath } from "../../../src/path.ts";

const configOf = (text = "") =>
  parseAgentConfig(
    Buffer.from(`[device]\ncompatible = "a"\n[follow]\nname = "os"\n[media]\n${text}`),
    parseAbsPath("/etc/bootferry/agent.toml"),
  ).media;

const blockDevice = (changes: Partial<BlockDevice> = {}): BlockDevice => ({
  ...{ path: parseAbsPath("/dev/sdb1"), kernelName: "sdb1", kind: "part", sizeBytes: 1 << 30 },
  ...{ isReadOnly: false, isRemovable: true, isHotplug: true, bus: "usb" },
  ...{ vendor: undefined, model: undefined, serial: "1", uuid: "1-2" },
  ...{ filesystem: "vfat", label: "BOOTFERRY", partitionTable: undefined, partitionType: undefined },
  ...{ mountPoints: [], children: [] },
  ...changes,
});

describe("a block device", () => {
  it.each<[string, Partial<BlockDevice>, string, boolean]>([
    ["with our label and vfat", {}, "", true],
    ["without a partition table", { kind: "disk" }, "", true],
    ["in an optical drive", { kind: "rom", filesystem: "iso9660" }, 'filesystems = ["iso9660"]', true],
    ["that is encrypted", { filesystem: "crypto_LUKS" }, "", true],
    ["with a label of agent.toml", { label: "ACME" }, 'labels = ["ACME"]', true],
    ["with a file system of agent.toml", { filesystem: "ext4" }, 'filesystems = ["ext4"]', true],
  ])("is a medium: %s", (_, changes, config, expected) => {
    expect(isMedium(blockDevice(changes), configOf(config))).toBe(expected);
  });

  it.each<[string, Partial<BlockDevice>]>([
    ["with another label", { label: "DATA" }],
    ["without a label", { label: undefined }],
    ["with a label in other letters", { label: "bootferry" }],
    ["with a file system that is not allowed", { filesystem: "ext4" }],
    ["without a file system", { filesystem: undefined }],
    ["that was opened by us", { kind: "crypt", kernelName: "dm-0" }],
    ["that is part of an array", { kind: "raid1" }],
    ["in a reader without a card", { sizeBytes: 0 }],
  ])("is no medium: %s", (_, changes) => {
    expect(isMedium(blockDevice(changes), configOf())).toBe(false);
  });
});

describe("media that come and go", () => {
  const stick = blockDevice();
  const disk = blockDevice({
    kernelName: "sdb",
    path: parseAbsPath("/dev/sdb"),
    kind: "disk",
    filesystem: undefined,
    label: undefined,
  });
  const withSystem = {
    ...disk,
    children: [stick, blockDevice({ kernelName: "sdb2", label: "root", filesystem: "ext4", mountPoints: ["/"] })],
  };
  async function* events(): AsyncGenerator<DeviceEvent> {
    yield { kind: "present", device: disk };
    yield { kind: "present", device: stick };
    yield { kind: "vanished", device: stick };
    yield { kind: "changed", device: stick, before: disk };
  }
  const collect = async (list: readonly BlockDevice[]) => {
    const seen: string[] = [];
    for await (const { kind } of watchMedia(events(), configOf(), async () => list)) seen.push(kind);
    return seen;
  };

  it("are told, also those that are there at the beginning", async () => {
    expect(await collect([{ ...disk, children: [stick] }])).toEqual(["arrived", "left", "arrived"]);
  });

  it("are no partitions of the disk that the system runs from", async () => {
    expect(await collect([withSystem])).toEqual(["left"]);
  });

  it("are not taken for there when they have gone meanwhile", async () => {
    expect(await collect([])).toEqual(["left"]);
  });
});
