/** install-device as image builders run it: into an empty root, into one that is there, and again. */
import { spawnSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

const REPOSITORY = join(import.meta.dirname, "..", "..");
const EPOCH = 1767225600;

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), "bootferry-install-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function installDevice(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["units/install-device.ts", ...args], {
    cwd: REPOSITORY,
    encoding: "utf8",
    env: { ...process.env, SOURCE_DATE_EPOCH: `${EPOCH}`, ...env },
  });
  return { status, stdout, stderr };
}

/** Every path with its type, mode, time and target; the chunks of the bundle, whose names follow their content, are one. */
function listing(root: string): readonly string[] {
  const lines = readdirSync(root, { recursive: true, encoding: "utf8" }).map((path) => {
    const stat = lstatSync(join(root, path));
    const mode = (stat.mode & 0o7777).toString(8);
    const time = Math.floor(stat.mtimeMs / 1000) === EPOCH ? "" : " at another time";
    if (stat.isSymbolicLink()) return `${path} -> ${readlinkSync(join(root, path))}${time}`;
    return `${mode} ${path}${stat.isDirectory() ? "/" : ""}${time}`;
  });
  return [...new Set(lines.map((line) => line.replace(/dist\/cli\/(?!main\.js)[\w-]+\.js/, "dist/cli/*.js")))].sort();
}

describe("install-device", () => {
  it("lays out the program, the units and the links that enable them", () => {
    const root = join(scratch(), "root");
    const { status, stdout, stderr } = installDevice(["--destdir", root, "--enable"]);
    expect({ status, stderr: stderr.replace("building dist/\n", "") }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain(`are in ${root}`);
    const got = listing(root);
    expect(got).toEqual(
      expect.arrayContaining(
        [
          "/etc/systemd/system/boot-complete.target.requires/bootferry-health.service",
          "/etc/systemd/system/multi-user.target.wants/bootferry-agent.service",
          "/etc/systemd/system/multi-user.target.wants/bootferry-finalize.path",
          "/etc/systemd/system/sysinit.target.wants/bootferry-boot-deadline.timer",
          "/etc/systemd/system/sysinit.target.wants/bootferry-bootc-trial.service",
        ].map((link) => `${link.slice(1)} -> /usr/lib/systemd/system/${link.split("/").at(-1)}`),
      ),
    );
    expect(got).toEqual(
      expect.arrayContaining([
        "755 boot/",
        "755 sysroot/",
        "755 usr/lib/bootferry/bootc-trial",
        "755 usr/lib/bootferry/dist/cli/main.js",
        "644 usr/lib/bootferry/dist/cli/*.js",
        "755 usr/lib/bootferry/foreign-medium",
        "755 usr/lib/bootferry/health.d/required/",
        "755 usr/lib/bootferry/health.d/wanted/",
        "755 usr/lib/bootferry/media-cleanup",
        "644 usr/lib/bootferry/package.json",
        "755 usr/lib/bootferry/reboot-if-unassessed",
        "644 usr/lib/systemd/system.conf.d/50-bootferry-watchdog.conf",
        "644 usr/lib/systemd/system-preset/80-bootferry.preset",
        "644 usr/lib/systemd/system/bootferry-inserted@.service",
        "644 usr/lib/systemd/system/bootferry-media@.service",
        "644 usr/lib/systemd/system/bootferry-receipts@.service",
        "644 usr/lib/systemd/system/emergency.service.d/50-bootferry.conf",
        "644 usr/lib/sysusers.d/bootferry.conf",
        "644 usr/lib/tmpfiles.d/bootferry.conf",
        "644 usr/lib/udev/rules.d/70-bootferry.rules",
        "755 usr/share/initramfs-tools/hooks/bootferry",
        "usr/bin/bootferry -> ../lib/bootferry/dist/cli/main.js",
      ]),
    );
    expect(got.filter((line) => /\.map\b|at another time/.test(line))).toEqual([]);
    // Every mode is one of these, whatever the umask of the builder.
    expect(got.filter((line) => !/^(755|644) |->/.test(line))).toEqual([]);
  });

  it("makes a program that runs from there", () => {
    const root = scratch();
    installDevice(["--destdir", root]);
    const path = `${join(process.execPath, "..")}:${process.env["PATH"]}`;
    const { status, stdout } = spawnSync(join(root, "usr/bin/bootferry"), ["--version"], {
      encoding: "utf8",
      cwd: "/",
      env: { PATH: path },
    });
    const { version } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8"));
    expect({ status, stdout: stdout.trim() }).toEqual({ status: 0, stdout: version });
  });

  it("changes nothing when it is run again, whatever the umask", () => {
    const root = scratch();
    installDevice(["--destdir", root, "--enable"]);
    const first = listing(root);
    const umask = process.umask(0o077);
    try {
      expect(installDevice(["--destdir", root, "--enable"])).toMatchObject({ status: 0 });
    } finally {
      process.umask(umask);
    }
    expect(listing(root)).toEqual(first);
  });

  it("removes chunks of an earlier version, and leaves all else in the image alone", () => {
    const root = scratch();
    mkdirSync(join(root, "usr/lib/bootferry/dist/cli"), { recursive: true });
    mkdirSync(join(root, "boot/loader"), { recursive: true });
    for (const path of ["usr/lib/bootferry/dist/cli/chunk-OLD.js", "usr/lib/bootferry/root.json", "boot/loader/keep"]) {
      writeFileSync(join(root, path), "old");
    }
    installDevice(["--destdir", root]);
    const got = listing(root).join("\n");
    expect(readdirSync(join(root, "usr/lib/bootferry/dist/cli"))).not.toContain("chunk-OLD.js");
    expect(got).toContain("usr/lib/bootferry/root.json");
    expect(got).toContain("boot/loader/keep");
  });

  it.each([
    ["none", false, false],
    ["initramfs-tools", true, false],
    ["dracut", false, true],
    ["both", true, true],
  ])("brings the initramfs parts that are asked for: %s", (choice, tools, dracut) => {
    const root = scratch();
    installDevice(["--destdir", root, "--initramfs", choice]);
    const has = (part: string) => listing(root).some((line) => line.includes(part));
    expect(has("usr/share/initramfs-tools/hooks/bootferry")).toBe(tools);
    expect(has("usr/lib/dracut/modules.d/90bootferry/module-setup.sh")).toBe(dracut);
    expect(has("usr/lib/bootferry/initramfs/mount-root")).toBe(choice !== "none");
  });

  it("has either udev or the watch start the agent", () => {
    const [byUdev, byWatch] = [scratch(), scratch()];
    installDevice(["--destdir", byUdev, "--enable"]);
    installDevice(["--destdir", byWatch, "--enable", "--watch"]);
    const starters = (root: string) =>
      listing(root).filter((line) => /70-bootferry\.rules|wants\/bootferry-watch\.service/.test(line));
    expect(starters(byUdev)).toEqual(["644 usr/lib/udev/rules.d/70-bootferry.rules"]);
    expect(starters(byWatch)).toEqual([
      "etc/systemd/system/multi-user.target.wants/bootferry-watch.service -> /usr/lib/systemd/system/bootferry-watch.service",
    ]);
  });

  it("brings usb-detection from where it was built for the device, with what it loads and nothing else", () => {
    const [root, built] = [scratch(), scratch()];
    const files = [
      "usb-detection/build/Release/detection.node",
      "usb-detection/build/Release/obj.target/detection.o",
      "usb-detection/index.js",
      "usb-detection/package.json",
      "usb-detection/src/detection.cpp",
      "bindings/bindings.js",
      "nan/nan.h",
    ];
    for (const path of files) {
      mkdirSync(join(built, path, ".."), { recursive: true });
      writeFileSync(join(built, path), path);
    }
    const options = ["--destdir", root, "--with-usb-detection", "--node-modules", built];
    expect(installDevice(options)).toMatchObject({ status: 0 });
    const brought = readdirSync(join(root, "usr/lib/bootferry/node_modules"), { recursive: true, encoding: "utf8" });
    expect(brought.filter((path) => /\.\w+$/.test(path)).sort()).toEqual([
      "bindings/bindings.js",
      "usb-detection/build/Release/detection.node",
      "usb-detection/index.js",
      "usb-detection/package.json",
    ]);
    rmSync(join(built, "usb-detection/build"), { recursive: true });
    const { status, stderr } = installDevice(options);
    expect([status, stderr]).toEqual([1, expect.stringContaining("usb-detection is not built")]);
  });

  it("follows a merged /usr inside of the image, and no link out of it", () => {
    const inside = scratch();
    mkdirSync(join(inside, "real-etc"));
    symlinkSync("real-etc", join(inside, "etc"));
    expect(installDevice(["--destdir", inside, "--enable"])).toMatchObject({ status: 0 });
    expect(listing(inside).join("\n")).toContain(
      "real-etc/systemd/system/multi-user.target.wants/bootferry-health.service",
    );

    const [outside, elsewhere] = [scratch(), scratch()];
    mkdirSync(join(outside, "usr"));
    symlinkSync(elsewhere, join(outside, "usr/lib"));
    const { status, stderr } = installDevice(["--destdir", outside]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: .*outside of .*\nhelp: /m);
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  it.each([
    [["--destdir"], 2, "help: "],
    [[], 1, "--destdir is missing"],
    [["--destdir", "/nonexistent/x", "--initramfs", "mkinitcpio"], 1, "Choose one of dracut, initramfs-tools"],
  ])("refuses %j and says what to do", (args, expected, said) => {
    const { status, stderr } = installDevice(args);
    expect(status).toBe(expected);
    expect(stderr).toContain(said);
  });

  it("teaches with --help", () => {
    const { status, stdout } = installDevice(["--help"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/Usage: npm run install-device[\s\S]*--initramfs[\s\S]*Examples:/);
  });
});
