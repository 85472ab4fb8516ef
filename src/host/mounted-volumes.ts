/**
 * The volumes that are mounted, as `df` tells them through node-disk-info. It knows nothing of disks that are not
 * mounted, so it is no list of media; it is the second opinion on what is in use, and all there is without lsblk.
 */
import { HostError } from "./error.ts";

export interface MountedVolume {
  /** `/dev/sda1`, or what a file system without a device is called: `tmpfs`, `overlay`. */
  readonly source: string;
  readonly mountPoint: string;
  readonly sizeBytes: number;
}

export type ListMountedVolumes = () => Promise<readonly MountedVolume[]>;

const DF_BLOCK_BYTES = 1024; // `df -P` counts in these (POSIX)

/** The mounted volumes of this machine. @throws HostError HOST_TOOL_FAILED */
export const listMountedVolumes: ListMountedVolumes = async () => {
  const { getDiskInfo } = await import("node-disk-info");
  try {
    const drives = await getDiskInfo();
    return drives.map((drive) => ({
      source: drive.filesystem,
      mountPoint: drive.mounted,
      sizeBytes: drive.blocks * DF_BLOCK_BYTES,
    }));
  } catch (error) {
    throw new HostError("HOST_TOOL_FAILED", "df could not list the mounted volumes", { cause: error });
  }
};
