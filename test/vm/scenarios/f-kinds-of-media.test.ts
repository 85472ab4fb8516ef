/**
 * Scenario f: every kind of medium, read by the unit that udev starts, in its sandbox. What most of them hold is installed
 * already, which is quick; the encrypted one brings the update.
 */
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { AttemptRecord, HistoryRecord } from "../../../src/agent/history.ts";
import { type FormattedSticks, formattedSticks } from "../rig/formatted-sticks.ts";
import type { Machine } from "../rig/machine.ts";
import { INSTALLED, release, signedTree, UPDATE } from "../rig/releases.ts";
import { sdCard } from "../rig/sd-card.ts";
import { story } from "../rig/story.ts";
import { copyImage } from "../rig/tool.ts";
import { plug, pull } from "../rig/usb.ts";
import { GOOD } from "../rig/variants.ts";

const OLD = { sequence: INSTALLED };
const NEW = { sequence: UPDATE, variant: GOOD };
const KEY_FILE = "/etc/bootferry/media.key";
/** For a unit that starts under an emulated processor. */
const PATIENCE_SECONDS = 240;

story("f", "f: SD card, exfat, ext4, partition tables, LUKS", ({ step, stage }) => {
  let device: Machine;
  /** The card in the slot of the board, as long as it is in. */
  const slot: string[] = [];
  let sticks: FormattedSticks;
  let locked: string;
  let bytesOfLocked: string;

  const writeFile = (file: string, content: string | Buffer) =>
    device.run(`install -D -m 400 /dev/null ${file}; base64 -d <<<${Buffer.from(content).toString("base64")} >${file}`);
  const configure = (unlock: readonly string[]) =>
    writeFile(
      "/etc/bootferry/agent.toml.d/50-media.toml",
      `[media]\nfilesystems = ["vfat", "exfat", "ext4"]
      [media.luks]\nkey-file = "${KEY_FILE}"\nunlock = ${JSON.stringify(unlock)}\n`,
    );

  /** No mount in any namespace, no mapping. */
  const nothingIsOpen = async () => {
    const left =
      "grep -h /run/bootferry/media /proc/[0-9]*/mounts 2>/dev/null; ls -d /sys/block/dm-* 2>/dev/null; true";
    expect(await device.run(left)).toBe("");
  };
  const failedUnits = async () => {
    const units = await device.run("systemctl --failed --no-legend --plain");
    return [...units.matchAll(/^\S+/gm)].map(([name]) => name);
  };
  /** It was mounted, its release was verified, and it was let go of. */
  const isInstalledAlready = async ({ sequence }: { readonly sequence: number }) => {
    await device.hears(new RegExp(`"message":"rig-os ${sequence}.0 \\(sequence ${sequence}\\) is installed already.`));
    await nothingIsOpen();
  };
  const isPulled = async (name: string) => {
    await pull(device, name);
    await nothingIsOpen();
    expect(await failedUnits()).toEqual([]);
  };

  step("an SD card with a DOS table, in its slot when the power comes on", async () => {
    sticks = await formattedSticks({ exfat: await release(OLD), locked: await release(NEW) });
    const card = stage.stick("card", await release(OLD), { table: "dos" });
    slot.push(...sdCard(card));
    device = await stage.installedMachine("device", { extra: slot });
    await device.powerOn();
    await isInstalledAlready(OLD);
    expect(await device.run("journalctl -b -o cat -u bootferry-media@mmcblk0p1.service")).toContain(
      "installed already",
    );
    expect(await failedUnits()).toEqual([]);
  });

  step("an exfat stick with a GPT", async () => {
    const exfat = stage.path("exfat.img");
    copyImage(sticks.exfat, exfat);
    await plug(device, "exfat", exfat);
    await isInstalledAlready(OLD);
    await isPulled("exfat");
  });

  step("an ext4 stick with a DOS table, which both places are told of", async () => {
    await configure(["token", "key-file"]);
    await writeFile(
      "/etc/udev/rules.d/65-bootferry-media.rules",
      'SUBSYSTEM=="block", ENV{ID_FS_TYPE}=="ext4", ENV{BOOTFERRY_FILESYSTEM}="1"\n',
    );
    await device.run("udevadm control --reload");
    await plug(device, "ext4", stage.stick("ext4", await release(OLD), { filesystem: "ext4", table: "dos" }));
    await isInstalledAlready(OLD);
    await isPulled("ext4");
  });

  step("an encrypted stick and the wrong key: refused, with what to do, and nothing of it stays open", async () => {
    locked = stage.path("locked.img");
    copyImage(sticks.locked, locked);
    bytesOfLocked = sha256(locked);
    await writeFile(KEY_FILE, randomBytes(64));
    await plug(device, "strange", locked);
    await device.hears(/"state":"refused"/);
    await nothingIsOpen();
    const { code, message, remedy } = JSON.parse(await device.run("bootferry agent status --json"));
    expect(code).toBe("MEDIA_LUKS_LOCKED");
    expect(message).toContain("No key available with this passphrase");
    expect(remedy).toContain("Check `key-file` and `unlock`");
    await pull(device, "strange");
    await nothingIsOpen();
    expect(await failedUnits()).toEqual([expect.stringMatching(/^bootferry-media@sd[a-z]1\.service$/)]);
  });

  step("with its key it brings the update, and the new system is confirmed", async () => {
    await writeFile(KEY_FILE, readFileSync(sticks.key));
    await plug(device, "locked", locked);
    await device.hears(/"state":"stored","message":"[^"]*You can remove the medium\./);
    await nothingIsOpen();
    await isPulled("locked");
    expect(await device.goesOff()).toBe("guest-reset");
    slot.length = 0; // somebody takes the card out
    await device.powerOn();
    await device.hears(/"state":"confirmed"/);
    expect(await device.run("cat /proc/cmdline")).toContain(await signedTree(NEW));
  });

  step("and it opens for a person who types its passphrase", async () => {
    await configure(["ask"]);
    await plug(device, "asking", locked);
    const question = await device.until("the passphrase is asked for", PATIENCE_SECONDS, async () => {
      const { status, output } = await device.tryRun("cat /run/systemd/ask-password/ask.*");
      return status === 0 ? output : undefined;
    });
    expect(question).toMatch(/^Message=Passphrase of the update medium \(sd[a-z]1\):$/m);
    const [, socket] = /^Socket=(.*)$/m.exec(question) ?? [];
    await device.run(`printf %s '${sticks.passphrase}' | /usr/lib/systemd/systemd-reply-password 1 ${socket}`);
    await isInstalledAlready(NEW);
    await isPulled("asking");
    expect(sha256(locked)).toBe(bytesOfLocked); // its header neither
  });

  step("the history tells what was an update", async () => {
    console.log(await device.run("bootferry agent history"));
    const { records } = JSON.parse(await device.run("bootferry agent history --json"));
    const attempts: readonly AttemptRecord[] = records.filter(({ kind }: HistoryRecord) => kind === "attempt");
    expect(attempts.map(({ state, release: tried, reason }) => [state, tried?.sequence, reason?.code])).toEqual([
      ["refused", undefined, "MEDIA_LUKS_LOCKED"],
      ["confirmed", UPDATE, undefined],
    ]);
  });
});

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
