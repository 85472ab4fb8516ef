import { describe, expect, it } from "vitest";
import { requireInstallable } from "../../../../src/deploy/install/target-disk.ts";
import type { BlockDevice } from "../../../../src/media/block-device.ts";
import { parseAbsPath } from "../../../../src/path.ts";
import { blankDisk } from "../../../support/machines.ts";

/** Built in, unless `change` says otherwise. */
const device = (path: string, change: Partial<BlockDevice> = {}): BlockDevice =>
  blankDisk({
    ...{ path: parseAbsPath(path), kernelName: path.slice("/dev/".length) },
    ...{ isRemovable: false, isHotplug: false, bus: "sata", ...change },
  });
const part = (change: Partial<BlockDevice>) => device("/dev/sda1", { kind: "part", ...change });
const root = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709";

describe("a disk to install onto", () => {
  it.each<[string, BlockDevice]>([
    ["may be empty", device("/dev/sda")],
    ["may be built in and hold an older system", device("/dev/sda", { children: [part({ partitionType: root })] })],
    ["may be a disk image", device("/dev/loop0", { kind: "loop" })],
  ])("%s", (_what, disk) => {
    expect(() => requireInstallable({ disk, device: disk }, [disk])).not.toThrow();
  });

  it.each<[string, BlockDevice, string]>([
    ["be read-only", device("/dev/sda", { isReadOnly: true }), "DEPLOY_DISK_UNSUITABLE"],
    ["be a drive for discs", device("/dev/sr0", { kind: "rom" }), "DEPLOY_DISK_UNSUITABLE"],
    ["be mounted", device("/dev/sda", { mountPoints: ["/mnt"] }), "DEPLOY_DISK_IN_USE"],
    ["be swapped to", device("/dev/sda", { children: [part({ mountPoints: ["[SWAP]"] })] }), "DEPLOY_DISK_IN_USE"],
    [
      "hold the running system",
      device("/dev/sda", { children: [part({ mountPoints: ["/sysroot"] })] }),
      "DEPLOY_DISK_IN_USE",
    ],
    [
      "hold an open volume",
      device("/dev/sda", { children: [part({ children: [device("/dev/dm-0", { kind: "crypt" })] })] }),
      "DEPLOY_DISK_IN_USE",
    ],
    ["belong to a pool", device("/dev/sda", { filesystem: "zfs_member" }), "DEPLOY_DISK_IN_USE"],
  ])("must not %s", (_what, disk, code) => {
    expect(() => requireInstallable({ disk, device: disk }, [disk])).toThrow(expect.objectContaining({ code }));
  });

  it("is a whole one", () => {
    const partition = part({});
    const disk = device("/dev/sda", { children: [partition] });
    expect(() => requireInstallable({ disk, device: partition }, [disk])).toThrow(
      expect.objectContaining({ code: "DEPLOY_DISK_UNSUITABLE" }),
    );
  });
});
