/** Making the file systems of a new disk. */
import type { Exec } from "../../host/exec.ts";
import type { AbsPath } from "../../path.ts";
import type { PlannedFilesystem } from "./disk-layout.ts";

const MKFS_TIMEOUT_MS = 30 * 60_000; // discarding a large disk takes minutes

export interface MadeFilesystem {
  readonly type: PlannedFilesystem["type"];
  /** As `UUID=` names it; for vfat `ABCD-1234`. */
  readonly uuid: string;
}

/**
 * Makes a file system on a device, whatever is there.
 * @param purpose the root one can seal files; the boot one is read by boot loaders, which know fewer features
 * @param uuid a random UUID; vfat takes 32 bits of it
 * @throws HostError
 */
export async function makeFilesystem(
  exec: Exec,
  device: AbsPath,
  filesystem: PlannedFilesystem,
  { purpose, uuid }: { readonly purpose: "root" | "boot"; readonly uuid: string },
): Promise<MadeFilesystem> {
  const { type, label } = filesystem;
  if (type === "vfat") {
    const volumeId = uuid.replaceAll("-", "").slice(0, 8).toUpperCase();
    await exec(["mkfs.vfat", "-F", "32", "-n", label, "-i", volumeId, device], { timeoutMs: MKFS_TIMEOUT_MS });
    return { type, uuid: `${volumeId.slice(0, 4)}-${volumeId.slice(4)}` };
  }
  // fs-verity on ext4 wants blocks of the size of a page, and ours are of 4096 bytes; GRUB 2.06 cannot read a file system
  // with metadata_csum_seed, which newer mke2fs.conf turn on.
  const features = purpose === "root" ? ["-b", "4096", "-O", "verity"] : ["-O", "^metadata_csum_seed"];
  await exec(["mkfs.ext4", "-F", "-q", ...features, "-L", label, "-U", uuid, device], { timeoutMs: MKFS_TIMEOUT_MS });
  return { type, uuid };
}
