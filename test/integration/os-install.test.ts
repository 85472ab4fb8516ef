/**
 * `os install` onto disks and mounted partitions, on a machine on which partitioning, formatting and mounting are only
 * remembered: what is written lands in the directories that the file systems would be mounted at.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runInProcess } from "../support/cli-in-process.ts";
import { fakeMachine } from "../support/media-host.ts";
import { type FixtureEntry, writeOciLayout } from "../support/oci-fixtures.ts";

const GIB = 2 ** 30;
let directory: string;
let count = 0;

const cli = (...args: string[]) => runInProcess(directory, args);
const succeed = async (run: ReturnType<typeof cli>) => {
  const { exitStatus, stderr, stdout } = await run;
  if (exitStatus !== 0) throw new Error(`exit status ${exitStatus}: ${stderr}`);
  return stdout;
};

const directories = [
  ...["usr/", "usr/lib/", "usr/lib/modules/", "usr/lib/modules/6.1/", "etc/", "var/", "sysroot/", "boot/"],
  ...[
    "usr/lib/systemd/",
    "usr/lib/systemd/boot/",
    "usr/lib/systemd/boot/efi/",
    "usr/lib/bootc/",
    "usr/lib/bootc/install/",
  ],
];
const image = (change: Readonly<Record<string, string | undefined>> = {}): FixtureEntry[] => {
  const files: Record<string, string | undefined> = {
    "usr/lib/modules/6.1/vmlinuz": "a kernel\n".repeat(50),
    "usr/lib/modules/6.1/initramfs.img": "an initramfs\n".repeat(50),
    "usr/lib/systemd/boot/efi/systemd-bootx64.efi": "a loader\n".repeat(50),
    "usr/lib/bootc/install/10-kiosk.toml": `# ${"x".repeat(80)}\n[install]\nkargs = ["console=ttyS0", "splash"]\nkarg-deletes = ["splash", "gone"]\n`,
    "etc/hostname": "kiosk\n",
    ...change,
  };
  const kept = directories.filter((name) => !(name in change && change[name] === undefined));
  return [
    ...kept.map((name): FixtureEntry => ({ name, type: "directory" })),
    { name: "root", type: "symlink", linkname: "var/roothome" },
    ...Object.entries(files).flatMap(([name, content]) => (content === undefined ? [] : [{ name, content }])),
  ];
};

async function makeStick(name: string, entries: FixtureEntry[]): Promise<void> {
  await writeOciLayout(join(directory, `image-${name}`), [
    { tag: "latest", images: [{ layers: [{ entries }], architecture: "amd64" }] },
  ]);
  mkdirSync(join(directory, name));
  const release = ["--name", "kiosk-os", "--release-version", "1.0", "--sequence", "1", "--compatible", "kiosk"];
  const source = `oci:${join(directory, `image-${name}`)}:latest`;
  await succeed(cli("release", "create", source, "--to", name, ...release, "--key", "release.key"));
}

beforeAll(async () => {
  directory = mkdtempSync(`${tmpdir()}/os-install-`);
  for (const key of ["root", "release"]) await succeed(cli("key", "generate", key, "--no-passphrase"));
  await succeed(cli("root", "create", "--root-key", "root.key", "--release-key", "release.pub", "--out", "root.json"));
  writeFileSync(
    join(directory, "agent.toml"),
    '[device]\ncompatible = "kiosk"\narchitecture = "amd64"\n[follow]\nname = "kiosk-os"\n[store]\nfs-verity = "off"\n',
  );
  writeFileSync(join(directory, "keys"), "ssh-ed25519 AAAA operator\n");
  await makeStick("stick", image());
  await makeStick("no-sysroot", image({ "sysroot/": undefined }));
  await makeStick("xfs", image({ "usr/lib/bootc/install/20-fs.toml": '[install]\nroot-fs-type = "xfs"\n' }));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Disk {
  readonly signatures?: readonly string[];
  readonly mountPoints?: readonly string[];
  readonly bytes?: number;
}

/** A machine with the disk /dev/sdx. What was installed is copied to `result` when it is unmounted. */
function machine({ signatures = [], mountPoints = [], bytes = 8 * GIB }: Disk = {}, typed?: readonly string[]) {
  const result = join(directory, `result-${count++}`);
  let loops = 0;
  const disk = {
    ...{ name: "sdx", kname: "sdx", path: "/dev/sdx", type: "disk", size: bytes, ro: false, rm: false, hotplug: false },
    ...{ tran: "sata", vendor: "ACME", model: "Disk", serial: "S1", fstype: null, label: null, uuid: null },
    ...{ pttype: null, parttype: null, mountpoints: mountPoints, subsystems: "block" },
  };
  const partition = (number: number) => ({ node: `/dev/sdx${number}`, start: number * 2048, size: 2048 });
  const answers: Readonly<Record<string, (argv: readonly string[]) => string>> = {
    lsblk: () => JSON.stringify({ blockdevices: [disk] }),
    wipefs: () => JSON.stringify({ signatures: signatures.map((type) => ({ type })) }),
    sfdisk: (argv) =>
      argv.includes("--json")
        ? JSON.stringify({ partitiontable: { sectorsize: 512, partitions: [partition(1), partition(2)] } })
        : "",
    losetup: () => `/dev/loop${100 + loops++}\n`,
    umount: ([, at = ""]) => {
      cpSync(at, join(result, basename(at)), { recursive: true, verbatimSymlinks: true });
      return "";
    },
  };
  const { ports, calls } = fakeMachine({
    answer: (argv) => answers[argv[0] ?? ""]?.(argv),
    ...(typed === undefined ? {} : { typed }),
  });
  const install = (...args: string[]) => {
    const source = args.includes("--medium") ? [] : ["--medium", "stick"];
    const given = [
      "--trust-root",
      "root.json",
      "--agent-config",
      "agent.toml",
      ...source,
      "--boot-loader",
      "systemd-boot",
      ...args,
    ];
    return runInProcess(directory, ["os", "install", "to-disk", "/dev/sdx", ...given], {}, ports);
  };
  const hasWritten = () => calls.some((call) => /^(?:sfdisk --quiet|mkfs|mount)/.test(JSON.stringify(call)));
  const read = (...path: string[]) => readFileSync(join(result, ...path), "utf8");
  return { install, calls, result, read, hasWritten };
}

describe("os install to-disk", () => {
  it("makes a device with loader, kernel, entry, configuration and the mount of its boot partition", async () => {
    const { install, result, read } = machine();
    const run = await install("--yes", "--karg", "debug", "--root-ssh-authorized-keys", "keys", "--json");
    expect([run.exitStatus, run.stderr]).toEqual([0, expect.stringContaining("there is no argument gone")]);
    const { deployment, bootLoader, kargs, boot } = JSON.parse(run.stdout);
    expect([bootLoader, kargs]).toEqual([
      "systemd-boot",
      [expect.stringMatching(/^root=UUID=[0-9a-f-]{36}$/), "rw", "console=ttyS0", "debug"],
    ]);
    expect(read("boot/EFI/BOOT/BOOTX64.EFI")).toBe("a loader\n".repeat(50));
    expect(read("boot/EFI/systemd/systemd-bootx64.efi")).toBe("a loader\n".repeat(50));
    expect(read("boot/loader/loader.conf")).not.toMatch(/^default/m);
    expect(readdirSync(join(result, "boot/loader/entries"))).toEqual([`bootferry-${deployment}.conf`]);
    expect(read("boot/loader/entries", `bootferry-${deployment}.conf`)).toContain(
      `bootferry.deployment=${deployment} bootferry.verity=off panic=10 systemd.crash_reboot=yes ${kargs.join(" ")}\n`,
    );
    const etc = join("root/bootferry/deploy", deployment, "etc");
    expect(read(etc, "bootferry/agent.toml")).toContain('compatible = "kiosk"');
    expect(read(etc, "systemd/system/boot.mount")).toContain(`What=${boot}\nWhere=/boot\nType=vfat\n`);
    expect(readlinkSync(join(result, etc, "systemd/system/local-fs.target.wants/boot.mount"))).toBe("../boot.mount");
    const keys = Buffer.from("ssh-ed25519 AAAA operator\n").toString("base64");
    expect(read(etc, "tmpfiles.d/bootferry-root-ssh.conf")).toContain(
      `f~ /var/roothome/.ssh/authorized_keys 0600 root root - ${keys}\n`,
    );
  });

  it.each<[string, Disk, readonly string[], number, string]>([
    ["a disk of the running system", { mountPoints: ["/"] }, ["--wipe"], 7, "DEPLOY_DISK_IN_USE"],
    ["a disk that is not empty", { signatures: ["gpt"] }, [], 1, "DEPLOY_DISK_NOT_EMPTY"],
    ["a disk that is too small", { bytes: GIB / 2 }, [], 5, "DEPLOY_DISK_TOO_SMALL"],
    ["an image that has nowhere to mount its root", {}, ["--medium", "no-sysroot"], 4, "DEPLOY_IMAGE_INCOMPLETE"],
    ["an image that wants what cannot be had", {}, ["--medium", "xfs"], 4, "DEPLOY_INSTALL_CONFIG_REFUSED"],
    ["a release that is not on the medium", {}, ["--release", "kiosk-os@9"], 1, "RELEASE_NOT_FOUND"],
    ["an argument that is none", {}, ["--karg", "a b"], 4, "DEPLOY_KARGS_INVALID"],
  ])("refuses %s before it writes anything", async (_what, disk, args, status, code) => {
    const { install, hasWritten } = machine(disk);
    const run = await install("--yes", ...args);
    expect([run.exitStatus, run.stderr]).toEqual([status, expect.stringContaining(`[${code}]`)]);
    expect(hasWritten()).toBe(false);
  });

  it("wants the serial number of the disk, or --yes", async () => {
    const silent = machine();
    expect((await silent.install()).stderr).toContain("[MEDIA_NOT_CONFIRMED]");
    const wrong = machine({}, ["S2"]);
    expect((await wrong.install()).stderr).toContain("[MEDIA_NOT_CONFIRMED]");
    expect([silent.hasWritten(), wrong.hasWritten()]).toEqual([false, false]);
    const right = machine({ signatures: ["gpt"] }, ["S1"]);
    const run = await right.install("--wipe", "--release", "kiosk-os@1.0");
    expect([run.exitStatus, run.stderr]).toEqual([0, expect.stringContaining("ACME Disk, serial S1")]);
    expect(existsSync(join(right.result, "boot/loader/entries"))).toBe(true);
  });
});
