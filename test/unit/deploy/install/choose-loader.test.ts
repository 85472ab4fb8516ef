import { describe, expect, it } from "vitest";
import { chooseLoader, type LoaderWishes, requireLoaderFits } from "../../../../src/deploy/install/choose-loader.ts";
import { devicePathOf } from "../../../../src/deploy/install/install-target.ts";
import { planLocalKargs } from "../../../../src/deploy/install/plan-installation.ts";

const wishes: LoaderWishes = { named: undefined, configured: undefined, architecture: "amd64", firmware: "uefi" };

describe("the boot loader of a new device", () => {
  it.each<[string, Partial<LoaderWishes>, string]>([
    ["is systemd-boot by default", {}, "systemd-boot"],
    ["is systemd-boot for a disk image", { firmware: undefined }, "systemd-boot"],
    ["is GRUB on a PC that a BIOS started", { firmware: "bios" }, "grub"],
    ["is systemd-boot on a board that no UEFI started", { firmware: "bios", architecture: "arm64" }, "systemd-boot"],
    ["is what the image asks for", { configured: "none", firmware: "bios" }, "none"],
    ["is what the command line says", { configured: "none", named: "grub" }, "grub"],
  ])("%s", (_what, change, expected) => {
    expect(chooseLoader({ ...wishes, ...change })).toBe(expected);
  });

  it("is GRUB on PCs only", () => {
    expect(() => requireLoaderFits("grub", "386")).not.toThrow();
    expect(() => requireLoaderFits("grub", "arm64")).toThrow(expect.objectContaining({ code: "DEPLOY_NO_LOADER" }));
  });
});

describe("the local kernel arguments", () => {
  it.each<[string, readonly string[], readonly string[], readonly string[], readonly string[], readonly string[]]>([
    ["say where the root is", [], [], [], ["root=UUID=1", "rw"], []],
    ["come from the image, then from the command line", ["a"], [], ["b"], ["root=UUID=1", "rw", "a", "b"], []],
    ["stand once", ["a"], [], ["a"], ["root=UUID=1", "rw", "a"], []],
    ["can be deleted by the image", ["a"], ["a", "rw"], ["b"], ["root=UUID=1", "b"], []],
    ["are told when there was nothing to delete", [], ["a"], [], ["root=UUID=1", "rw"], ["a"]],
  ])("%s", (_what, kargs, kargDeletes, own, expected, unmatched) => {
    expect(planLocalKargs("UUID=1", { kargs, kargDeletes }, own)).toEqual({ kargs: expected, unmatched });
  });
});

describe("the device path of a mount specification", () => {
  it.each([
    ["UUID=ABCD-1234", "/dev/disk/by-uuid/ABCD-1234"],
    ["LABEL=root", "/dev/disk/by-label/root"],
    ["PARTUUID=1-2", "/dev/disk/by-partuuid/1-2"],
    ["PARTLABEL=boot", "/dev/disk/by-partlabel/boot"],
    ["/dev/sda1", "/dev/sda1"],
    ["sda1", undefined],
    ["UUID=../../x", undefined],
    ["LABEL=a b", undefined],
  ])("of %s is %s", (spec, expected) => {
    expect(devicePathOf(spec)).toBe(expected);
  });
});
