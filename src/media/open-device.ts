/**
 * From a block device to a mounted file system: probe → (unlock → probe again) → mount. Everything is taken back in the
 * opposite order when it is closed, whatever has become of the device.
 */
import type { Exec } from "../host/exec.ts";
import { type AbsPath, below } from "../path.ts";
import type { MediumDevice } from "./device-lookup.ts";
import { MediaError } from "./error.ts";
import { type LuksKeys, openLuks } from "./luks-open.ts";
import { clearMountPoint, openMount } from "./mount.ts";
import { type ProbedFilesystem, probeFilesystem } from "./probe-filesystem.ts";

export interface OpenDeviceOptions {
  /** Where media are mounted, each below its kernel name. */
  readonly mediaDirectory: AbsPath;
  /** The file systems that are mounted, in the words of libblkid. */
  readonly filesystems: readonly string[];
  readonly luks: LuksKeys;
  /** Called before the kernel reads the file system, with what the device or its container says of itself. */
  readonly onMount?: ((filesystem: ProbedFilesystem) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface OpenedDevice extends AsyncDisposable {
  readonly mountPoint: AbsPath;
}

/**
 * @throws MediaError MEDIA_FILESYSTEM_UNKNOWN, MEDIA_FILESYSTEM_NOT_ALLOWED, MEDIA_MOUNT_FAILED, MEDIA_LUKS_…; HostError;
 *   the reason of the signal; what `onMount` throws
 */
export async function openDevice(exec: Exec, device: MediumDevice, options: OpenDeviceOptions): Promise<OpenedDevice> {
  const { mediaDirectory, luks, filesystems, onMount, signal } = options;
  await using resources = new AsyncDisposableStack();
  const mountPoint = below(mediaDirectory, device.kernelName);
  await clearMountPoint(exec, mountPoint); // before the mapping below it is closed
  const outer = await probeFilesystem(exec, device.path, signal);
  let inner = { device: device.path, filesystem: outer };
  if (outer.type === "crypto_LUKS") {
    if (outer.version !== "2") {
      throw new MediaError("MEDIA_LUKS_UNSUPPORTED", `${device.path} is LUKS version ${outer.version}, expected 2`);
    }
    const unlocked = resources.use(await openLuks(exec, device, luks, signal));
    inner = { device: unlocked.path, filesystem: await probeFilesystem(exec, unlocked.path, signal) };
  }
  const { type } = inner.filesystem;
  if (!filesystems.includes(type)) {
    const allowed = filesystems.join(", ");
    throw new MediaError(
      "MEDIA_FILESYSTEM_NOT_ALLOWED",
      `${inner.device} holds ${type}; this device mounts ${allowed}`,
    );
  }
  onMount?.(outer);
  resources.use(await openMount(exec, { device: inner.device, type, mountPoint, signal }));
  const kept = resources.move();
  return { mountPoint, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
