import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openWritableMedium } from "../../../src/media/writable-medium.ts";
import { parseAbsPath } from "../../../src/path.ts";
import { type Answer, scriptedExec } from "../../support/machines.ts";

describe("a medium to write to", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "writable-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  async function open(
    facts: { readonly type?: string; readonly mountedAt?: readonly string[]; readonly isRoot?: boolean } = {},
    answer: (argv: readonly string[]) => Answer | undefined = () => undefined,
  ) {
    const { exec, ran } = scriptedExec(
      (argv) => answer(argv) ?? (argv[0] === "mountpoint" ? { exitCode: 1 } : undefined),
    );
    const mountPoint = parseAbsPath(join(directory, "sdx1"));
    const medium = await openWritableMedium(exec, {
      device: parseAbsPath("/dev/sdx1"),
      type: facts.type ?? "vfat",
      mountedAt: facts.mountedAt ?? [],
      mountPoint,
      isRoot: facts.isRoot ?? true,
      signal: new AbortController().signal,
    });
    const words = () => ran().map((line) => line.replaceAll(directory, "DIR"));
    return { medium, words, mountPoint };
  }

  const WRITE = "mount -t vfat -o rw,nosuid,nodev,noexec --source /dev/sdx1 --target DIR/sdx1";
  const READ = "mount -t vfat -o ro,nosuid,nodev,noexec,nosymfollow --source /dev/sdx1 --target DIR/sdx1";

  it("is mounted to write, unmounted and mounted again to read, and unmounted", async () => {
    const { medium, words, mountPoint } = await open();
    expect(await medium.remountReadOnly()).toBe(mountPoint);
    await medium.close();
    await medium[Symbol.asyncDispose]();
    const mounts = words().filter((line) => !line.startsWith("mountpoint"));
    expect(mounts).toEqual([WRITE, "umount DIR/sdx1", READ, "umount DIR/sdx1"]);
    expect(existsSync(mountPoint)).toBe(false);
  });

  it("follows no links on ext4, where there may be some", async () => {
    const { words } = await open({ type: "ext4" });
    expect(words()[0]).toContain("-o rw,nosuid,nodev,noexec,nosymfollow,errors=remount-ro ");
  });

  it("is an error when it cannot be unmounted: what was written may not be there", async () => {
    const { medium } = await open({}, ([tool]) => (tool === "umount" ? { exitCode: 32 } : undefined));
    await expect(medium.close()).rejects.toMatchObject({ code: "MEDIA_BUSY" });
    await expect(medium.remountReadOnly()).rejects.toMatchObject({ code: "MEDIA_BUSY" });
    await medium[Symbol.asyncDispose](); // and what has failed before is what is told
  });

  it("is used where the desktop has mounted it, and left to it unless it is read back", async () => {
    const { medium, words } = await open({ mountedAt: ["/media/ana/BOOTFERRY"] });
    expect(medium.mountPoint).toBe("/media/ana/BOOTFERRY");
    await medium.close();
    expect(words()).toEqual([]);
    await medium.remountReadOnly();
    expect(words().filter((line) => !line.startsWith("mountpoint"))).toEqual(["umount /media/ana/BOOTFERRY", READ]);
  });

  it("is read back in place by those who may not mount it", async () => {
    const { medium, words } = await open({ mountedAt: ["/media/ana/BOOTFERRY"], isRoot: false });
    expect(await medium.remountReadOnly()).toBe("/media/ana/BOOTFERRY");
    expect(words()).toEqual([]);
  });

  it.each<[string, Parameters<typeof open>[0], Answer | undefined, string]>([
    ["by others than root when it is not mounted", { isRoot: false }, undefined, "MEDIA_NOT_MOUNTED"],
    ["when the kernel does not want it", {}, { exitCode: 32 }, "MEDIA_MOUNT_FAILED"],
  ])("cannot be opened %s", async (_, facts, answer, code) => {
    await expect(open(facts, ([tool]) => (tool === "mount" ? answer : undefined))).rejects.toMatchObject({ code });
  });
});
