import { describe, expect, it } from "vitest";
import type { BlockDevice } from "../../../src/media/block-device.ts";
import { chooseArrival, type WaitedFor } from "../../../src/media/choose-arrival.ts";
import type { DeviceEvent } from "../../../src/media/watch-devices.ts";
import { parseAbsPath } from "../../../src/path.ts";
import { blankDisk, devicesOf } from "../../support/machines.ts";

const FILL: WaitedFor = { label: "BOOTFERRY", isFormatted: false, path: undefined };
const MAKE: WaitedFor = { ...FILL, isFormatted: true };

const appeared = (device: BlockDevice): DeviceEvent => ({ kind: "appeared", device });
const present = (device: BlockDevice): DeviceEvent => ({ kind: "present", device });
const changed = (device: BlockDevice): DeviceEvent => ({ kind: "changed", device, before: device });

const blank = blankDisk();
const medium = blankDisk({ filesystem: "vfat", label: "BOOTFERRY" });
const part = blankDisk({
  path: parseAbsPath("/dev/sdx1"),
  kernelName: "sdx1",
  kind: "part",
  filesystem: "exfat",
  label: "BOOTFERRY",
});
const partitioned = blankDisk({ partitionTable: "gpt", children: [part] });
const builtIn = blankDisk({ isRemovable: false, isHotplug: false, bus: "sata" });
const empty = blankDisk({ sizeBytes: 0 });
const system = blankDisk({ mountPoints: ["/"] });
const locked = blankDisk({ isReadOnly: true });

describe("the medium that is waited for", () => {
  it.each<[string, DeviceEvent, BlockDevice, WaitedFor, string]>([
    ["takes a medium that is plugged in", appeared(medium), medium, FILL, "chosen"],
    ["takes a medium whose partition comes after its disk", appeared(part), partitioned, FILL, "chosen"],
    ["takes a medium whose label comes later", changed(medium), medium, FILL, "chosen"],
    [
      "takes a built-in card that gets a medium",
      appeared(medium),
      { ...builtIn, ...medium, bus: "mmc" },
      FILL,
      "chosen",
    ],
    ["passes over a stick without the label", appeared(blank), blank, FILL, "passed-over"],
    ["passes over a medium that was there before", present(medium), medium, FILL, "passed-over"],
    ["ignores other disks that were there before", present(blank), blank, FILL, "ignored"],
    ["takes what was there before when it is named", present(medium), medium, { ...FILL, path: "/dev/sdx" }, "chosen"],
    ["ignores what is not named", appeared(medium), medium, { ...FILL, path: "/dev/sdy" }, "ignored"],
    ["passes over a system disk", appeared(system), system, FILL, "passed-over"],
    ["ignores a reader without a card", appeared(empty), empty, FILL, "ignored"],
    ["ignores what vanishes", { kind: "vanished", device: medium }, medium, FILL, "ignored"],

    ["takes any stick to format it", appeared(blank), blank, MAKE, "chosen"],
    ["takes a medium to format it", appeared(medium), medium, MAKE, "chosen"],
    ["judges the disk and not its partition", appeared(part), partitioned, MAKE, "ignored"],
    ["never formats a built-in disk", appeared(builtIn), builtIn, MAKE, "passed-over"],
    ["formats a built-in disk that is named", appeared(builtIn), builtIn, { ...MAKE, path: "/dev/sdx" }, "chosen"],
    ["never formats a disk that was there before", present(blank), blank, MAKE, "ignored"],
    ["never formats one that was there before and changes", changed(blank), blank, MAKE, "passed-over"],
    [
      "never formats a system disk, named or not",
      appeared(system),
      system,
      { ...MAKE, path: "/dev/sdx" },
      "passed-over",
    ],
    ["passes over a write-protected stick", appeared(locked), locked, MAKE, "passed-over"],
  ])("%s", (_, event, disk, wanted, expected) => {
    expect(chooseArrival(event, [disk], wanted).kind).toBe(expected);
  });

  it("is never one of a running system, whatever comes first", () => {
    for (const machine of ["laptop-nvme-lvm-luks", "raspberry", "live-iso", "sticks"] as const) {
      const all = devicesOf(machine);
      const taken = all.flatMap((disk) => {
        const arrival = chooseArrival(appeared(disk), all, MAKE);
        return arrival.kind === "chosen" ? [`${machine} ${arrival.disk.path}`] : [];
      });
      expect(taken).toEqual(
        {
          "laptop-nvme-lvm-luks": ["laptop-nvme-lvm-luks /dev/sda"],
          raspberry: ["raspberry /dev/mmcblk1"],
          "live-iso": ["live-iso /dev/sdc"],
          sticks: ["sticks /dev/sdc", "sticks /dev/sdd"],
        }[machine],
      );
    }
  });

  it("is gone again before it was looked at: ignored", () => {
    expect(chooseArrival(appeared(medium), [], FILL)).toEqual({ kind: "ignored" });
  });
});
