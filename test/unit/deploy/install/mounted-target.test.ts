import { describe, expect, it } from "vitest";
import { findMountedTarget, isMountedTarget } from "../../../../src/deploy/install/mounted-target.ts";
import type { Exec } from "../../../../src/host/exec.ts";
import { parseAbsPath } from "../../../../src/path.ts";

const root = parseAbsPath("/mnt");
const scratch = parseAbsPath("/scratch");

interface Mounts {
  readonly [at: string]: { readonly source: string; readonly fstype: string; readonly uuid?: string };
}
const usual: Mounts = {
  "/mnt": { source: "/dev/sdb2", fstype: "ext4", uuid: "1111" },
  "/mnt/boot": { source: "/dev/sdb1", fstype: "vfat", uuid: "AB-CD" },
};

/** findmnt and blkid of a machine with these mounts. */
function machine(mounts: Mounts): Exec {
  return async (argv) => {
    const last = argv.at(-1) ?? "";
    const mount = argv[0] === "findmnt" ? mounts[last] : Object.values(mounts).find(({ source }) => source === last);
    const text =
      argv[0] === "findmnt"
        ? JSON.stringify({ filesystems: [mount] })
        : `${mount?.uuid === undefined ? "" : mount.uuid}\n`;
    return { exitCode: mount === undefined ? 1 : 0, stdout: Buffer.from(text), stderrTail: "" };
  };
}

const find = (mounts: Mounts, change: { boot?: string; rootMountSpec?: string; bootMountSpec?: string } = {}) =>
  findMountedTarget(
    machine(mounts),
    {
      root,
      boot: change.boot === undefined ? undefined : parseAbsPath(change.boot),
      rootMountSpec: change.rootMountSpec,
      bootMountSpec: change.bootMountSpec,
      scratch,
    },
    () => parseAbsPath("/dev/sdb"),
  );

describe("a mounted target", () => {
  it("is found again by the UUIDs of what is mounted", async () => {
    expect(await find(usual)).toMatchObject({
      rootMountSpec: "UUID=1111",
      boot: { type: "vfat", what: "/dev/disk/by-uuid/AB-CD", device: "/dev/sdb1" },
      disk: "/dev/sdb",
      paths: { sysroot: "/mnt", boot: "/mnt/boot", isSimulated: false },
    });
  });

  it("is found again as the command line says, with a boot partition elsewhere", async () => {
    const { "/mnt/boot": boot = { source: "", fstype: "" }, ...rest } = usual;
    const target = await find(
      { ...rest, "/efi": boot },
      { boot: "/efi", rootMountSpec: "LABEL=r", bootMountSpec: "LABEL=b" },
    );
    expect(target).toMatchObject({ rootMountSpec: "LABEL=r", boot: { what: "/dev/disk/by-label/b" } });
  });

  it.each<[string, Mounts, Parameters<typeof find>[1], string]>([
    ["nothing is mounted", {}, {}, "DEPLOY_TARGET_NOT_MOUNTED"],
    [
      "there is no boot partition",
      { "/mnt": { source: "/dev/sdb2", fstype: "ext4" } },
      {},
      "DEPLOY_TARGET_NOT_MOUNTED",
    ],
    [
      "no loader reads its boot partition",
      { ...usual, "/mnt/boot": { source: "/dev/sdb1", fstype: "xfs", uuid: "1" } },
      {},
      "DEPLOY_TARGET_NOT_MOUNTED",
    ],
    [
      "its root has no UUID",
      { ...usual, "/mnt": { source: "tmpfs", fstype: "tmpfs" } },
      {},
      "DEPLOY_MOUNT_SPEC_INVALID",
    ],
    ["its root is named by nonsense", usual, { rootMountSpec: "nonsense" }, "DEPLOY_MOUNT_SPEC_INVALID"],
  ])("is refused when %s", async (_what, mounts, change, code) => {
    await expect(find(mounts, change)).rejects.toMatchObject({ code });
  });

  it.each<[string, Mounts, boolean]>([
    ["both are mounted from devices", usual, true],
    ["only the root is mounted", { "/mnt": { source: "/dev/sdb2", fstype: "ext4" } }, false],
    ["what is mounted is no device", { ...usual, "/mnt": { source: "tmpfs", fstype: "tmpfs" } }, false],
    ["nothing is mounted", {}, false],
  ])("is told from a directory by whether %s", async (_what, mounts, expected) => {
    expect(await isMountedTarget(machine(mounts), root)).toBe(expected);
  });
});
