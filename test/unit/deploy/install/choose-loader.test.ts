import { describe, expect, it } from "vitest";
import {
  chooseLoader,
  type LoaderWishes,
  requireBootFilesystem,
  requireLoaderFits,
} from "../../../../src/deploy/install/choose-loader.ts";
import { devicePathOf } from "../../../../src/deploy/install/install-target.ts";
import { planLoader, planLocalKargs } from "../../../../src/deploy/install/plan-installation.ts";
import type { DirectoryNode } from "../../../../src/tree/node.ts";
import { directory, inlineFile } from "../../../support/tree-fixtures.ts";

const wishes: LoaderWishes = { named: undefined, configured: undefined, architecture: "amd64", firmware: "uefi" };

describe("the boot loader of a new device", () => {
  it.each<[string, Partial<LoaderWishes>, string]>([
    ["is systemd-boot by default", {}, "systemd-boot"],
    ["is systemd-boot for a disk image", { firmware: undefined }, "systemd-boot"],
    ["is GRUB on a PC that a BIOS started", { firmware: "bios" }, "grub"],
    ["is systemd-boot on a board that no UEFI started", { firmware: "bios", architecture: "arm64" }, "systemd-boot"],
    ["is what the image asks for", { configured: "none", firmware: "bios" }, "none"],
    ["is what the command line says", { configured: "none", named: "grub" }, "grub"],
    ["is U-Boot when that is said", { named: "u-boot", firmware: undefined, architecture: "arm64" }, "u-boot"],
  ])("%s", (_what, change, expected) => {
    expect(chooseLoader({ ...wishes, ...change })).toBe(expected);
  });

  it("is GRUB on PCs only", () => {
    expect(() => requireLoaderFits("grub", "386")).not.toThrow();
    expect(() => requireLoaderFits("grub", "arm64")).toThrow(expect.objectContaining({ code: "DEPLOY_NO_LOADER" }));
  });
});

describe("U-Boot", () => {
  const kernel = { vmlinuz: inlineFile("kernel"), "initramfs.img": inlineFile("initramfs") };
  const image = (...files: readonly string[]) => {
    const at = (path: string) => {
      const names = files.filter((file) => file.startsWith(path)).map((file) => file.slice(path.length));
      return directory(Object.fromEntries(names.map((name) => [name, inlineFile(name)])));
    };
    const lib = directory({ modules: directory({ "6.1": directory(kernel) }) });
    const usr = directory({ bin: at("usr/bin/"), sbin: at("usr/sbin/"), lib });
    return directory({ usr, etc: at("etc/"), var: directory(), sysroot: directory(), boot: directory() });
  };
  const plan = (root: DirectoryNode) => planLoader(root, { ...wishes, named: "u-boot", architecture: "arm64" });

  it.each(["usr/bin/fw_setenv", "usr/sbin/fw_setenv"])("comes with the board; the image has its tool as %s", (tool) => {
    expect(plan(image("etc/fw_env.config", tool))).toEqual({ kind: "u-boot", efi: undefined });
  });

  it.each<[string, readonly string[], RegExp]>([
    ["place of the environment", ["usr/bin/fw_setenv"], /no \/etc\/fw_env\.config/],
    ["tool", ["etc/fw_env.config"], /no fw_setenv/],
  ])("is refused for an image without the %s", (_what, files, message) => {
    const error = { code: "DEPLOY_NO_LOADER", message: expect.stringMatching(message) };
    expect(() => plan(image(...files))).toThrow(expect.objectContaining(error));
  });
});

describe("the boot partition of a loader that counts on a journal", () => {
  it.each(["grub", "u-boot"] as const)("is ext4 with %s", (loader) => {
    expect(() => requireBootFilesystem(loader, "ext4")).not.toThrow();
    expect(() => requireBootFilesystem(loader, "vfat")).toThrow(expect.objectContaining({ code: "DEPLOY_NO_LOADER" }));
  });

  it("may be vfat with systemd-boot", () => {
    expect(() => requireBootFilesystem("systemd-boot", "vfat")).not.toThrow();
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
