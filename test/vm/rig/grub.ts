/** The boot entries of a device with GRUB, as GRUB finds them: the records of bootferry.cfg, and the count of grubenv. */
import { readBootFile } from "./disk.ts";
import type { Machine } from "./machine.ts";

/** What the records say of each entry, in boot order: `counted 3`, `good`. */
export function standingsOf(device: Machine): readonly string[] {
  const config = readBootFile(device.disk, "/grub/bootferry.cfg");
  return [...config.matchAll(/^# entry \S+ (.+)$/gm)].map(([, standing = ""]) => standing);
}

/** The tries left; undefined when nothing is counted. */
export function triesLeftOf(device: Machine): string | undefined {
  return /^boot_counter=(.*)$/m.exec(readBootFile(device.disk, "/grub/grubenv"))?.[1];
}
