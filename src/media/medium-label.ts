/** The label by which devices know our media, and what each file system can hold of it. */
import { MediaError } from "./error.ts";

/** What the udev rule of devices matches unless it was changed (docs/integration.md). */
export const DEFAULT_LABEL = "BOOTFERRY";

/** File systems that media are made with. Devices mount vfat and exfat; ext4 only where it was allowed. */
export const MEDIUM_FILESYSTEMS = ["vfat", "exfat", "ext4"] as const;
export type MediumFilesystem = (typeof MEDIUM_FILESYSTEMS)[number];

const RULES: Readonly<Record<MediumFilesystem, { readonly pattern: RegExp; readonly says: string }>> = {
  // Lower case is legal in no FAT label, and tools disagree on what to do with it.
  vfat: { pattern: /^[A-Z0-9_-]{1,11}$/, says: "at most 11 of A-Z, 0-9, _ and -" },
  exfat: { pattern: /^[A-Za-z0-9_-]{1,11}$/, says: "at most 11 of A-Z, a-z, 0-9, _ and -" },
  ext4: { pattern: /^[A-Za-z0-9_-]{1,16}$/, says: "at most 16 of A-Z, a-z, 0-9, _ and -" },
};

/**
 * Narrower than the file systems are: udev's rules, mount units and shells must take the label as it is.
 * @throws MediaError MEDIA_LABEL_INVALID
 */
export function verifyLabel(label: string, filesystem: MediumFilesystem): void {
  const { pattern, says } = RULES[filesystem];
  if (pattern.test(label)) return;
  throw new MediaError("MEDIA_LABEL_INVALID", `label of ${filesystem}: expected ${says}, got ${JSON.stringify(label)}`);
}
