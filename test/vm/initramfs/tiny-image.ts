/**
 * A system of one busybox whose init looks around, says what it sees on the console, and powers off. Its kernel is a
 * stand-in: the matrix starts kernels past any boot loader.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FixtureEntry } from "../../support/oci-fixtures.ts";
import { TOOLS } from "./kernels.ts";

/** Files of the image that a test spoils on the disk before the boot. Each is an object of several blocks. */
export const VICTIMS = ["flipped", "unsealed", "impostor", "missing", "whole"] as const;
export type Victim = (typeof VICTIMS)[number];

const VICTIM_BYTES = 64 * 1024;
const DIRECTORIES = ["boot", "dev", "etc", "proc", "run", "sys", "sysroot", "tmp", "var", "var/lib", "usr"];
const BELOW_USR = ["usr/bin", "usr/lib", "usr/lib/victims", "usr/lib/modules", "usr/lib/modules/0.0.0-stand-in"];
const APPLETS = ["sh", "cat", "sed", "poweroff", "sync", "sleep", "rm", "fsync", "ls", "tail"];

/** Says `FACT name: value` for each thing that a test may ask for. */
const INIT = `#!/usr/bin/sh
# Init of the initramfs matrix: looks around and powers off.
PATH=/usr/bin
exec >/dev/console 2>&1 # where another init was before this one, its output goes nowhere
fact() { echo "FACT $1: $2"; }
# The error that a command ends with, in the C library's words.
outcome() { if said=$("$@" 2>&1 >/dev/null); then echo ok; else echo "\${said##*: }"; fi; }
append() { echo x >>"$1"; }

for where in / /sysroot /etc /var; do
  fact "mount $where" "$(sed -n "s#^[^ ]* $where \\([^ ]* [^ ]*\\) .*#\\1#p" /proc/mounts | tail -n 1)"
done
fact version "$(sed -n 1p /usr/lib/version)"
for file in /probe /usr/probe /usr/lib/version /etc/probe /var/probe /sysroot/probe; do
  fact "write $file" "$(outcome append "$file")"
done
fact "etc is the deployment's" "$(cat /sysroot/bootferry/deploy/*/etc/probe)"
fact "var is the machine's" "$(cat /sysroot/bootferry/var/probe)"
set -- /sysroot/bootferry/objects/*/*
fact "write object" "$(outcome append "$1")"
set -- /sysroot/bootferry/images/*
fact "write image" "$(outcome append "$1")"
for victim in ${VICTIMS.join(" ")}; do fact "read $victim" "$(outcome cat "/usr/lib/victims/$victim")"; done
fact end ok
sync
poweroff -f
`;

/** Where the init of the image is. */
export const INIT_PATH = "/usr/lib/init";

export function tinyImage(): readonly FixtureEntry[] {
  const directory = (name: string): FixtureEntry => ({ name: `${name}/`, type: "directory" });
  const filling = "-".repeat(100); // more than 64 bytes: an object of its own
  return [
    ...[...DIRECTORIES, ...BELOW_USR].map(directory),
    { name: "usr/bin/busybox", mode: 0o755, content: readFileSync(join(TOOLS, "busybox")) },
    ...APPLETS.map((name): FixtureEntry => ({ name: `usr/bin/${name}`, type: "symlink", linkname: "busybox" })),
    { name: INIT_PATH.slice(1), mode: 0o755, content: INIT },
    { name: "usr/lib/version", content: `tiny 1\n${filling}\n` },
    { name: "usr/lib/os-release", content: `ID=tiny\nVERSION_ID=1\n#${filling}\n` },
    { name: "usr/lib/modules/0.0.0-stand-in/vmlinuz", content: `stand-in for a kernel ${filling}` },
    { name: "usr/lib/modules/0.0.0-stand-in/initramfs.img", content: `stand-in for an initramfs ${filling}` },
    { name: "etc/hostname", content: "tiny\n" },
    ...VICTIMS.map((name): FixtureEntry => ({ name: `usr/lib/victims/${name}`, content: victimContent(name) })),
  ];
}

/** Bytes that are the same in each run and differ between victims. */
export function victimContent(name: Victim): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at * 32 < VICTIM_BYTES; at++) blocks.push(createHash("sha256").update(`${name} ${at}`).digest());
  return Buffer.concat(blocks);
}
