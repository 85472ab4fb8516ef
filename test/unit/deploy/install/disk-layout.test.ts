import { describe, expect, it } from "vitest";
import { type DiskWishes, formatSfdiskScript, planDiskLayout } from "../../../../src/deploy/install/disk-layout.ts";

const GIB = 2 ** 30;
const wishes: DiskWishes = { loader: "systemd-boot", architecture: "amd64", diskBytes: 16 * GIB, neededBytes: GIB };
const script = (change: Partial<DiskWishes>) =>
  formatSfdiskScript(planDiskLayout({ ...wishes, ...change })).split("\n");

describe("the layout of a disk", () => {
  it.each<[string, Partial<DiskWishes>, readonly string[]]>([
    [
      "an ESP and the rest for root, for systemd-boot",
      {},
      [
        'size=1024MiB, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name="ESP"',
        'type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name="root"',
      ],
    ],
    [
      "the same where no loader is installed, with the root type of the architecture",
      { loader: "none", architecture: "arm/v7" },
      [
        'size=1024MiB, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name="ESP"',
        'type=69DAD710-2CE4-4E3C-B16C-21A1D49ABED3, name="root"',
      ],
    ],
    [
      "a place for its core and a boot partition that it can read, for GRUB",
      { loader: "grub" },
      [
        'size=1MiB, type=21686148-6449-6E6F-744E-656564454649, name="bios"',
        'size=1024MiB, type=BC13C2FF-59E6-4262-A352-B275FD6F7172, name="boot"',
        'type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name="root"',
      ],
    ],
    [
      "a smaller boot partition on a small disk",
      { diskBytes: 4 * GIB },
      [
        'size=512MiB, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name="ESP"',
        'type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name="root"',
      ],
    ],
    [
      "the sizes that were asked for, in whole MiB, and a plain type for an architecture without one",
      { bootBytes: 300 * 2 ** 20 + 5, rootBytes: 2 * GIB, architecture: "mips64" },
      [
        'size=300MiB, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name="ESP"',
        'size=2048MiB, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name="root"',
      ],
    ],
  ])("is %s", (_what, change, partitions) => {
    expect(script(change)).toEqual(["label: gpt", ...partitions, ""]);
  });

  it.each<[string, Partial<DiskWishes>]>([
    ["a disk that cannot hold the release", { diskBytes: GIB }],
    ["a root partition that cannot hold the release", { rootBytes: GIB / 2 }],
    ["partitions that are larger than the disk", { rootBytes: 15 * GIB + GIB / 2 }],
    ["a boot partition that no file system fits", { bootBytes: 2 ** 20 }],
  ])("refuses %s", (_what, change) => {
    expect(() => script(change)).toThrow(expect.objectContaining({ code: "DEPLOY_DISK_TOO_SMALL" }));
  });

  it("is left to the board with U-Boot, which a new table may overwrite", () => {
    const error = { code: "DEPLOY_NO_LOADER", message: expect.stringContaining("to-filesystem") };
    expect(() => script({ loader: "u-boot" })).toThrow(expect.objectContaining(error));
  });

  it("labels file systems as the image asks", () => {
    const layout = planDiskLayout({ ...wishes, rootLabel: "kiosk", bootLabel: "KIOSKBOOT" });
    expect(layout.map(({ filesystem }) => filesystem?.label)).toEqual(["KIOSKBOOT", "kiosk"]);
  });
});
