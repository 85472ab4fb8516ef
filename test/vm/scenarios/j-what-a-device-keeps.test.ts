/**
 * Scenario j: what people and programs made of a device comes along with an update and with going back: files of /etc,
 * users, data in /var. What the new image brings comes too, its system users among it; conflicts are told.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { FixtureEntry } from "../../support/oci-fixtures.ts";
import { untilBlessed } from "../rig/entries.ts";
import { goBack } from "../rig/go-back.ts";
import { GUEST_TREE, type ImageVariant } from "../rig/images.ts";
import type { Machine } from "../rig/machine.ts";
import { INSTALLED, release, UPDATE } from "../rig/releases.ts";
import { story } from "../rig/story.ts";
import { plug, pull } from "../rig/usb.ts";
import { marker } from "../rig/variants.ts";

const SHADOW_GID = 42;

/** An account file of the base image with more lines, as a package of the new image makes it. */
function accounts(name: string, change: (text: string) => string): FixtureEntry {
  const isSecret = name.endsWith("shadow");
  const content = change(readFileSync(join(GUEST_TREE, "etc", name), "utf8"));
  return { name: `etc/${name}`, content, ...(isSecret ? { mode: 0o640, gid: SHADOW_GID } : {}) };
}

/** The release that brings two system users: one in its account files, one that systemd-sysusers makes. */
function newSystem(): ImageVariant {
  return {
    name: "accounts",
    entries: [
      ...marker("accounts"),
      accounts("passwd", (text) => `${text}rig-kiosk:x:950:950:Kiosk:/nonexistent:/usr/sbin/nologin\n`),
      accounts("shadow", (text) => `${text}rig-kiosk:!*:20000::::::\n`),
      accounts("group", (text) => `${text.replace(/^audio:.*:$/m, "$&rig-kiosk")}rig-kiosk:x:950:\n`),
      accounts("gshadow", (text) => `${text.replace(/^audio:.*:$/m, "$&rig-kiosk")}rig-kiosk:!*::\n`),
      { name: "usr/lib/sysusers.d/rig.conf", content: 'u rig-screen - "Screen of the VM tests"\n' },
      { name: "etc/issue", content: "the image's new greeting\n" },
      { name: "etc/issue.net", content: "the image's new greeting\n" },
      { name: "etc/inputrc", content: "# the image's new keys\n" },
      { name: "etc/rig/brought", content: "by the image\n" },
      { name: "etc/.wh.bindresvport.blacklist" },
      { name: "var/lib/rig/data", content: "the image's\n" },
    ],
  };
}

/** What a person does to a device. Each line is looked for again by WHAT_IS_KEPT. */
const EDITS = `set -e
echo kiosk-7 >/etc/hostname
echo "the device's own greeting" >/etc/issue.net
rm /etc/motd /etc/inputrc
chmod 600 /etc/mke2fs.conf
mkdir -p /var/home /var/lib/rig /etc/kiosk
useradd --create-home --home-dir /var/home/alice --shell /bin/bash --groups audio --password '$6$rig$x' alice
echo "dear diary" >/var/home/alice/letter
chown alice: /var/home/alice/letter
chmod 600 /var/home/alice/letter
echo secret >/etc/kiosk/key
chown alice:audio /etc/kiosk/key
chmod 640 /etc/kiosk/key
ln -s kiosk/key /etc/kiosk-key
echo "the device's" >/var/lib/rig/data`;

/** Says all of it, line by line, the same on each system that has kept it. */
const WHAT_IS_KEPT = `set -e
cat /etc/machine-id /etc/hostname /etc/issue.net
ls /etc/motd /etc/inputrc 2>&1 || true
stat -c '%A %U %G %n' /etc/mke2fs.conf /etc/kiosk /etc/kiosk/key /var/home/alice /var/home/alice/letter
cat /etc/kiosk-key /var/lib/rig/data
getent passwd alice root
getent shadow alice root
grep alice /etc/subuid
runuser -u alice -- cat /var/home/alice/letter`;

story("j", "j: what a device keeps, forwards and back", ({ step, stage }) => {
  let device: Machine;
  let kept: string;

  step("a device is changed by hand: files, a user, data", async () => {
    const stick = stage.stick("stick", await release({ sequence: UPDATE, variant: newSystem() }));
    device = await stage.installedMachine();
    await device.powerOn();
    await device.run(EDITS);
    kept = await device.run(WHAT_IS_KEPT);
    expect(kept).toMatch(/^[0-9a-f]{32}\nkiosk-7\nthe device's own greeting\n/);
    expect(kept).toContain("dear diary");
    await plug(device, "stick", stick);
    await device.hears(/You can remove the medium/i);
    await pull(device, "stick");
  });

  step("it is updated, and has kept all of it", async () => {
    await device.reboots();
    await untilBlessed(device, 2);
    expect(await device.run("head -1 /usr/lib/rig/variant")).toBe("accounts\n");
    expect(await device.run(WHAT_IS_KEPT)).toBe(kept);
    expect(await device.run("cat /proc/sys/kernel/hostname")).toBe("kiosk-7\n");
  });

  step("what the new image changed and the device did not is the image's", async () => {
    expect(await device.run("cat /etc/issue /etc/rig/brought")).toBe("the image's new greeting\nby the image\n");
    expect((await device.tryRun("ls /etc/bindresvport.blacklist")).output).toContain("No such file or directory");
  });

  step(
    "the system users of the new image are there, beside the old ones, and the account files fit together",
    async () => {
      expect(await device.run("getent passwd rig-kiosk")).toBe(
        "rig-kiosk:x:950:950:Kiosk:/nonexistent:/usr/sbin/nologin\n",
      );
      expect(await device.run("getent shadow rig-kiosk")).toContain("rig-kiosk:!*:");
      expect(await device.run("id rig-screen")).toMatch(/^uid=\d+\(rig-screen\) gid=\d+\(rig-screen\)/);
      expect(await device.run("getent group audio")).toMatch(/:(rig-kiosk,alice|alice,rig-kiosk)\n$/);
      expect(await device.run("id -Gn alice")).toBe("alice audio\n");
      expect(await device.run("stat -c '%a %U %G' /etc/shadow /etc/gshadow")).toBe(
        "640 root shadow\n640 root shadow\n",
      );
      expect(await device.run("pwck --read-only --quiet && grpck --read-only")).toBe("");
      expect((await device.run("systemctl --failed --no-legend --plain")).trim()).toBe("");
    },
  );

  step("files that both changed are told, and no others", async () => {
    const history = await device.run("bootferry agent history");
    const told = history.split("\n").flatMap((line) => /etc-merge: (.*)$/.exec(line)?.[1] ?? []);
    expect([...new Set(told)].sort()).toEqual([
      "/etc/inputrc: removed-locally; the version of this device was kept",
      "/etc/issue.net: both-changed; the version of this device was kept",
    ]);
  });

  step("a person goes back: the old system has kept it too, and sees what was written to /var since", async () => {
    await device.run("echo later >/etc/later; echo later >/var/lib/rig/later");
    await goBack(device);
    const host = JSON.parse(await device.run("bootferry os status --json"));
    expect(host.status.booted.image.version).toBe(`${INSTALLED}.0`);
    expect(host.status.rollback.image.version).toBe(`${UPDATE}.0`);
    expect(await device.run(WHAT_IS_KEPT)).toBe(kept);
    expect(await device.run("cat /var/lib/rig/later")).toBe("later\n");
  });

  step("what belongs to the new system alone stayed with it", async () => {
    const { output } = await device.tryRun(
      "getent passwd rig-kiosk rig-screen; ls /etc/later /etc/rig /usr/lib/rig/variant",
    );
    expect(output.match(/No such file or directory/g)).toHaveLength(3);
    expect(output).not.toContain("nologin");
    expect(await device.run("cat /etc/issue")).toContain("Debian");
    expect(await device.run("getent group audio")).toBe("audio:x:29:alice\n");
  });

  step("the shutdown before left the file systems clean, although the root stays mounted to the end", async () => {
    expect(await device.run("dmesg | grep -E 'EXT4-fs.*(recover|orphan)|FAT-fs.*not properly' || true")).toBe("");
  });
});
