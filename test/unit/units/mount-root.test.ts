/**
 * mount-root of the initramfs, run by this machine's sh with tools that only write down how they were called. What the
 * kernel makes of it is seen in the initramfs matrix (test/vm/initramfs).
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const MOUNT_ROOT = fileURLToPath(new URL("../../../units/initramfs/lib/mount-root", import.meta.url));
const HEX = "ab".repeat(32);
const ID = "abababababab.1";
const GOOD = `root=/dev/vda rw composefs.digest=v1-sha256-12:${HEX} bootferry.deployment=${ID}`;

interface Machine {
  readonly commandLine: string;
  /** `uname -r`. */
  readonly kernel?: string;
  /** Does the kernel know fs-verity? */
  readonly hasVerity?: boolean;
  /** What `fsverity measure` says of the image; nothing for one that is not sealed. */
  readonly measured?: string;
  /** What `fsverity digest` says of it; nothing when it cannot be read. */
  readonly digested?: string;
  /** Has systemd-boot counted a try? */
  readonly isOnTrial?: boolean;
  /** Calls that contain one of these fail. */
  readonly failing?: readonly string[];
  /** Paths that are not there. */
  readonly missing?: readonly string[];
}

interface Outcome {
  readonly status: number | null;
  readonly calls: readonly string[];
  readonly said: string;
  /** Options of the overlay mounts that were tried, in their order. */
  readonly overlays: readonly string[];
}

function run(machine: Machine): Outcome {
  const directory = mkdtempSync(join(tmpdir(), "mount-root-"));
  try {
    return runIn(directory, machine);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function runIn(directory: string, machine: Machine): Outcome {
  const at = (path: string) => join(directory, path);
  const write = (path: string, content: string, mode = 0o644) => {
    mkdirSync(join(at(path), ".."), { recursive: true });
    writeFileSync(at(path), content, { mode });
  };
  for (const name of ["mount", "umount", "modprobe", "reboot", "sleep"]) write(`tools/${name}`, tool(name), 0o755);
  const sealed = machine.measured ?? `sha256:${HEX} image`;
  const digested = machine.digested ?? `sha256:${HEX} image`;
  const fsverity = `case $1 in measure) v='${sealed}' ;; digest) v='${digested}' ;; esac\n[ -n "$v" ] && echo "$v"\n`;
  write("tools/fsverity", `${tool("fsverity")}${fsverity}`, 0o755);
  write("failing", (machine.failing ?? []).map((part) => `${part}\n`).join(""));
  write("calls", "");
  write("proc/cmdline", `${machine.commandLine}\n`);
  write("proc/sys/kernel/osrelease", `${machine.kernel ?? "6.12.107-amd64"}\n`);
  write("proc/sysrq-trigger", "");
  write("sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", "");
  if (machine.isOnTrial) write("sys/firmware/efi/efivars/LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", "");
  if (machine.hasVerity ?? true) write("sys/fs/ext4/features/verity", "supported\n");
  for (const name of ["objects", "var", `deploy/${ID}/etc`]) {
    mkdirSync(at(`work/physical/bootferry/${name}`), { recursive: true });
  }
  write(`work/physical/bootferry/images/${HEX}.cfs`, "image");
  for (const name of ["etc", "var", "sysroot"]) mkdirSync(at(`root/${name}`), { recursive: true });
  for (const path of machine.missing ?? []) rmSync(at(path), { recursive: true });

  const { status, stdout } = spawnSync("sh", [MOUNT_ROOT, at("root")], {
    env: {
      BOOTFERRY_TOOLS: at("tools"),
      BOOTFERRY_PROC: at("proc"),
      BOOTFERRY_SYS: at("sys"),
      BOOTFERRY_CONSOLE: at("console"),
      BOOTFERRY_WORK: at("work"),
      BOOTFERRY_PAUSE_SECONDS: "0",
      TEST_DIRECTORY: directory,
    },
    encoding: "utf8",
    timeout: 30_000,
  });
  const text = readFileSync(at("calls"), "utf8").replaceAll(directory, "");
  const calls = text.split("\n").filter((line) => line !== "");
  const overlays = calls.flatMap((call) => /^mount -t overlay -o (\S+)/.exec(call)?.[1] ?? []);
  const said = stdout.replaceAll(directory, "");
  return { status, calls, said, overlays };
}

function tool(name: string): string {
  return `#!/bin/sh
call="${name} $*"
echo "$call" >>"$TEST_DIRECTORY/calls"
while read -r part; do case $call in *"$part"*) exit 32 ;; esac; done <"$TEST_DIRECTORY/failing"
`;
}

const REQUIRE = /verity=require/;

describe("mount-root", () => {
  it("does nothing without bootferry.deployment on the command line", () => {
    expect(run({ commandLine: "root=/dev/vda rw" })).toEqual({ status: 0, calls: [], said: "", overlays: [] });
  });

  it("mounts the deployment, and the physical root below it", () => {
    const { status, calls, said } = run({ commandLine: `${GOOD} bootferry.verity=required` });
    expect(status).toBe(0);
    expect(calls.filter((call) => /^u?mount/.test(call))).toEqual([
      "mount -o bind /root /work/physical",
      "umount -l /root",
      "mount -o remount,rw /work/physical",
      `mount -t erofs -o ro,loop /work/physical/bootferry/images/${HEX}.cfs /work/image`,
      "mount -t overlay -o ro,metacopy=on,redirect_dir=on,verity=require,lowerdir=/work/image::/work/physical/bootferry/objects composefs /root",
      "umount -l /work/image",
      `mount -o bind /work/physical/bootferry/deploy/${ID}/etc /root/etc`,
      "mount -o bind /work/physical/bootferry/var /root/var",
      "mount -o bind /work/physical /root/sysroot",
      "umount -l /work/physical",
    ]);
    expect(said).toBe(`bootferry: deployment ${ID}, fs-verity required\n`);
  });

  it.each([
    ["deployment", `${GOOD} bootferry.deployment=ffffffffffff.2`],
    ["digest", `${GOOD} composefs.digest=v1-sha256-12:${"00".repeat(32)}`],
    ["level", `${GOOD} bootferry.verity=required bootferry.verity=off`],
  ])("believes the first %s, since a later one is not the boot entry's", (_, commandLine) => {
    const { status, calls, said } = run({ commandLine });
    expect(status).toBe(0);
    expect(said).toContain(`deployment ${ID}`);
    expect(calls.join("\n")).toMatch(REQUIRE);
  });

  it.each([
    ["an id with a slash", `bootferry.deployment=../x composefs.digest=v1-sha256-12:${HEX}`],
    ["an id that starts with a dot", `bootferry.deployment=.a composefs.digest=v1-sha256-12:${HEX}`],
    ["an id with two dots", `bootferry.deployment=a.1.2 composefs.digest=v1-sha256-12:${HEX}`],
    ["no digest", `bootferry.deployment=${ID}`],
    ["a digest of another kind", `bootferry.deployment=${ID} composefs.digest=${HEX}`],
    ["a short digest", `bootferry.deployment=${ID} composefs.digest=v1-sha256-12:abab`],
    ["a digest in capitals", `bootferry.deployment=${ID} composefs.digest=v1-sha256-12:${HEX.toUpperCase()}`],
    ["a digest with a glob", `bootferry.deployment=${ID} composefs.digest=v1-sha256-12:*`],
    ["a level that there is not", `${GOOD} bootferry.verity=maybe`],
  ])("reboots at %s, before it mounts anything", (_, commandLine) => {
    const { status, calls, said } = run({ commandLine });
    expect(status).toBe(1);
    expect(calls).toContain("reboot -f");
    expect(calls.filter((call) => call.startsWith("mount"))).toEqual([]);
    expect(said).toMatch(/^bootferry: cannot start deployment/);
  });

  const NEW = "6.6.0";
  const OLD = "6.1.0-32-amd64";
  it.each([
    { verity: "required", kernel: NEW, hasVerity: true, tried: ["verity ::"] },
    { verity: "required", kernel: OLD, hasVerity: true, tried: ["verity ::"] },
    { verity: "required", kernel: NEW, hasVerity: false, tried: ["verity ::"] },
    { verity: "on", kernel: NEW, hasVerity: true, tried: ["verity ::"] },
    { verity: "on", kernel: "10.0-rc1", hasVerity: true, tried: ["verity ::"] },
    { verity: "on", kernel: "6.5.9", hasVerity: true, tried: ["verity ::", "::", ":"] },
    { verity: "on", kernel: OLD, hasVerity: true, tried: ["verity ::", "::", ":"] },
    { verity: "on", kernel: NEW, hasVerity: false, tried: ["::", ":"] },
    { verity: "off", kernel: NEW, hasVerity: true, tried: ["::", ":"] },
    { verity: "off", kernel: OLD, hasVerity: true, tried: ["::", ":"] },
  ])("$verity on $kernel (fs-verity: $hasVerity) goes down to $tried and then reboots", (row) => {
    const { verity, kernel, hasVerity, tried } = row;
    const commandLine = `${GOOD} bootferry.verity=${verity}`;
    const { status, calls, overlays } = run({ commandLine, kernel, hasVerity, failing: ["mount -t overlay"] });
    const shapes = overlays.map((options) => `${REQUIRE.test(options) ? "verity " : ""}${/:+/.exec(options)}`);
    expect(shapes).toEqual(tried);
    expect(status).toBe(1);
    expect(calls).toContain("reboot -f");
  });

  it.each([
    { verity: "required", measured: "", isMounted: false },
    { verity: "required", measured: `sha256:${"cd".repeat(32)} image`, isMounted: false },
    { verity: "required", digested: `sha256:${"cd".repeat(32)} image`, isMounted: false },
    { verity: "on", measured: "", isMounted: true },
    { verity: "on", measured: "", digested: `sha256:${"cd".repeat(32)} image`, isMounted: false },
    { verity: "on", measured: "", digested: "", isMounted: false },
    { verity: "on", measured: `sha512:${HEX} image`, isMounted: false },
    { verity: "off", measured: "", isMounted: true },
    { verity: "off", measured: "", digested: `sha256:${"cd".repeat(32)} image`, isMounted: false },
  ])("$verity: an image measured as '$measured', digested as '$digested' is mounted: $isMounted", (row) => {
    const { verity, isMounted, ...image } = row;
    const { status, calls } = run({ commandLine: `${GOOD} bootferry.verity=${verity}`, ...image });
    expect(status).toBe(isMounted ? 0 : 1);
    expect(calls.some((call) => call.startsWith("mount -t erofs"))).toBe(isMounted);
  });

  it.each([
    { isOnTrial: true, measured: undefined, isMounted: false, why: "is damaged" },
    { isOnTrial: false, measured: undefined, isMounted: true, why: "is damaged: what stands in the damaged part" },
    { isOnTrial: true, measured: "", isMounted: false, why: "cannot be read" },
    { isOnTrial: false, measured: "", isMounted: false, why: "cannot be read" },
  ])("an image that cannot be read to its end, on trial: $isOnTrial, measured as $measured: $why", (row) => {
    const { isOnTrial, measured, isMounted, why } = row;
    const sealed = measured === undefined ? {} : { measured };
    const { status, calls, said } = run({ commandLine: GOOD, digested: "", isOnTrial, ...sealed });
    expect(status).toBe(isMounted ? 0 : 1);
    expect(calls.includes("reboot -f")).toBe(!isMounted);
    expect(calls.some((call) => call.startsWith("mount -t erofs"))).toBe(isMounted);
    expect(said).toContain(`/bootferry/images/${HEX}.cfs ${why}`);
  });

  it.each([
    { words: " bootferry.trial=1", isMounted: false },
    { words: " bootferry.trial=", isMounted: true },
    { words: " bootferry.trial=1 quiet", isMounted: true }, // not the last one, so not the loader's
  ])("an image that cannot be read to its end, started by GRUB or U-Boot with $words: mounted $isMounted", (row) => {
    const { status, calls } = run({ commandLine: `${GOOD}${row.words}`, digested: "" });
    expect(status).toBe(row.isMounted ? 0 : 1);
    expect(calls.includes("reboot -f")).toBe(!row.isMounted);
  });

  it("leaves the variables of the firmware as it found them", () => {
    const variables = "/sys/firmware/efi/efivars";
    const { calls } = run({ commandLine: GOOD, digested: "" });
    expect(calls.filter((call) => call.endsWith(variables))).toEqual([
      `mount -t efivarfs -o ro,nosuid,nodev,noexec efivarfs ${variables}`,
      `umount ${variables}`,
    ]);
    const mounted = run({ commandLine: GOOD, digested: "", failing: ["mount -t efivarfs"] });
    expect(mounted.calls).not.toContain(`umount ${variables}`);
  });

  const steps = ["-o bind /", "-o remount,rw", "-t erofs", "-t overlay"];
  const broken: [what: string, part: Partial<Machine>][] = [
    ...steps.map((step): [string, Partial<Machine>] => [`a failing mount ${step}`, { failing: [`mount ${step}`] }]),
    ["an /etc that cannot be bound", { failing: ["/root/etc"] }],
    ["a /var that cannot be bound", { failing: ["/root/var"] }],
    ["a /sysroot that cannot be bound", { failing: ["/root/sysroot"] }],
    ["an image that stays", { failing: ["umount -l"] }],
    ["no objects", { missing: ["work/physical/bootferry/objects"] }],
    ["no /var of the machine", { missing: ["work/physical/bootferry/var"] }],
    ["no directory of the deployment", { missing: [`work/physical/bootferry/deploy/${ID}`] }],
    ["no image", { missing: [`work/physical/bootferry/images/${HEX}.cfs`] }],
    ["no /sysroot in the image", { missing: ["root/sysroot"] }],
    ["no /etc in the image", { missing: ["root/etc"] }],
  ];
  it.each(broken)("reboots and says why: %s", (_, part) => {
    const { status, calls, said } = run({ commandLine: `${GOOD} bootferry.verity=required`, ...part });
    expect(status).toBe(1);
    expect(calls).toContain("reboot -f");
    expect(said).toMatch(/^bootferry: cannot start deployment abababababab\.1: \S/);
    expect(said).toMatch(/rebooting in 0 s/);
  });
});
