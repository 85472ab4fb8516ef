import { describe, expect, it } from "vitest";
import { HostError } from "../../../src/host/error.ts";
import type { MountedVolume } from "../../../src/host/mounted-volumes.ts";
import { parseBlkid } from "../../../src/media/blkid.ts";
import { findDevice } from "../../../src/media/block-device.ts";
import { listBlockDevices } from "../../../src/media/list-block-devices.ts";
import { type Answer, lsblkOf, type MachineName, machineExec, scriptedExec } from "../../support/machines.ts";

interface Setting {
  readonly machine?: MachineName;
  readonly volumes?: readonly MountedVolume[] | Error;
  readonly isUdevRunning?: boolean;
  readonly answer?: (argv: readonly string[]) => Answer | undefined;
}

function list({ machine = "sticks", volumes = [], isUdevRunning = true, answer = () => undefined }: Setting) {
  const { exec } = machineExec(machine, answer);
  const listMountedVolumes = async () => {
    if (volumes instanceof Error) throw volumes;
    return volumes;
  };
  return listBlockDevices({ exec, listMountedVolumes, isUdevRunning: () => isUdevRunning });
}

const volume = (source: string, mountPoint: string): MountedVolume => ({ source, mountPoint, sizeBytes: 1024 });
const missing = new HostError("HOST_TOOL_MISSING", "lsblk is not installed");

describe("the block devices of a machine", () => {
  it("are asked of lsblk, as JSON and in bytes", async () => {
    const { exec, ran } = machineExec("sticks");
    await listBlockDevices({ exec, listMountedVolumes: async () => [], isUdevRunning: () => true });
    expect(ran()).toEqual([expect.stringMatching(/^lsblk --json --bytes --output NAME,KNAME,.*,MOUNTPOINTS$/)]);
  });

  it("are asked for by the older name of a column when lsblk does not know the new one", async () => {
    const devices = await list({
      answer: (argv) => {
        if (argv[0] !== "lsblk") return undefined;
        return argv.join(" ").endsWith("MOUNTPOINTS") ? { exitCode: 1 } : lsblkOf("old-lsblk");
      },
    });
    expect(devices[0]?.children[0]?.mountPoints).toEqual(["/"]);
  });

  it("are mounted where df says so, even when lsblk does not", async () => {
    const devices = await list({
      volumes: [volume("/dev/sdc", "/srv"), volume("/dev/sda1", "/"), volume("tmpfs", "/run")],
    });
    expect(findDevice(devices, "sdc")?.device.mountPoints).toEqual(["/srv"]);
    expect(findDevice(devices, "sda1")?.device.mountPoints).toEqual(["/home", "/"]);
  });

  it("are not mounted twice because df's mount points end at a space", async () => {
    const devices = await list({ volumes: [volume("/dev/mapper/luks-cccccccc", "/run/media/ana/BOOT")] });
    expect(findDevice(devices, "dm-0")?.device.mountPoints).toEqual(["/run/media/ana/BOOTFERRY"]);
  });

  it("are told by lsblk alone when df fails", async () => {
    expect(await list({ volumes: new HostError("HOST_TOOL_FAILED", "df") })).toHaveLength(9);
  });

  it("are, without lsblk, what df names, of a kind that is not known", async () => {
    const answer = (argv: readonly string[]) => (argv[0] === "lsblk" ? missing : undefined);
    const volumes = [volume("/dev/sda1", "/"), volume("overlay", "/x")];
    expect(await list({ answer, volumes })).toMatchObject([
      { path: "/dev/sda1", kind: "unknown", mountPoints: ["/"], sizeBytes: 1024, serial: undefined },
    ]);
  });

  it("are asked what is on them where no udev has looked", async () => {
    const answers: Readonly<Record<string, string>> = {
      "/dev/sde": "ID_FS_TYPE=ext4\nID_FS_LABEL=BOOT_FERRY\nID_FS_LABEL_ENC=BOOT\\x20FERRY\nID_FS_UUID_ENC=u-1\n",
      "/dev/sda": "ID_PART_TABLE_TYPE=gpt\n",
    };
    const devices = await list({
      isUdevRunning: false,
      answer: ([tool, ...args]) => (tool === "blkid" ? (answers[args.at(-1) ?? ""] ?? { exitCode: 2 }) : undefined),
    });
    expect(findDevice(devices, "sde")?.device).toMatchObject({ filesystem: "ext4", label: "BOOT FERRY", uuid: "u-1" });
    expect(findDevice(devices, "sdc")?.device).toMatchObject({ filesystem: "vfat", label: "BOOTFERRY" });
  });

  it("stay unknown where they cannot be read", async () => {
    const { exec } = scriptedExec(([tool]) => (tool === "lsblk" ? lsblkOf("sticks") : missing));
    const devices = await listBlockDevices({ exec, listMountedVolumes: async () => [], isUdevRunning: () => false });
    expect(findDevice(devices, "sde")?.device.filesystem).toBeUndefined();
  });

  it("end the list when lsblk hangs", async () => {
    const hangs = new HostError("HOST_TOOL_TIMEOUT", "lsblk did not end");
    const answer = ([tool]: readonly string[]) => (tool === "lsblk" ? hangs : undefined);
    await expect(list({ answer })).rejects.toMatchObject({ code: "HOST_TOOL_TIMEOUT" });
  });
});

describe("what blkid says", () => {
  it("is read as it was written on the device, escapes undone", () => {
    expect(parseBlkid("ID_FS_TYPE=exfat\nID_FS_LABEL_ENC=Gr\\xc3\\xbcn\\x20\\x5c\n")).toEqual({
      filesystem: "exfat",
      label: "Grün \\",
      uuid: undefined,
      partitionTable: undefined,
    });
    expect(parseBlkid("")).toMatchObject({ filesystem: undefined, label: undefined });
  });
});
