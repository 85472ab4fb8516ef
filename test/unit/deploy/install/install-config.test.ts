import { describe, expect, it } from "vitest";
import {
  type InstallConfig,
  NO_INSTALL_CONFIG,
  parseInstallConfig,
} from "../../../../src/deploy/install/install-config.ts";

const parse = (...texts: readonly string[]) =>
  parseInstallConfig(
    texts.map((text, index) => ({ path: `/usr/lib/bootc/install/${index}.toml`, bytes: Buffer.from(text) })),
    "amd64",
  );

describe("the install configuration of an image", () => {
  it.each<[string, readonly string[], Partial<InstallConfig>]>([
    ["asks for nothing when it is empty", ["", "[install]\n"], {}],
    [
      "may ask for what is done anyway",
      [
        '[install]\nblock = ["tpm2-luks", "direct"]\nroot-fs-type = "ext4"\ndiscoverable-partitions = true\nstateroot = "default"\nenforce-container-sigpolicy = true\n[install.filesystem.root]\ntype = "ext4"\n',
      ],
      {},
    ],
    [
      "adds arguments of several files up",
      ['[install]\nkargs = ["a", "b"]\n', '[install]\nkargs = ["c"]\nkarg-deletes = ["a"]\n'],
      { kargs: ["a", "b", "c"], kargDeletes: ["a"] },
    ],
    [
      "lets later files win",
      ['[install]\nbootloader = "grub"\n', '[install]\nbootloader = "systemd"\n'],
      { loader: "systemd-boot" },
    ],
    [
      "can be for other architectures",
      ['[install]\nmatch-architectures = ["aarch64"]\nkargs = ["a"]\nroot-fs-type = "xfs"\n'],
      {},
    ],
    [
      "can be for this architecture",
      ['[install]\nmatch-architectures = ["aarch64", "x86_64"]\nkargs = ["a"]\n'],
      { kargs: ["a"] },
    ],
    [
      "can have file systems found by their labels",
      ['[install]\nroot-mount-spec = "LABEL=root.1"\nboot-mount-spec = "LABEL=BOOT"\n'],
      { rootLabel: "root.1", bootLabel: "BOOT" },
    ],
  ])("%s", (_what, texts, expected) => {
    expect(parse(...texts)).toEqual({ ...NO_INSTALL_CONFIG, ...expected });
  });

  it("is told what has no meaning here", () => {
    const { warnings } = parse(
      '[install]\nstateroot = "x"\n[install.bootupd]\nskip-boot-uuid = true\n[install.ostree]\na = 1\n',
    );
    expect(warnings).toEqual(
      ["stateroot", "bootupd", "ostree"].map(
        (key) => `/usr/lib/bootc/install/0.toml: ${key} has no meaning to this engine`,
      ),
    );
  });

  it.each([
    ["another root file system", '[install.filesystem.root]\ntype = "xfs"\n'],
    ["another root file system in the old spelling", '[install]\nroot-fs-type = "btrfs"\n'],
    ["encryption only", '[install]\nblock = ["tpm2-luks"]\n'],
    ["a loader that there is not", '[install]\nbootloader = "grub-cc"\n'],
    ["no root argument at all", '[install]\nroot-mount-spec = ""\n'],
    ["a UUID that every device would share", '[install]\nroot-mount-spec = "UUID=0"\n'],
    ["a label that vfat cannot hold", '[install]\nboot-mount-spec = "LABEL=0123456789ab"\n'],
  ])("is refused when it asks for %s", (_what, text) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({
        code: "DEPLOY_INSTALL_CONFIG_REFUSED",
        message: expect.stringContaining("/usr/lib/bootc/install/0.toml"),
      }),
    );
  });

  it.each([
    ["no TOML", "[install"],
    ["not UTF-8", 'a = "\xff"'],
    ["a misspelt key", "[install]\nkarg = []\n"],
    ["another table", "[instal]\n"],
    ["a key of another type", '[install]\nkargs = "a"\n'],
  ])("is malformed when it is %s", (_what, text) => {
    const file = { path: "/x.toml", bytes: Buffer.from(text, "latin1") };
    expect(() => parseInstallConfig([file], "amd64")).toThrow(
      expect.objectContaining({ code: "DEPLOY_INSTALL_CONFIG_INVALID" }),
    );
  });

  it("holds kernel arguments, one each", () => {
    expect(() => parse('[install]\nkargs = ["a b"]\n')).toThrow(
      expect.objectContaining({ code: "DEPLOY_KARGS_INVALID" }),
    );
  });
});
