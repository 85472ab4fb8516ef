/** What happens to a fresh Debian 13 when the package comes, is used, and goes. One story: the steps follow each other. */
import { cpSync, existsSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandsOf } from "../support/page-commands.ts";
import { type FreshRoot, openFreshRoot } from "./fresh-root.ts";
import { CLONE, DEB, VERSION } from "./packages.ts";

const WANTS = "etc/systemd/system/multi-user.target.wants";

let debian: FreshRoot;
beforeAll(() => {
  debian = openFreshRoot();
  cpSync(DEB, join(debian.path, "root", basename(DEB)));
});
afterAll(() => debian[Symbol.dispose]());

/** All that bears our name, and all that mentions it in the settings and the state of the system. */
function traces(): readonly string[] {
  const script = `find / -xdev -name '*bootferry*' ! -path '/root/*' ! -path '/var/log/*' ! -path '/var/cache/*' -print
    grep -rlI bootferry /etc /var/lib --exclude-dir=dpkg --exclude-dir=apt || :`;
  return debian
    .run(script)
    .split("\n")
    .filter((line) => line !== "")
    .sort();
}

describe("on a fresh Debian 13", () => {
  it("apt installs the file with what it needs", () => {
    debian.run("apt-get -qq update && cd /root && apt-get -qqy install ./bootferry_*.deb");
    expect(debian.run("bootferry --version")).toBe(`${VERSION}\n`);
    expect(debian.run("dpkg --verify bootferry")).toBe("");
  });

  it("the units are enabled and nothing was started", () => {
    expect(readdirSync(join(debian.path, WANTS))).toEqual(expect.arrayContaining(["bootferry-agent.service"]));
    expect(readlinkSync(join(debian.path, WANTS, "bootferry-agent.service"))).toBe(
      "/usr/lib/systemd/system/bootferry-agent.service",
    );
    expect(debian.run("getent group bootferry")).toMatch(/^bootferry:/);
  });

  it("bootferry doctor finds all that a workstation needs", () => {
    const findings = debian.run("bootferry doctor --workstation");
    expect(findings).toContain("ready to be a workstation");
    expect(findings).not.toMatch(/^ {2}missing/m);
  });

  it("the tutorial's commands work as they are written", () => {
    debian.run("apt-get -qqy install umoci curl && mkdir /root/newcomer");
    const commands = commandsOf(join(CLONE, "docs/tutorial.md"), "sh");
    const said = debian.run(`export BOOTFERRY_PASSPHRASE='correct horse'\ncd /root/newcomer\n${commands}`);
    expect(said).toContain("confirmed: kiosk-os 2.0 (sequence 2) runs and is confirmed.");
    expect(said).toContain("the screen stays dark");
    expect(said).toMatch(/\[OCI_BLOB_DIGEST_MISMATCH\]/);
  });

  it("the manual and the completions are where man and the shells look", () => {
    expect(debian.run("apt-get -qqy install man-db >/dev/null 2>&1; man -w bootferry bootferry-release")).toBe(
      "/usr/share/man/man1/bootferry.1.gz\n/usr/share/man/man1/bootferry-release.1.gz\n",
    );
    expect(debian.run("bash -n /usr/share/bash-completion/completions/bootferry")).toBe("");
  });

  it("prepare-image makes it the root of a device image, and can be run again", () => {
    for (const _ of ["once", "again"]) {
      const said = debian.run("/usr/lib/bootferry/prepare-image");
      expect(said).toContain("still needed: root.json");
    }
    expect(existsSync(join(debian.path, "sysroot"))).toBe(true);
    expect(debian.run("cat /usr/lib/systemd/system.conf.d/50-bootferry-watchdog.conf")).toContain(
      "RuntimeWatchdogSec=",
    );
  });

  it("an installation over itself is an upgrade that leaves a disabled unit disabled", () => {
    debian.run(`rm /${WANTS}/bootferry-agent.service && cd /root && dpkg -i bootferry_*.deb`);
    expect(readdirSync(join(debian.path, WANTS))).not.toContain("bootferry-agent.service");
  });

  it("a purge names what a person has put there, and leaves that alone", () => {
    mkdirSync(join(debian.path, "etc/bootferry"));
    writeFileSync(join(debian.path, "etc/bootferry/agent.toml"), "");
    writeFileSync(join(debian.path, "var/lib/bootferry/history.jsonl"), "");
    debian.run("systemctl enable bootferry-watch.service");
    const said = debian.run("apt-get -qqy purge bootferry");
    expect(said).toMatch(
      /^bootferry: these are yours and stay: \/var\/lib\/bootferry \/etc\/bootferry, and the group/m,
    );
    expect(traces().filter((path) => !/^\/etc\/g?shadow-?$|^\/etc\/group-?$/.test(path))).toEqual([
      "/etc/bootferry",
      "/var/lib/bootferry",
    ]);
  });

  it("a purge where nobody has put anything leaves nothing at all", () => {
    debian.run("rm -r /etc/bootferry /var/lib/bootferry && cd /root && apt-get -qqy install ./bootferry_*.deb");
    const said = debian.run("apt-get -qqy purge bootferry");
    expect(said).not.toContain("yours");
    expect(traces().filter((path) => !/^\/etc\/g(roup|shadow)-$/.test(path))).toEqual([]); // the copies of before the last change
    expect(existsSync(join(debian.path, "sysroot"))).toBe(false);
  });
});
