/** What the media room needs, made of the command's context. */
import type { EjectPorts } from "../media/eject-disk.ts";
import type { FormatPorts } from "../media/format-medium.ts";
import type { BlockDevicePorts } from "../media/list-block-devices.ts";
import type { WatchPorts } from "../media/watch-devices.ts";
import type { CliContext } from "./context.ts";
import type { Output } from "./output.ts";

export function blockDevicePorts({ exec, media, signal }: CliContext): BlockDevicePorts {
  const { listMountedVolumes, isUdevRunning } = media;
  return { exec, listMountedVolumes, isUdevRunning, signal };
}

export function formatPorts({ exec, media, signal }: CliContext, output: Output): FormatPorts {
  const { hasTool, sleep, exists } = media;
  return { exec, hasTool, sleep, exists, signal, note: output.note };
}

export function watchPorts({ exec, media }: CliContext): WatchPorts {
  const { listMountedVolumes, isUdevRunning, hintSources, sleep } = media;
  return { exec, listMountedVolumes, isUdevRunning, sources: hintSources, sleep };
}

export function ejectPorts({ exec, media }: CliContext, output: Output): EjectPorts {
  const { hasTool, isRoot, deleteDisk } = media;
  return { exec, hasTool, isRoot, deleteDisk, note: output.note };
}
