/**
 * A medium ready to be written to: made anew (`--format`) or found by its label, opened when it is encrypted, mounted.
 * Everything that is opened here is closed again when it is disposed of, whatever has happened.
 */
import { findDevice, walkDevice } from "../media/block-device.ts";
import { verifyNoSystemDisk } from "../media/check-format.ts";
import { MediaError } from "../media/error.ts";
import { findVolume } from "../media/find-volume.ts";
import { closeMapping, labelMedium } from "../media/format-medium.ts";
import { listBlockDevices } from "../media/list-block-devices.ts";
import { MEDIUM_FILESYSTEMS } from "../media/medium-label.ts";
import { openContainer } from "../media/open-container.ts";
import { probeFilesystem } from "../media/probe-filesystem.ts";
import { openWritableMedium } from "../media/writable-medium.ts";
import { type AbsPath, below } from "../path.ts";
import type { CliContext } from "./context.ts";
import { formatDevice } from "./format-device.ts";
import type { FormatOptions } from "./format-options.ts";
import { readLuksKey } from "./luks-key.ts";
import { blockDevicePorts, formatPorts } from "./media-ports.ts";
import type { Output } from "./output.ts";

export interface MediumToWrite extends AsyncDisposable {
  readonly device: AbsPath;
  readonly mountPoint: AbsPath;
  /** Mounts it anew, read-only, so that reading means reading the medium. @returns where */
  remountReadOnly(): Promise<AbsPath>;
  /** Unmounts it, and labels a new one: from here on devices take it for a medium. */
  finish(): Promise<void>;
}

/** @throws MediaError, HostError, CliError */
export async function formatToWrite(
  context: CliContext,
  output: Output,
  device: AbsPath,
  options: FormatOptions,
): Promise<MediumToWrite> {
  const plan = await formatDevice(context, output, device, options);
  await using resources = new AsyncDisposableStack();
  const { mapping } = plan;
  if (mapping !== undefined) resources.defer(() => closeMapping(context.exec, mapping));
  const medium = resources.use(
    await mount(context, { device: plan.filesystemDevice, type: plan.filesystem, mountedAt: [], volume: plan.volume }),
  );
  const kept = resources.move();
  return {
    device: plan.volume,
    mountPoint: medium.mountPoint,
    remountReadOnly: () => medium.remountReadOnly(),
    async finish() {
      await medium.close();
      await labelMedium(plan, formatPorts(context, output));
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

interface FindOptions {
  readonly label: string;
  readonly luksKeyFile?: string;
}

/** @throws MediaError MEDIA_NO_SUCH_DEVICE, MEDIA_SYSTEM_DISK, MEDIA_NOT_LABELLED, …; HostError; CliError */
export async function findToWrite(context: CliContext, device: AbsPath, options: FindOptions): Promise<MediumToWrite> {
  const all = await listBlockDevices(blockDevicePorts(context));
  const found = findDevice(all, device);
  if (found === undefined) throw new MediaError("MEDIA_NO_SUCH_DEVICE", `${device} is no block device of this machine`);
  verifyNoSystemDisk(found.disk, all);
  const volume = findVolume(found.device, options.label);
  await using resources = new AsyncDisposableStack();
  const { exec } = context;
  let inner = { device: volume.path, mountedAt: volume.mountPoints };
  if (volume.filesystem === "crypto_LUKS") {
    const open = walkDevice(volume).find(({ kind }) => kind === "crypt");
    if (open !== undefined) inner = { device: open.path, mountedAt: open.mountPoints };
    else {
      const key = await readLuksKey(context, volume.path, options.luksKeyFile);
      inner = { device: resources.use(await openContainer(exec, volume, key)).path, mountedAt: [] };
    }
  }
  const { type } = await probeFilesystem(exec, inner.device, context.signal);
  if (!MEDIUM_FILESYSTEMS.some((known) => known === type)) {
    throw new MediaError(
      "MEDIA_NOT_LABELLED",
      `${inner.device}: expected ${MEDIUM_FILESYSTEMS.join(", ")}, got ${type}`,
    );
  }
  const medium = resources.use(await mount(context, { ...inner, type, volume: volume.path }));
  const kept = resources.move();
  return {
    device: volume.path,
    mountPoint: medium.mountPoint,
    remountReadOnly: () => medium.remountReadOnly(),
    finish: () => medium.close(),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

interface MountFacts {
  readonly device: AbsPath;
  readonly type: string;
  readonly mountedAt: readonly string[];
  readonly volume: AbsPath;
}

function mount({ exec, media, signal }: CliContext, { device, type, mountedAt, volume }: MountFacts) {
  const { isRoot, mountDirectory } = media;
  const mountPoint = below(mountDirectory, volume.slice("/dev/".length).replaceAll("/", "!"));
  return openWritableMedium(exec, { device, type, mountedAt, mountPoint, isRoot, signal });
}
