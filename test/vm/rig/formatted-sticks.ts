/**
 * Sticks that mtools and `mkfs -d` cannot fill: exFAT, and LUKS2. A workstation makes them, as a person would, with
 * `media format`; it is the installer guest, whose kernel has both. They are made once and copied from then on.
 */
import { cpSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cached, stampOf } from "./cache.ts";
import { bootInstaller, RIG_KARGS } from "./installer.ts";
import type { Machine } from "./machine.ts";
import { blank, makeStick } from "./stick.ts";
import { tool } from "./tool.ts";

export interface FormattedSticks {
  /** exFAT in a GPT. */
  readonly exfat: string;
  /** exFAT in a LUKS2 container in a GPT. */
  readonly locked: string;
  /** The file of its key. */
  readonly key: string;
  /** What opens it as well. */
  readonly passphrase: string;
}

const PASSPHRASE = "correct horse battery staple";
const MIB = 1 << 20;
const ROOM_MIB = 32; // the header of LUKS2 takes 16
const FILL_SECONDS = 300;

/** @param contents directories with what belongs on each */
export async function formattedSticks(contents: Record<"exfat" | "locked", string>): Promise<FormattedSticks> {
  const inputs = [contents, stampOf("installer"), RIG_KARGS];
  const directory = await cached("formatted-sticks", inputs, (directory) => make(directory, contents));
  const file = (name: string) => join(directory, name);
  return { exfat: file("exfat.img"), locked: file("locked.img"), key: file("media.key"), passphrase: PASSPHRASE };
}

async function make(directory: string, contents: Record<"exfat" | "locked", string>): Promise<void> {
  const work = join(directory, "work");
  const keys = join(work, "keys");
  mkdirSync(keys, { recursive: true });
  tool("sh", "-c", 'head -c 64 /dev/urandom > "$0"', join(directory, "media.key"));
  cpSync(join(directory, "media.key"), join(keys, "media.key"));
  writeFileSync(join(keys, "passphrase"), PASSPHRASE);
  const pairs = (["exfat", "locked"] as const).map((name) => {
    const [source, stick] = [join(work, `${name}-source.img`), join(directory, `${name}.img`)];
    makeStick(source, contents[name], { filesystem: "ext4", label: "source" });
    blank(stick, statSync(source).size / MIB + ROOM_MIB);
    return [source, stick];
  });
  await using workstation = await bootInstaller({ directory: work, disks: pairs.flat(), files: { "/keys": keys } });
  const format = "bootferry media format --yes --quiet --filesystem exfat";
  const key = "/keys/media.key";
  await workstation.run(`${format} /dev/vdc 2>&1`, FILL_SECONDS);
  await fill(workstation, "/dev/vdb", "/dev/vdc1");
  await workstation.run(`${format} /dev/vde --luks-key-file ${key} 2>&1`, FILL_SECONDS);
  await workstation.run(
    `cryptsetup luksAddKey --batch-mode --key-file ${key} --pbkdf-memory 65536 /dev/vde1 /keys/passphrase 2>&1
    cryptsetup open --key-file ${key} /dev/vde1 stick 2>&1`,
    FILL_SECONDS,
  );
  await fill(workstation, "/dev/vdd", "/dev/mapper/stick");
  await workstation.run("cryptsetup close stick 2>&1");
  await workstation.shutDown();
  rmSync(work, { recursive: true });
}

/** Copies everything from one file system to another. */
async function fill(workstation: Machine, source: string, target: string): Promise<void> {
  await workstation.run(
    `set -e; mkdir -p /run/source /run/target; mount -o ro ${source} /run/source; mount -t exfat ${target} /run/target
    cp -r /run/source/bootferry /run/target; umount /run/target /run/source`,
    FILL_SECONDS,
  );
}
