/**
 * Where a medium comes from: a directory that somebody else has mounted, or a block device that the agent mounts itself,
 * for as long as it reads and no longer.
 */
import type { MountedMedium } from "../bundle/medium.ts";
import { errnoOf } from "../error.ts";
import type { DeviceLookup, MediumDevice } from "../media/device-lookup.ts";
import { MediaError } from "../media/error.ts";
import type { LuksKeys } from "../media/luks-open.ts";
import { openDevice } from "../media/open-device.ts";
import type { ProbedFilesystem } from "../media/probe-filesystem.ts";
import { type AbsPath, below } from "../path.ts";
import { type MediumGuard, NO_GUARD } from "./medium-guard.ts";
import type { MediumOrigin } from "./medium-origin.ts";
import { mediumKey } from "./quarantine.ts";
import type { AgentPorts } from "./session.ts";

export type MediumSource =
  | { readonly kind: "directory"; readonly directory: AbsPath }
  | { readonly kind: "device"; readonly device: AbsPath };

export interface OpenSource {
  readonly medium: MountedMedium;
  /** Undefined for a medium that is kept on this device. */
  readonly origin: MediumOrigin | undefined;
  /** Whether it was pulled out; a directory never is, as far as we can know. */
  isGone(): Promise<boolean>;
  /** Unmounts it: from then on it can be pulled out. Doing it again does nothing. Never fails because the medium is gone. */
  close(): Promise<void>;
}

/** The part of the ports that opening a medium takes. */
export type SourcePorts = Pick<AgentPorts, "exec" | "devices" | "openMedium" | "files" | "paths" | "config" | "signal">;

export function pathOf(source: MediumSource): AbsPath {
  return source.kind === "device" ? source.device : source.directory;
}

/**
 * Opens the medium for `use` and closes it after that, if `use` has not. An error that came while it was open and turns
 * out to come from a stick that was pulled out says just that.
 * @throws MediaError; what the guard, `openMedium` and `use` throw
 */
export async function withMedium<T>(
  ports: SourcePorts,
  source: MediumSource,
  use: (opened: OpenSource) => Promise<T>,
  guard: MediumGuard = NO_GUARD,
): Promise<T> {
  switch (source.kind) {
    case "directory":
      return use({ ...notOurs(await ports.openMedium(source.directory, ports.signal)), origin: source });
    case "device":
      return withDevice(ports, presentDevice(ports, source.device), use, guard);
  }
}

/** A medium that somebody else has opened, and will close. */
export function notOurs(medium: MountedMedium): OpenSource {
  return { medium, origin: undefined, isGone: async () => false, close: async () => undefined };
}

/** Udev, an arrival or {@link requireDevice} have seen it: a device that is not there now was pulled out meanwhile. */
function presentDevice({ devices }: SourcePorts, path: AbsPath): MediumDevice {
  const device = devices.find(path);
  if (device !== undefined) return device;
  throw new MediaError("MEDIA_REMOVED", `the medium ${path} was removed before it was read`);
}

/** For paths that a person may have mistyped: an attempt only begins with a device that is there. @throws MediaError */
export function requireDevice(devices: DeviceLookup, path: AbsPath): void {
  if (devices.find(path) !== undefined) return;
  throw new MediaError("MEDIA_NO_SUCH_DEVICE", `${path} is no block device with a medium in it`);
}

async function withDevice<T>(
  ports: SourcePorts,
  device: MediumDevice,
  use: (opened: OpenSource) => Promise<T>,
  guard: MediumGuard,
): Promise<T> {
  const { exec, paths, config, signal } = ports;
  let isClosed = false;
  let filesystem: ProbedFilesystem | undefined;
  try {
    await using opened = await openDevice(exec, device, {
      mediaDirectory: below(paths.runtimeDirectory, "media"),
      filesystems: config.media.filesystems,
      luks: luksKeys(ports),
      onMount(found) {
        filesystem = found;
        guard.opening(mediumKey(found, device), found.label);
      },
      signal,
    });
    const close = async () => {
      if (isClosed) return;
      await opened[Symbol.asyncDispose]();
      isClosed = true;
      guard.closed();
    };
    const medium = await ports.openMedium(opened.mountPoint, signal);
    guard.reading();
    const origin = filesystem && ({ kind: "device", device, filesystem } as const);
    const result = await use({ medium, origin, close, isGone: () => wasPulled(ports, device) });
    await close();
    return result;
  } catch (error) {
    if (isClosed) throw error; // it is none of the medium's
    guard.closed();
    throw (await wasPulled(ports, device)) ? removed(device, error) : error;
  }
}

/** Who is being stopped looks only once: systemd stops the unit of a stick that is gone, and then it is gone. */
async function wasPulled({ devices, signal }: SourcePorts, device: MediumDevice): Promise<boolean> {
  if (signal?.aborted === true) return devices.find(device.path)?.identity !== device.identity;
  return devices.isGone(device);
}

function removed({ path }: MediumDevice, cause: unknown): MediaError {
  const errno = cause instanceof Error ? errnoOf(cause.cause ?? cause) : undefined;
  const how = errno === undefined ? "" : ` (${errno})`;
  return new MediaError("MEDIA_REMOVED", `the medium ${path} was removed while it was being read${how}`, { cause });
}

function luksKeys({ files, config }: SourcePorts): LuksKeys {
  const { unlock, "key-file": file, ...rest } = config.media.luks;
  return {
    unlock,
    readKey: async () => (file === undefined ? undefined : files.readFile(file)),
    askTimeoutSeconds: rest["ask-timeout-seconds"],
    maxKdfMemoryMib: rest["max-kdf-memory-mib"],
  };
}
