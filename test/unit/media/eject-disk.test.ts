import { describe, expect, it } from "vitest";
import { deleteDiskOnHost, type EjectPorts, powerOff, releaseDisk } from "../../../src/media/eject-disk.ts";
import { type Answer, blankDisk, devicesOf, scriptedExec } from "../../support/machines.ts";

function setUp(
  answer: (argv: readonly string[]) => Answer | undefined = () => undefined,
  changes: Partial<EjectPorts> = {},
) {
  const { exec, ran } = scriptedExec(answer);
  const ports: EjectPorts = {
    exec,
    hasTool: () => true,
    note: () => undefined,
    isRoot: true,
    deleteDisk: () => false,
    ...changes,
  };
  return { ports, ran };
}

const opened = devicesOf("sticks").find(({ kernelName }) => kernelName === "sdd") ?? blankDisk();

describe("letting go of a disk", () => {
  it("unmounts what is inside an encrypted container before it closes it", async () => {
    const { ports, ran } = setUp();
    await releaseDisk(opened, ports);
    expect(ran()).toEqual(["umount /run/media/ana/BOOTFERRY", "cryptsetup close luks-cccccccc"]);
  });

  it("asks udisks when it is not root", async () => {
    const { ports, ran } = setUp(undefined, { isRoot: false });
    await releaseDisk(opened, ports);
    expect(ran()).toEqual([
      "udisksctl unmount --no-user-interaction --block-device /dev/mapper/luks-cccccccc",
      "udisksctl lock --no-user-interaction --block-device /dev/sdd1",
    ]);
  });

  it("unmounts all mounts, the newest first", async () => {
    const { ports, ran } = setUp();
    await releaseDisk(blankDisk({ mountPoints: ["/mnt/a", "/mnt/a/b"] }), ports);
    expect(ran()).toEqual(["umount /mnt/a/b", "umount /mnt/a"]);
  });

  it("says that it is busy, and does not go on", async () => {
    const { ports, ran } = setUp(([tool]) => (tool === "umount" ? { exitCode: 32 } : undefined));
    await expect(releaseDisk(opened, ports)).rejects.toMatchObject({ code: "MEDIA_BUSY" });
    expect(ran()).toHaveLength(1);
  });
});

describe("switching a disk off", () => {
  const UDISKS = "udisksctl power-off --no-user-interaction --block-device /dev/sdx";

  it.each<[string, (argv: readonly string[]) => Answer | undefined, Partial<EjectPorts>, boolean, readonly string[]]>([
    ["by udisks", () => undefined, {}, true, [UDISKS]],
    [
      "by eject when udisks does not answer",
      ([tool]) => (tool === "udisksctl" ? { exitCode: 1 } : undefined),
      {},
      true,
      [UDISKS, "eject /dev/sdx"],
    ],
    [
      "by eject when there is no udisks",
      () => undefined,
      { hasTool: (name) => name === "eject" },
      true,
      ["eject /dev/sdx"],
    ],
    [
      "by the kernel when there is neither",
      () => undefined,
      { hasTool: () => false, deleteDisk: () => true },
      true,
      [],
    ],
    ["not at all when nothing can", () => ({ exitCode: 1 }), {}, false, [UDISKS, "eject /dev/sdx"]],
  ])("%s", async (_, answer, changes, expected, commands) => {
    const { ports, ran } = setUp(answer, changes);
    expect(await powerOff(blankDisk(), ports)).toBe(expected);
    expect(ran()).toEqual(commands);
  });

  it("leaves loop devices alone", async () => {
    const { ports, ran } = setUp();
    expect(await powerOff(blankDisk({ kind: "loop" }), ports)).toBe(false);
    expect(ran()).toEqual([]);
  });
});

describe("taking a disk away from the kernel", () => {
  it("is not done where there is no such switch", () => {
    expect(deleteDiskOnHost({ kernelName: "no-such-disk" })).toBe(false);
  });
});
