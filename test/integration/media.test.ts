/** The verbs of `media` as a person runs them, on machines that are not this one. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runInProcess } from "../support/cli-in-process.ts";
import { type Answer, lsblkOf, type MachineName } from "../support/machines.ts";
import { fakeMachine } from "../support/media-host.ts";
import { writeFixtureImage, writeFixtureKeys } from "../support/release-fixtures.ts";

type Machine = ReturnType<typeof fakeMachine>;

const answersOf = (machine: MachineName) => (argv: readonly string[]) =>
  argv[0] === "lsblk" ? lsblkOf(machine) : undefined;

describe("the verbs of media", () => {
  let directory: string;
  const machines: Machine[] = [];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "media-cli-"));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
    for (const { mountDirectory } of machines.splice(0)) rmSync(mountDirectory, { recursive: true });
  });

  function machine(name: MachineName, options: Partial<Parameters<typeof fakeMachine>[0]> = {}): Machine {
    const made = fakeMachine({ answer: answersOf(name), ...options });
    machines.push(made);
    return made;
  }
  const run = (on: Machine, command: string, env = {}) => runInProcess(directory, command.split(" "), env, on.ports);

  describe("list", () => {
    it("shows disks, what is on them, and why one is a system disk", async () => {
      const { stdout } = await run(machine("laptop-nvme-lvm-luks"), "media list");
      expect(stdout).toMatchInlineSnapshot(`
        "DEVICE                         SIZE     BUS   MODEL                      SERIAL                FILESYSTEM   LABEL      USE
        /dev/sda                       29 GiB   usb   SanDisk Ultra Fit          4C530001080523117402
          /dev/sda1                    29 GiB                                                          vfat         BOOTFERRY  at /media/ana/BOOTFERRY
        /dev/nvme0n1                   477 GiB  nvme  Samsung SSD 970 PRO 512GB  S463NF0M512345X                               system disk
          /dev/nvme0n1p1               512 MiB                                                         vfat                    at /boot/efi
          /dev/nvme0n1p2               476 GiB                                                         crypto_LUKS
          /dev/mapper/nvme0n1p2_crypt  476 GiB                                                         LVM2_member
          /dev/mapper/vg-root          461 GiB                                                         ext4                    at /
          /dev/mapper/vg-swap          15 GiB                                                          swap                    at [SWAP]

        /dev/nvme0n1 is a system disk: /dev/nvme0n1p1 is mounted at /boot/efi; /dev/mapper/vg-root is mounted at /; /dev/mapper/vg-swap is used as swap; /dev/mapper/nvme0n1p2_crypt is in use on it (crypt); /dev/mapper/vg-root is in use on it (lvm); /dev/mapper/vg-swap is in use on it (lvm); /dev/nvme0n1p1 is an EFI system partition of a built-in disk
        "
      `);
    });

    it("leaves out what is no drive with a medium, unless all are asked for", async () => {
      const shown = async (command: string): Promise<string[]> => {
        const { disks } = JSON.parse((await run(machine("live-iso"), command)).stdout);
        return disks.map(({ kernelName }: { kernelName: string }) => kernelName);
      };
      expect(await shown("media list --json")).toEqual(["sda", "sdb", "sdc"]);
      expect(await shown("media list --json --all")).toEqual(["loop0", "sda", "sdb", "sdc", "sdd", "sr0"]);
    });

    it("tells programs the same", async () => {
      const { disks } = JSON.parse((await run(machine("sticks"), "media list --json")).stdout);
      expect(disks[3]).toMatchObject({
        path: "/dev/sdd",
        model: "Transcend 8GB",
        serial: "02J2",
        bus: "usb",
        systemDisk: false,
        mayBeUnplugged: true,
        children: [{ path: "/dev/sdd1", filesystem: "crypto_LUKS", label: "BOOTFERRY" }],
      });
      expect(disks[0]).toMatchObject({
        systemDisk: true,
        systemDiskReasons: ["/dev/sda1 is mounted at /home", "/dev/sda1 is mounted at /"],
      });
    });

    it("takes everything for a system disk where lsblk is missing", async () => {
      const volumes = [{ source: "/dev/sdb1", mountPoint: "/media/usb", sizeBytes: 1 << 30 }];
      const { HostError } = await import("../../src/host/error.ts");
      const on = machine("sticks", {
        answer: ([tool]) =>
          tool === "lsblk" ? new HostError("HOST_TOOL_MISSING", "lsblk is not installed") : undefined,
        media: { listMountedVolumes: async () => volumes },
      });
      expect((await run(on, "media list")).stdout).toContain("what kind of device it is is not known");
      expect(await run(on, "media format /dev/sdb1 --yes")).toMatchObject({
        exitStatus: 1,
        stderr: expect.stringContaining("[MEDIA_SYSTEM_DISK]"),
      });
    });
  });

  describe("format", () => {
    it("shows model, serial number and size, and erases when the serial number is typed", async () => {
      const on = machine("sticks", { typed: ["02J1"] });
      const { exitStatus, stdout, stderr } = await run(on, "media format /dev/sdc");
      expect(stderr).toContain("/dev/sdc: JetFlash Transcend 8GB, serial 02J1, 7.5 GiB, usb");
      expect(stderr).toContain('on it now: vfat "BOOTFERRY"');
      expect(stdout).toBe("/dev/sdc1 is a medium now: vfat in a GPT, label BOOTFERRY\n");
      expect(exitStatus).toBe(0);
      expect(on.ran().at(-3)).toBe("fatlabel /dev/sdc1 BOOTFERRY");
    });

    it.each<[string, MachineName, string, readonly string[] | undefined, number, string]>([
      ["a wrong serial number", "sticks", "/dev/sdc", ["02J2"], 2, "MEDIA_NOT_CONFIRMED"],
      ["no answer", "sticks", "/dev/sdc", [""], 2, "MEDIA_NOT_CONFIRMED"],
      ["no terminal and no --yes", "sticks", "/dev/sdc", undefined, 2, "MEDIA_NOT_CONFIRMED"],
      ["a system disk, sure or not", "laptop-nvme-lvm-luks", "/dev/nvme0n1 --yes", undefined, 1, "MEDIA_SYSTEM_DISK"],
      ["a mounted stick", "laptop-nvme-lvm-luks", "/dev/sda --yes", undefined, 7, "MEDIA_MOUNTED"],
      ["a partition", "laptop-nvme-lvm-luks", "/dev/sda1 --yes", undefined, 2, "MEDIA_NOT_A_DISK"],
      [
        "a label that FAT cannot hold",
        "sticks",
        "/dev/sdc --label bootferry --yes",
        undefined,
        2,
        "MEDIA_LABEL_INVALID",
      ],
      ["a file system that is none of ours", "sticks", "/dev/sdc --filesystem ntfs", undefined, 2, "CLI_USAGE"],
    ])("refuses %s and touches nothing", async (_, name, words, typed, exitStatus, code) => {
      const on = machine(name, typed === undefined ? {} : { typed });
      const result = await run(on, `media format ${words}`);
      expect(result).toMatchObject({ exitStatus, stdout: "", stderr: expect.stringContaining(`[${code}]`) });
      expect(result.stderr).toContain("help: ");
      expect(on.ran().filter((line) => !line.startsWith("lsblk"))).toEqual([]);
    });

    it("encrypts with every byte of a key file, and closes the container in the end", async () => {
      writeFileSync(join(directory, "key"), "secret\n");
      const on = machine("sticks");
      const done = await run(on, "media format /dev/sdc --yes --filesystem exfat --luks-key-file key --json");
      expect(JSON.parse(done.stdout)).toEqual({
        ...{ disk: "/dev/sdc", volume: "/dev/sdc1", filesystem: "exfat", label: "BOOTFERRY" },
        ...{ partitionTable: "gpt", encrypted: true },
      });
      const given = on.calls.filter(({ argv }) => argv[0] === "cryptsetup").map(({ options }) => options.stdin);
      expect(given.slice(0, 2).map(String)).toEqual(["secret\n", "secret\n"]);
      expect(on.ran()).toContain("cryptsetup config /dev/sdc1 --label BOOTFERRY");
    });

    it("takes a passphrase from the environment, or says where to give it", async () => {
      const on = machine("sticks");
      const env = { BOOTFERRY_LUKS_PASSPHRASE: "correct horse" };
      expect(await run(on, "media format /dev/sdc --yes --luks", env)).toMatchObject({ exitStatus: 0 });
      expect(await run(machine("sticks"), "media format /dev/sdc --yes --luks")).toMatchObject({
        exitStatus: 2,
        stderr: expect.stringContaining("[CLI_PASSPHRASE_NEEDED]"),
      });
    });
  });

  describe("eject", () => {
    it("unmounts, switches off and says that the stick can be removed", async () => {
      const on = machine("laptop-nvme-lvm-luks");
      const { stdout, exitStatus } = await run(on, "media eject /dev/sda1");
      expect(stdout).toBe("You can remove the stick.\n");
      expect(exitStatus).toBe(0);
      expect(on.ran().slice(1)).toEqual([
        "umount /media/ana/BOOTFERRY",
        "udisksctl power-off --no-user-interaction --block-device /dev/sda",
      ]);
    });

    it("leaves it on when it is to be used again", async () => {
      const on = machine("laptop-nvme-lvm-luks");
      await run(on, "media eject --no-power-off /dev/sda");
      expect(on.ran().slice(1)).toEqual(["umount /media/ana/BOOTFERRY"]);
    });

    it.each([
      ["/dev/nvme0n1", 1, "MEDIA_SYSTEM_DISK"],
      ["/dev/sdz", 6, "MEDIA_NO_SUCH_DEVICE"],
    ])("refuses %s", async (device, exitStatus, code) => {
      const result = await run(machine("laptop-nvme-lvm-luks"), `media eject ${device}`);
      expect(result).toMatchObject({ exitStatus, stderr: expect.stringContaining(`[${code}]`) });
    });
  });

  describe("write", () => {
    const RELEASE = "oci:image --name kiosk-os --compatible kiosk --release-version 1.0.0 --key release.key";
    beforeEach(async () => {
      await writeFixtureKeys(directory);
      await writeFixtureImage(directory);
    });
    const vfat = ([tool]: readonly string[]): Answer | undefined =>
      tool === "blkid" ? "ID_FS_TYPE=vfat\n" : undefined;
    const withVfat = (name: MachineName) => (argv: readonly string[]) => answersOf(name)(argv) ?? vfat(argv);
    const mounts = (on: Machine) =>
      on
        .ran()
        .filter((line) => !/^(?:lsblk|blkid|mountpoint)/.test(line))
        .map((line) => line.replaceAll(on.mountDirectory, "RUN"));

    it("mounts the labelled file system, writes, reads back what the medium holds, and ejects", async () => {
      const on = machine("sticks", { answer: withVfat("sticks") });
      const result = await run(on, `media write /dev/sdc ${RELEASE} --sequence 7 --root root.json`);
      expect(result).toMatchObject({ exitStatus: 0 });
      expect(result.stdout).toMatch(/^release {3}kiosk-os@1\.0\.0 \(sequence 7\)\n/);
      expect(result.stdout).toMatch(
        /medium {4}\/dev\/sdc\nverified {2}\d+ blobs, .* read back\n\nYou can remove the stick\.\n$/,
      );
      expect(mounts(on)).toEqual([
        "mount -t vfat -o rw,nosuid,nodev,noexec --source /dev/sdc --target RUN/sdc",
        "umount RUN/sdc",
        "mount -t vfat -o ro,nosuid,nodev,noexec,nosymfollow --source /dev/sdc --target RUN/sdc",
        "umount RUN/sdc",
        "udisksctl power-off --no-user-interaction --block-device /dev/sdc",
      ]);
    });

    it("labels a new medium only when everything on it was read back", async () => {
      const on = machine("sticks", { answer: withVfat("sticks") });
      const result = await run(on, `media write /dev/sdc ${RELEASE} --sequence 7 --format --yes --json`);
      expect(JSON.parse(result.stdout)).toMatchObject({
        device: "/dev/sdc1",
        readBack: { signaturesChecked: false },
        ejected: { poweredOff: true },
      });
      const order = mounts(on).map((line) => line.split(" ")[0]);
      expect(order.slice(-8)).toEqual([
        "mount",
        "umount",
        "mount",
        "umount",
        "fatlabel",
        "udevadm",
        "udevadm",
        "udisksctl",
      ]);
    });

    it("leaves a new medium without its label when it does not give back what was written", async () => {
      let mounted = 0;
      const on = machine("sticks", {
        answer: (argv) => {
          if (argv[0] === "mount" && ++mounted === 2) rmSync(join(on.mountDirectory, "sdc1/bootferry/index.json"));
          return withVfat("sticks")(argv);
        },
      });
      const result = await run(on, `media write /dev/sdc ${RELEASE} --sequence 7 --format --yes`);
      expect(result).toMatchObject({
        exitStatus: 6,
        stdout: "",
        stderr: expect.stringContaining("[RELEASE_WRITTEN_DIFFERS]"),
      });
      expect(on.ran().join("\n")).not.toContain("fatlabel");
      expect(mounts(on).at(-1)).toBe("umount RUN/sdc1");
    });

    it("opens an encrypted medium, closes it again and then says so", async () => {
      const closed = withoutChildrenOf("sdd1", lsblkOf("sticks"));
      const on = machine("sticks", { answer: (argv) => (argv[0] === "lsblk" ? closed : vfat(argv)) });
      const env = { BOOTFERRY_LUKS_PASSPHRASE: "correct horse" };
      const result = await run(on, `media write /dev/sdd ${RELEASE} --sequence 7`, env);
      expect(result).toMatchObject({ exitStatus: 0, stdout: expect.stringContaining("You can remove the stick.") });
      expect(mounts(on)[0]).toBe("cryptsetup open --type luks2 --key-file - /dev/sdd1 bootferry-sdd1");
      expect(mounts(on).slice(-3)).toEqual([
        "umount RUN/sdd1",
        "cryptsetup close bootferry-sdd1",
        "udisksctl power-off --no-user-interaction --block-device /dev/sdd",
      ]);
    });

    it("waits for a medium, says what comes and takes the one with the label", async () => {
      const pictures = [without("sdc"), without("sdc"), lsblkOf("sticks")];
      let looks = 0;
      const on = machine("sticks", {
        answer: (argv) => (argv[0] === "lsblk" ? pictures[Math.min(looks++, 2)] : vfat(argv)),
      });
      const result = await run(on, `media write --wait ${RELEASE} --sequence 7`);
      expect(result).toMatchObject({ exitStatus: 0 });
      expect(result.stderr).toContain("Waiting for a medium labelled BOOTFERRY: plug it in now.");
      expect(result.stderr).toContain("/dev/sdc: JetFlash Transcend 8GB, serial 02J1, 7.5 GiB, usb: taken");
      expect(result.stdout).toContain("medium    /dev/sdc\n");
    });

    it.each<[string, MachineName, string, number, string]>([
      ["a disk of the system", "laptop-nvme-lvm-luks", `/dev/nvme0n1 ${RELEASE} --sequence 1`, 1, "MEDIA_SYSTEM_DISK"],
      ["a stick without the label", "live-iso", `/dev/sdc ${RELEASE} --sequence 1`, 6, "MEDIA_NOT_LABELLED"],
      ["no device", "sticks", `${RELEASE} --sequence 1`, 2, "CLI_USAGE"],
      ["no image", "sticks", "/dev/sdc --name a --sequence 1 --key release.key", 2, "CLI_USAGE"],
      ["counting on from what it erases", "sticks", `/dev/sdc ${RELEASE} --sequence next --format`, 2, "CLI_USAGE"],
      [
        "a key that is not there",
        "sticks",
        `/dev/sdc ${RELEASE}.missing --sequence 1 --format --yes`,
        1,
        "HOST_NOT_FOUND",
      ],
    ])("refuses %s before it touches anything", async (_, name, words, exitStatus, code) => {
      const on = machine(name, { answer: withVfat(name) });
      const result = await run(on, `media write ${words}`);
      expect(result).toMatchObject({ exitStatus, stdout: "", stderr: expect.stringContaining(`[${code}]`) });
      expect(mounts(on)).toEqual([]);
      expect(existsSync(join(on.mountDirectory, "sdc"))).toBe(false);
    });
  });
});

/** The machine with sticks before this one is plugged in. */
function without(kernelName: string): string {
  const { blockdevices } = JSON.parse(lsblkOf("sticks"));
  return JSON.stringify({ blockdevices: blockdevices.filter(({ kname }: { kname: string }) => kname !== kernelName) });
}

/** The same machine with nothing opened on this partition. */
function withoutChildrenOf(kernelName: string, json: string): string {
  return JSON.stringify(
    JSON.parse(json, (_, value) => (value?.kname === kernelName ? { ...value, children: [] } : value)),
  );
}
