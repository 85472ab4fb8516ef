/**
 * Mounting a medium: read-only unless it is to take receipts, with an explicit type, and with everything switched off that a hostile file system could
 * offer (set-uid files, device nodes, programs, links). mount(8).
 *
 *     <media directory>/<kernel name>      mode 0700, unmounted when it is disposed of
 *
 * Taking it away never fails: a medium may be gone already, and one that is still in use (a read that a pulled stick
 * never answers) is detached from the tree at once and let go of when the last file is closed.
 */
import { mkdirSync, rmdirSync } from "node:fs";
import { errnoOf } from "../error.ts";
import { HostError, hostError } from "../host/error.ts";
import type { Exec } from "../host/exec.ts";
import type { AbsPath } from "../path.ts";
import { MediaError } from "./error.ts";
import { toolSaid } from "./tool-said.ts";

export interface Mounted extends AsyncDisposable {
  readonly mountPoint: AbsPath;
}

export interface MountRequest {
  readonly device: AbsPath;
  readonly type: string;
  readonly mountPoint: AbsPath;
  /** `write` also asks the kernel to write at once: a stick is pulled without a word. */
  readonly access?: "read" | "write";
  readonly signal?: AbortSignal | undefined;
}

const SAFE_OPTIONS = ["nosuid", "nodev", "noexec", "nosymfollow"];
const OPTIONS_BY_ACCESS = { read: ["ro"], write: ["rw", "sync"] } as const;
/** ext4: the journal is not replayed (that would write), and an error on the medium is no reason to panic, whatever its superblock says. */
const OPTIONS_BY_TYPE: Readonly<Record<string, readonly string[]>> = { ext4: ["noload", "errors=continue"] };

const MOUNT_TIMEOUT_MS = 60_000;
const UNMOUNT_TIMEOUT_MS = 30_000;
const NOT_MOUNTED = 32; // umount(8): "mount failure", which is what it calls a target that is not mounted, too

/** Takes away what a run that was killed has left at a mount point. @throws HostError */
export async function clearMountPoint(exec: Exec, mountPoint: AbsPath): Promise<void> {
  if (await isMountPoint(exec, mountPoint)) await unmount(exec, mountPoint);
}

/** Mounts a medium at a directory that nothing is mounted at. @throws MediaError MEDIA_MOUNT_FAILED; HostError */
export async function openMount(exec: Exec, request: MountRequest): Promise<Mounted> {
  const { device, type, mountPoint, access = "read", signal } = request;
  try {
    mkdirSync(mountPoint, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw hostError(error, `making ${mountPoint}`);
  }
  const options = [...OPTIONS_BY_ACCESS[access], ...SAFE_OPTIONS, ...(OPTIONS_BY_TYPE[type] ?? [])].join(",");
  try {
    await exec(["mount", "-t", type, "-o", options, "--source", device, "--target", mountPoint], {
      timeoutMs: MOUNT_TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    await unmount(exec, mountPoint); // an abort may have come after it was mounted
    if (!(error instanceof HostError) || error.code !== "HOST_TOOL_FAILED") throw error;
    throw new MediaError("MEDIA_MOUNT_FAILED", `${device} cannot be mounted as ${type}: ${toolSaid(error)}`, {
      cause: error,
    });
  }
  return {
    mountPoint,
    [Symbol.asyncDispose]: () => unmount(exec, mountPoint),
  };
}

async function isMountPoint(exec: Exec, path: AbsPath): Promise<boolean> {
  const { exitCode } = await exec(["mountpoint", "-q", path], {
    timeoutMs: UNMOUNT_TIMEOUT_MS,
    accept: [1, NOT_MOUNTED],
  });
  return exitCode === 0;
}

async function unmount(exec: Exec, mountPoint: AbsPath): Promise<void> {
  const options = { timeoutMs: UNMOUNT_TIMEOUT_MS, accept: [1, NOT_MOUNTED] };
  try {
    const { exitCode } = await exec(["umount", mountPoint], options);
    if (exitCode !== 0) await exec(["umount", "--lazy", mountPoint], options);
    rmdirSync(mountPoint);
  } catch (error) {
    if (error instanceof HostError) return; // a umount that hangs: the next run, or the unit's clean-up, tries again
    const errno = errnoOf(error);
    if (errno !== "EBUSY" && errno !== "ENOENT" && errno !== "ENOTEMPTY")
      throw hostError(error, `removing ${mountPoint}`);
  }
}
