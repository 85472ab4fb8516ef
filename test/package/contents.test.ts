/** What stands in the Debian package, read by dpkg-deb alone. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { processContext } from "../../src/cli/context.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { CLONE, DEB, output, VERSION } from "./packages.ts";

interface Entry {
  readonly mode: string;
  readonly owner: string;
  readonly path: string;
}

/** `-rwxr-xr-x root/root 112 2026-01-01 00:00 ./usr/bin/bootferry` */
const ENTRIES: readonly Entry[] = output("dpkg-deb", ["--contents", DEB])
  .trim()
  .split("\n")
  .map((line) => {
    const [mode = "", owner = "", , , , path = ""] = line.split(/\s+/);
    return { mode, owner, path: path.slice(1) };
  });
const PATHS = ENTRIES.map(({ path }) => path);

const field = (name: string) => output("dpkg-deb", ["--field", DEB, name]).trim();

let unpacked: string;
beforeAll(() => {
  unpacked = mkdtempSync(join(tmpdir(), "bootferry-deb-"));
  output("dpkg-deb", ["--raw-extract", DEB, unpacked]);
});
afterAll(() => rmSync(unpacked, { recursive: true, force: true }));

describe("the Debian package", () => {
  it("has the version of package.json and the packages of the libraries that the program loads", () => {
    expect(field("Version")).toBe(`${VERSION}-1`);
    const depends = field("Depends").split(/,\s*/);
    expect(depends).toEqual(
      expect.arrayContaining([expect.stringMatching(/^libc6 \(>= 2\.\d+\)$/), expect.stringMatching(/^libstdc\+\+6/)]),
    );
    expect(depends).not.toContainEqual(expect.stringContaining("nodejs"));
  });

  it("holds the program as one file, and no Node beside it", () => {
    expect(PATHS).toContain("/usr/bin/bootferry");
    expect(PATHS.filter((path) => /node_modules|\.js$|bin\/node/.test(path))).toEqual([]);
  });

  it("is root's, with plain modes, and nothing in it has more rights than it needs", () => {
    expect(ENTRIES.filter(({ owner }) => owner !== "root/root")).toEqual([]);
    expect(ENTRIES.filter(({ mode }) => !/^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x)$/.test(mode))).toEqual([]);
  });

  it("brings all units, the rule, both initramfs parts, the preset, users and directories", () => {
    const units = readdirSync(join(CLONE, "units/system"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(join(CLONE, "units/system").length));
    expect(PATHS).toEqual(expect.arrayContaining(units.map((name) => `/usr/lib/systemd/system${name}`)));
    expect(PATHS).toEqual(
      expect.arrayContaining([
        "/usr/lib/udev/rules.d/70-bootferry.rules",
        "/usr/lib/dracut/modules.d/90bootferry/module-setup.sh",
        "/usr/share/initramfs-tools/hooks/bootferry",
        "/usr/share/initramfs-tools/scripts/local-bottom/bootferry",
        "/usr/lib/bootferry/initramfs/mount-root",
        "/usr/lib/systemd/system-preset/80-bootferry.preset",
        "/usr/lib/sysusers.d/bootferry.conf",
        "/usr/lib/tmpfiles.d/bootferry.conf",
        "/usr/lib/systemd/catalog/bootferry.catalog",
      ]),
    );
  });

  it("has a manual page for each group of commands, and completions for three shells", async () => {
    const program = await buildProgram(processContext(process, new AbortController().signal), VERSION);
    const groups = program.commands.map((group) => group.name()).filter((name) => name !== "help");
    const pages = ["bootferry", ...groups.map((group) => `bootferry-${group}`)];
    expect(PATHS).toEqual(expect.arrayContaining(pages.map((page) => `/usr/share/man/man1/${page}.1.gz`)));
    expect(PATHS).toEqual(
      expect.arrayContaining([
        "/usr/share/man/man5/bootferry-agent.toml.5.gz",
        "/usr/share/bash-completion/completions/bootferry",
        "/usr/share/zsh/vendor-completions/_bootferry",
        "/usr/share/fish/vendor_completions.d/bootferry.fish",
      ]),
    );
  });

  it("leaves the top of the file system and the watchdog of a workstation alone", () => {
    const top = new Set(PATHS.map((path) => path.split("/")[1]));
    expect([...top].filter((name) => name !== "")).toEqual(["usr"]);
    expect(PATHS.filter((path) => path.startsWith("/usr/lib/systemd/system.conf.d"))).toEqual([]);
  });

  it("enables the units that the preset names, and each of them asks first whether this is a device", () => {
    const postinst = readFileSync(join(unpacked, "DEBIAN/postinst"), "utf8");
    const units = /^for unit in (.*); do$/m.exec(postinst)?.[1]?.split(" ") ?? [];
    expect(units).toEqual(expect.arrayContaining(["bootferry-agent.service", "bootferry-health.service"]));
    expect(units).not.toContain("bootferry-watch.service");
    const isForDevices = (unit: string) =>
      /^Condition(KernelCommandLine=\|?bootferry\.deployment|PathExists=\/run\/ostree-booted|PathExists=\/var\/lib\/bootferry\/bootc-trial)$/m.test(
        readFileSync(join(unpacked, "usr/lib/systemd/system", unit), "utf8"),
      );
    expect(units.filter((unit) => !isForDevices(unit))).toEqual([]);
  });

  it("has sums of all its files", () => {
    const sums = readFileSync(join(unpacked, "DEBIAN/md5sums"), "utf8").trim().split("\n");
    expect(sums.map((line) => `/${line.split("  ")[1]}`)).toEqual(
      PATHS.filter((path) => !path.endsWith("/")).toSorted((a, b) => (a < b ? -1 : 1)),
    );
    output("bash", ["-c", 'cd "$1" && md5sum --quiet --check DEBIAN/md5sums', "-", unpacked]);
  });

  it("names the licences of Node and of every npm package in the program", () => {
    const copyright = readFileSync(join(unpacked, "usr/share/doc/bootferry/copyright"), "utf8");
    for (const name of ["@noble/ed25519", "commander", "execa", "pino", "zod"]) {
      expect(copyright).toMatch(new RegExp(`^ ${name} \\d+\\.\\d+\\.\\d+ \\((MIT|ISC|Apache-2\\.0)\\)$`, "m"));
    }
    expect(copyright).toContain(" Node.js is licensed for use as follows:");
  });
});
