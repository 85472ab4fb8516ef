import { describe, expect, it } from "vitest";
import { describeContents, describeDisk, modelName } from "../../../src/cli/device-facts.ts";
import { formatTable } from "../../../src/cli/format-table.ts";
import { blankDisk, devicesOf } from "../../support/machines.ts";

describe("a disk in words", () => {
  it.each([
    ["SanDisk", "Ultra", "SanDisk Ultra"],
    ["QEMU", "QEMU HARDDISK", "QEMU HARDDISK"],
    ["0x1af4", "virtio", "virtio"],
    [undefined, "Samsung", "Samsung"],
    ["JetFlash", undefined, "JetFlash"],
    [undefined, undefined, undefined],
  ])("of %s and %s is called %s", (vendor, model, expected) => {
    expect(modelName(vendor, model)).toBe(expected);
  });

  it("has what is on its label, as far as it is known", () => {
    expect(describeDisk(blankDisk())).toBe("ACME Stick, serial S1, 7.5 GiB, usb");
    const unknown = blankDisk({ vendor: undefined, model: undefined, serial: undefined, bus: undefined });
    expect(describeDisk(unknown)).toBe("unknown model, no serial number, 7.5 GiB, unknown bus");
  });

  it.each([
    [blankDisk(), undefined],
    [blankDisk({ partitionTable: "dos" }), "a partition table (dos)"],
    [blankDisk({ filesystem: "vfat" }), "vfat"],
    [devicesOf("sticks")[3] ?? blankDisk(), 'crypto_LUKS "BOOTFERRY"; exfat "BOOTFERRY"'],
  ])("says what would be lost", (disk, expected) => {
    expect(describeContents(disk)).toBe(expected);
  });
});

describe("a table", () => {
  it("has columns as wide as they need to be, and none that is empty", () => {
    expect(
      formatTable(
        ["A", "LONG", "EMPTY"],
        [
          ["x", "1", ""],
          ["longer", "2", ""],
        ],
      ),
    ).toEqual(["A       LONG", "x       1", "longer  2"]);
  });

  it("lets no label draw on the terminal", () => {
    expect(formatTable(["LABEL"], [["a\u001b[31mb\u202e"]])).toEqual(["LABEL", "a?[31mb?"]);
  });
});
