import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, it, onTestFinished } from "vitest";
import { HostError } from "../../../src/host/error.ts";
import type { LuksKeys } from "../../../src/media/luks-open.ts";
import { type OpenDeviceOptions, openDevice } from "../../../src/media/open-device.ts";
import { below, parseAbsPath } from "../../../src/path.ts";
import { type FakeMedia, type FakeStick, luksHeader, openFakeMedia } from "../../support/fake-media.ts";

const SDB1 = parseAbsPath("/dev/sdb1");

function scratch() {
  const directory = parseAbsPath(mkdtempSync(`${tmpdir()}/bootferry-media-`));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

interface Bench {
  readonly media: FakeMedia;
  open(options?: Partial<OpenDeviceOptions>): ReturnType<typeof openDevice>;
  /** Commands but those that only look. */
  changes(): readonly string[];
}

const keys = (luks: Partial<LuksKeys> = {}): LuksKeys => ({
  ...{ unlock: ["token", "key-file", "ask"], readKey: async () => undefined },
  ...{ askTimeoutSeconds: 60, maxKdfMemoryMib: 128, ...luks },
});

function bench(stick: Partial<FakeStick> = {}): Bench {
  const media = openFakeMedia();
  const directory = scratch();
  const mediaDirectory = below(directory, "run");
  media.plug(SDB1, { type: "vfat", uuid: "1-2", label: "BOOTFERRY", directory, ...stick });
  return {
    media,
    async open(options = {}) {
      const device = media.devices.find(SDB1);
      if (device === undefined) throw new Error("it is plugged in");
      const defaults = { mediaDirectory, filesystems: ["vfat", "exfat"], luks: keys() };
      return openDevice(media.exec, device, { ...defaults, ...options });
    },
    changes: () =>
      media.commands
        .filter((command) => !/^(blkid|mountpoint|cryptsetup (luksDump|status)) /.test(command))
        .map((command) => command.replaceAll(mediaDirectory, "/run/media")),
  };
}

describe("mounting a medium", () => {
  it.each([
    ["vfat", "ro,nosuid,nodev,noexec,nosymfollow"],
    ["exfat", "ro,nosuid,nodev,noexec,nosymfollow"],
    ["iso9660", "ro,nosuid,nodev,noexec,nosymfollow"],
    ["ext4", "ro,nosuid,nodev,noexec,nosymfollow,noload,errors=continue"],
  ])("names the type %s and switches off what is not needed", async (type, options) => {
    const { open, changes, media } = bench({ type });
    const opened = await open({ filesystems: [type] });
    expect(changes()).toEqual([`mount -t ${type} -o ${options} --source /dev/sdb1 --target /run/media/sdb1`]);
    await opened[Symbol.asyncDispose]();
    expect(changes().slice(1)).toEqual(["umount /run/media/sdb1"]);
    expect(media.mounts.size).toBe(0);
    expect(existsSync(opened.mountPoint)).toBe(false);
  });

  it.each<[string, Partial<FakeStick>, string, RegExp]>([
    ["a type that is not allowed", { type: "ntfs" }, "MEDIA_FILESYSTEM_NOT_ALLOWED", /holds ntfs; .* vfat, exfat/],
    ["a broken file system", { isBroken: true }, "MEDIA_MOUNT_FAILED", /sdb1 cannot be mounted as vfat/],
    [
      "LUKS of version 1",
      { luks: { version: "1", header: luksHeader(), keys: [] } },
      "MEDIA_LUKS_UNSUPPORTED",
      /LUKS version 1, expected 2/,
    ],
  ])("refuses %s", async (_, stick, code, message) => {
    const { open, media } = bench(stick);
    const opening = open();
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toMatchObject({ code, exitStatus: 6 });
    expect([media.mounts.size, media.mappings.size]).toEqual([0, 0]);
  });

  it("takes away first what a run that was killed has left", async () => {
    const { open, media } = bench();
    await open(); // and never closes it
    const again = await open();
    await again[Symbol.asyncDispose]();
    expect(media.mounts.size).toBe(0);
  });

  it("leaves nothing mounted when it is stopped while it mounts", async () => {
    const { open, media } = bench();
    const stop = new AbortController();
    media.onCommand = ([tool]) => {
      if (tool === "mount") stop.abort(new Error("SIGTERM"));
    };
    await expect(open({ signal: stop.signal })).rejects.toThrow("SIGTERM");
    expect(media.commands.at(-1)).toMatch(/^umount --lazy /);
  });

  it("lets a mount go that is still in use", async () => {
    const { open, media, changes } = bench();
    const opened = await open();
    media.isBusy = true;
    await opened[Symbol.asyncDispose]();
    expect(changes().slice(-2)).toEqual(["umount /run/media/sdb1", "umount --lazy /run/media/sdb1"]);
    expect(media.mounts.size).toBe(0);
  });

  it("tells its caller before the kernel looks at the file system", async () => {
    const { open, media } = bench();
    const onMount = () => {
      throw new Error("quarantine");
    };
    await expect(open({ onMount })).rejects.toThrow("quarantine");
    expect(media.commands.filter((command) => command.startsWith("mount "))).toEqual([]);
  });
});

const encrypted = (luks: Partial<NonNullable<FakeStick["luks"]>> = {}): Partial<FakeStick> => ({
  luks: { header: luksHeader(), keys: ["secret"], ...luks },
});
const readKey = async () => Buffer.from("secret");

describe("an encrypted medium", () => {
  it("is unlocked read-only with bounded memory, and locked when it is closed", async () => {
    const { open, media, changes } = bench(encrypted());
    const opened = await open({ luks: keys({ unlock: ["key-file"], readKey }) });
    await opened[Symbol.asyncDispose]();
    expect(changes()).toEqual([
      "cryptsetup close --deferred bootferry-sdb1",
      `prlimit --as=${640 << 20} cryptsetup open --type luks2 --readonly --key-file - /dev/sdb1 bootferry-sdb1`,
      expect.stringMatching(/^mount -t vfat .* --source \/dev\/mapper\/bootferry-sdb1 --target \/run\/media\/sdb1$/),
      "umount /run/media/sdb1",
      "cryptsetup close --deferred bootferry-sdb1",
    ]);
    expect(media.mappings.size).toBe(0);
  });

  it("is opened again after a run that was killed has left it open and mounted", async () => {
    const { open, media } = bench(encrypted());
    const luks = keys({ unlock: ["key-file"], readKey });
    await open({ luks }); // and never closes it
    const again = await open({ luks });
    await again[Symbol.asyncDispose]();
    expect([media.mounts.size, media.mappings.size]).toEqual([0, 0]);
  });

  it.each<[string, Partial<FakeStick>, Partial<LuksKeys>, readonly string[]]>([
    ["by a token", encrypted({ hasToken: true }), {}, []],
    ["by the key file when no token fits", encrypted(), { readKey }, []],
    ["by a passphrase when no key file fits", encrypted(), {}, ["secret"]],
    ["by a passphrase that is given at the third try", encrypted(), {}, ["wrong", "typo", "secret"]],
  ])("is unlocked %s", async (_, stick, luks, passphrases) => {
    const { open, media } = bench(stick);
    media.passphrases.push(...passphrases);
    const opened = await open({ luks: keys(luks) });
    expect(media.mappings.get("bootferry-sdb1")).toBe("/dev/sdb1");
    await opened[Symbol.asyncDispose]();
  });

  it.each<[string, Partial<LuksKeys>, readonly string[], RegExp]>([
    [
      "nothing fits and nobody answers",
      { readKey: async () => Buffer.from("other") },
      [],
      /no token fits .*key file does not fit .*nobody gave/,
    ],
    ["there is no key file", { unlock: ["key-file"] }, [], /cannot be unlocked: there is no key file$/],
    ["three passphrases are wrong", { unlock: ["ask"] }, ["a", "b", "c", "secret"], /the passphrase does not fit$/],
    ["nobody may be asked", { unlock: ["token"] }, ["secret"], /no token fits/],
  ])("stays locked when %s", async (_, luks, passphrases, message) => {
    const { open, media } = bench(encrypted());
    media.passphrases.push(...passphrases);
    const opening = open({ luks: keys(luks) });
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toMatchObject({ code: "MEDIA_LUKS_LOCKED", exitStatus: 6 });
    expect([media.mounts.size, media.mappings.size]).toEqual([0, 0]);
  });

  it("asks nobody again when the passphrase was not what was wrong", async () => {
    const { open, media } = bench(encrypted({ openFails: "Cannot get info about device /dev/sdb1." }));
    media.passphrases.push("secret", "secret", "secret");
    const opening = open({ luks: keys({ unlock: ["key-file", "ask"], readKey }) });
    await expect(opening).rejects.toThrow(
      "/dev/sdb1 cannot be unlocked: the key file could not be tried (Cannot get info about device /dev/sdb1.); " +
        "the passphrase could not be tried (Cannot get info about device /dev/sdb1.)",
    );
    expect(media.passphrases).toHaveLength(2);
  });

  it.each<[string, string, string, RegExp]>([
    [
      "a cipher that encrypts nothing",
      luksHeader({ cipher: "cipher_null-ecb" }),
      "MEDIA_LUKS_UNSUPPORTED",
      /cipher_null-ecb/,
    ],
    ["a key slot that encrypts nothing", luksHeader({ slotCipher: "null" }), "MEDIA_LUKS_UNSUPPORTED", /cipher null/],
    [
      "a cipher of the kernel's own naming",
      luksHeader({ cipher: "capi:ecb(cipher_null)-plain" }),
      "MEDIA_LUKS_UNSUPPORTED",
      /capi/,
    ],
    [
      "more memory than is allowed",
      luksHeader({ kdf: { type: "argon2id", time: 4, memory: 129 * 1024, cpus: 4 } }),
      "MEDIA_LUKS_KDF_TOO_LARGE",
      /takes 129 MiB of memory, at most 128 MiB/,
    ],
    [
      "an unknown key derivation",
      luksHeader({ kdf: { type: "scrypt" } }),
      "MEDIA_LUKS_UNSUPPORTED",
      /not as the format says/,
    ],
    [
      "dm-integrity",
      luksHeader({ segment: { integrity: { type: "hmac(sha256)" } } }),
      "MEDIA_LUKS_UNSUPPORTED",
      /dm-integrity/,
    ],
    [
      "a linear segment",
      luksHeader({ segment: { type: "linear" } }),
      "MEDIA_LUKS_UNSUPPORTED",
      /one encrypted segment/,
    ],
    [
      "a re-encryption that goes on",
      luksHeader({ config: { requirements: { mandatory: ["online-reencrypt-v2"] } } }),
      "MEDIA_LUKS_UNSUPPORTED",
      /online-reencrypt-v2/,
    ],
    ["a header that is no JSON", "LUKS header information", "MEDIA_LUKS_UNSUPPORTED", /not as the format says/],
  ])("is not opened with %s", async (_, header, code, message) => {
    const { open, changes } = bench(encrypted({ header }));
    const opening = open({ luks: keys({ readKey }) });
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toMatchObject({ code, exitStatus: 6 });
    expect(changes()).toEqual([]);
  });

  it("is not opened when cryptsetup finds its header damaged", async () => {
    const { open, changes } = bench(encrypted({ header: undefined }));
    await expect(open({ luks: keys({ readKey }) })).rejects.toMatchObject({
      code: "MEDIA_LUKS_UNSUPPORTED",
      message: expect.stringMatching(/^\/dev\/sdb1: .* not a valid LUKS device\.$/),
    });
    expect(changes()).toEqual([]);
  });

  it("is closed again when what was opened is not what its header said", async () => {
    const { open, media } = bench(encrypted({ cipher: "cipher_null-ecb" }));
    await expect(open({ luks: keys({ readKey }) })).rejects.toThrow(/opened with cipher cipher_null-ecb/);
    expect([media.mounts.size, media.mappings.size]).toEqual([0, 0]);
  });

  it.each([
    ["holds a file system that is not allowed", { type: "ext4" }, "MEDIA_FILESYSTEM_NOT_ALLOWED"],
    ["holds a broken file system", { isBroken: true }, "MEDIA_MOUNT_FAILED"],
  ])("is locked again when it %s", async (_, stick, code) => {
    const { open, media } = bench({ ...encrypted(), ...stick });
    await expect(open({ luks: keys({ readKey }) })).rejects.toMatchObject({ code });
    expect([media.mounts.size, media.mappings.size]).toEqual([0, 0]);
  });

  it("says what is missing on a device without cryptsetup", async () => {
    const { media } = bench(encrypted());
    const device = media.devices.find(SDB1);
    if (device === undefined) throw new Error("it is plugged in");
    const exec: typeof media.exec = async (argv, options) => {
      if (argv[0] === "cryptsetup") throw new HostError("HOST_TOOL_MISSING", "cryptsetup is not installed");
      return media.exec(argv, options);
    };
    const opening = openDevice(exec, device, { mediaDirectory: scratch(), filesystems: ["vfat"], luks: keys() });
    await expect(opening).rejects.toMatchObject({ code: "HOST_TOOL_MISSING" });
  });
});
