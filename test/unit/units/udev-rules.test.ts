import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { evaluateRules, type UdevEvent } from "./udev-rules.ts";

const UDEV = join(import.meta.dirname, "..", "..", "..", "udev");
const RULES = readFileSync(join(UDEV, "70-bootferry.rules"), "utf8");
const EXAMPLES = readFileSync(join(UDEV, "65-bootferry-media.rules.example"), "utf8");

const VFAT = { ID_FS_TYPE: "vfat", ID_FS_LABEL: "BOOTFERRY" };
const ESP = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
const BASIC_DATA = "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7";

const wantsOf = (event: UdevEvent, rules = [RULES]) => evaluateRules(rules, event).env["SYSTEMD_WANTS"];
const isHidden = (event: UdevEvent, rules = [RULES]) => evaluateRules(rules, event).env["UDISKS_IGNORE"] === "1";

describe("the udev rule starts the media unit", () => {
  it.each([
    ["for a stick without a partition table", "sdb", VFAT],
    ["for a partition of a stick", "sdb1", { ...VFAT, ID_PART_ENTRY_TYPE: BASIC_DATA }],
    ["for exFAT", "sdb1", { ...VFAT, ID_FS_TYPE: "exfat" }],
    ["for a LUKS container, whose own label counts", "sdb1", { ...VFAT, ID_FS_TYPE: "crypto_LUKS" }],
    ["for an SD card in a slot", "mmcblk1p1", VFAT],
    ["for an NVMe enclosure", "nvme1n1p1", VFAT],
    ["beside what others want started", "sdb1", { ...VFAT, SYSTEMD_WANTS: "other.service" }],
  ])("%s", (_, kernel, env) => {
    const { env: after, tags } = evaluateRules([RULES], { action: "add", kernel, env });
    expect(after["SYSTEMD_WANTS"]?.split(" ")).toContain(`bootferry-inserted@${kernel}.service`);
    expect(after["UDISKS_IGNORE"]).toBe("1");
    expect(tags).toEqual(["systemd"]);
  });

  it("when a card is put into a reader that is there already", () => {
    const env = { ...VFAT, DISK_MEDIA_CHANGE: "1" };
    expect(wantsOf({ action: "change", kernel: "sdb", env })).toBe("bootferry-inserted@sdb.service");
  });
});

describe("the udev rule leaves alone", () => {
  it.each<[string, string, Readonly<Record<string, string>>]>([
    ["other labels", "sdb1", { ...VFAT, ID_FS_LABEL: "HOLIDAY" }],
    ["labels that only begin like ours", "sdb1", { ...VFAT, ID_FS_LABEL: "BOOTFERRY2" }],
    ["file systems that were not allowed", "sdb1", { ...VFAT, ID_FS_TYPE: "ext4" }],
    ["ntfs", "sdb1", { ...VFAT, ID_FS_TYPE: "ntfs" }],
    ["an EFI system partition", "sda1", { ...VFAT, ID_PART_ENTRY_TYPE: ESP }],
    ["an EFI system partition in an MBR", "sda1", { ...VFAT, ID_PART_ENTRY_TYPE: "0xef" }],
    ["the boot areas of eMMC", "mmcblk0boot0", VFAT],
    ["LVM, and what is in an opened container", "dm-3", VFAT],
    ["RAIDs", "md0", VFAT],
    ["loop devices", "loop0", VFAT],
    ["what has no file system", "sdb", {}],
  ])("%s", (_, kernel, env) => {
    expect(wantsOf({ action: "add", kernel, env })).toBeUndefined();
    expect(isHidden({ action: "add", kernel, env })).toBe(false);
  });

  it("what a program has just closed after writing, but keeps it hidden: mkfs is not the end of making a stick", () => {
    const event = { action: "change", kernel: "sdb1", env: VFAT };
    expect(wantsOf(event)).toBeUndefined();
    expect(isHidden(event)).toBe(true);
  });

  it("what goes", () => {
    const event = { action: "remove", kernel: "sdb1", env: VFAT };
    expect(wantsOf(event)).toBeUndefined();
  });

  it("containers that the agent has opened, and hides them", () => {
    const event = { action: "change", kernel: "dm-0", env: VFAT, attributes: { "dm/name": "bootferry-sdb1" } };
    expect(wantsOf(event)).toBeUndefined();
    expect(isHidden(event)).toBe(true);
  });
});

describe("rules of one's own", () => {
  /** The example with the lines of one kind switched on. */
  const own = (kind: RegExp) =>
    EXAMPLES.split("\n")
      .filter((line) => kind.test(line))
      .map((line) => line.replace(/^#/, ""))
      .join("\n");

  it.each<[string, RegExp, Readonly<Record<string, string>>]>([
    ["another label", /ACME-UPDATE", ENV/, { ...VFAT, ID_FS_LABEL: "ACME-UPDATE" }],
    ["ext4", /=="ext4"/, { ...VFAT, ID_FS_TYPE: "ext4" }],
    ["iso9660", /=="iso9660"/, { ...VFAT, ID_FS_TYPE: "iso9660" }],
    [
      "a LUKS1 container by its UUID",
      /luks.*UUID|ID_FS_UUID/,
      { ID_FS_TYPE: "crypto_LUKS", ID_FS_UUID: "0d4fd0f4-0000-0000-0000-000000000000" },
    ],
  ])("allow %s, as the example shows", (_, kind, env) => {
    const event = { action: "add", kernel: "sdb1", env };
    expect(wantsOf(event)).toBeUndefined();
    const lines = own(kind)
      .split("\n")
      .filter((line) => line.startsWith("SUBSYSTEM"))
      .join("\n");
    expect(wantsOf(event, [lines, RULES])).toBe("bootferry-inserted@sdb1.service");
  });
});
