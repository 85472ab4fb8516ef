/**
 * A medium mounted on the workstation: to write to it, then to read it back from the medium itself and not from memory.
 *
 *     <directory>/<kernel name>      ours, mode 0700, unmounted and removed when it is closed
 *
 * What somebody else has mounted (a desktop) is used where it is. The kernel forgets what it has of a file system when that
 * is unmounted, so the read-back begins with that. Unlike on a device (mount.ts), an unmount that fails is an error here:
 * it would mean that what was written is not on the medium.
 */
import { mkdirSync, rmdirSync } from "node:fs";
import { errnoOf } from "../error.ts";
import { HostError, hostError } from "../host/error.ts";
import type { Exec } from "../host/exec.ts";
import { type AbsPath, parseAbsPath } from "../path.ts";
import { MediaError } from "./error.ts";
import { type Mounted, openMount } from "./mount.ts";

export interface WritableMedium extends AsyncDisposable {
  readonly mountPoint: AbsPath;
  /**
   * Writes everything out and mounts the medium again, read-only. Where this user may not mount it, it stays as it is.
   * @returns where it is now; nothing may be written from here on
   * @throws MediaError MEDIA_BUSY, MEDIA_MOUNT_FAILED
   */
  remountReadOnly(): Promise<AbsPath>;
  /** Unmounts what is ours, strictly; disposing does it as well as it can. @throws MediaError MEDIA_BUSY */
  close(): Promise<void>;
}

export interface WritableMediumRequest {
  readonly device: AbsPath;
  readonly type: string;
  /** Where it is mounted already; it is used there. */
  readonly mountedAt: readonly string[];
  /** Where to mount it else. */
  readonly mountPoint: AbsPath;
  readonly isRoot: boolean;
  readonly signal: AbortSignal;
}

const MOUNT_TIMEOUT_MS = 60_000;
const UNMOUNT_TIMEOUT_MS = 30 * 60_000; // what is in memory goes out now, to a stick that may write 5 MB a second

const OPTIONS = ["rw", "nosuid", "nodev", "noexec"];
/** Links on ext4 could lead our writes out of the medium. FAT and exFAT have none, and older kernels do not know the option. */
const OPTIONS_BY_TYPE: Readonly<Record<string, readonly string[]>> = { ext4: ["nosymfollow", "errors=remount-ro"] };

/** @throws MediaError MEDIA_NOT_MOUNTED, MEDIA_MOUNT_FAILED; HostError */
export async function openWritableMedium(exec: Exec, request: WritableMediumRequest): Promise<WritableMedium> {
  const { device, mountedAt, isRoot } = request;
  const [already] = mountedAt;
  if (already !== undefined) return useMounted(exec, request, parseAbsPath(already));
  if (!isRoot) throw new MediaError("MEDIA_NOT_MOUNTED", `${device} is not mounted, and only root may mount it`);
  await mountToWrite(exec, request);
  let mounted: Mounted | "rw" | undefined = "rw";
  const unmountStrictly = async () => {
    if (mounted === undefined) return;
    await unmount(exec, device, request.mountPoint);
    removeMountPoint(request.mountPoint);
    mounted = undefined;
  };
  return {
    mountPoint: request.mountPoint,
    async remountReadOnly() {
      await unmountStrictly();
      mounted = await openMount(exec, request);
      return request.mountPoint;
    },
    close: unmountStrictly,
    async [Symbol.asyncDispose]() {
      await unmountStrictly().catch((error: unknown) => {
        if (!(error instanceof MediaError)) throw error; // what made us give up is what must be told
      });
    },
  };
}

/** A medium that was mounted by somebody else: it is only unmounted to be read back, and then for good. */
function useMounted(exec: Exec, request: WritableMediumRequest, mountPoint: AbsPath): WritableMedium {
  const { device, mountedAt, isRoot } = request;
  let own: Mounted | undefined;
  const close = async () => {
    await own?.[Symbol.asyncDispose]();
    own = undefined;
  };
  return {
    mountPoint,
    async remountReadOnly() {
      if (!isRoot) return mountPoint;
      for (const place of mountedAt.toReversed()) await unmount(exec, device, place);
      own = await openMount(exec, request);
      return request.mountPoint;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function mountToWrite(exec: Exec, { device, type, mountPoint, signal }: WritableMediumRequest): Promise<void> {
  try {
    mkdirSync(mountPoint, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw hostError(error, `making ${mountPoint}`);
  }
  const options = [...OPTIONS, ...(OPTIONS_BY_TYPE[type] ?? [])].join(",");
  try {
    const argv = ["mount", "-t", type, "-o", options, "--source", device, "--target", mountPoint] as const;
    await exec(argv, { timeoutMs: MOUNT_TIMEOUT_MS, signal });
  } catch (error) {
    if (!(error instanceof HostError) || error.code !== "HOST_TOOL_FAILED") throw error;
    const message = `${device} cannot be mounted as ${type}: ${error.message}`;
    throw new MediaError("MEDIA_MOUNT_FAILED", message, { cause: error });
  }
}

async function unmount(exec: Exec, device: AbsPath, place: string): Promise<void> {
  try {
    await exec(["umount", place], { timeoutMs: UNMOUNT_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    throw new MediaError("MEDIA_BUSY", `${device} is still in use: ${error.message}`, { cause: error });
  }
}

function removeMountPoint(path: AbsPath): void {
  try {
    rmdirSync(path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== "ENOENT" && errno !== "EBUSY" && errno !== "ENOTEMPTY") throw hostError(error, `removing ${path}`);
  }
}
