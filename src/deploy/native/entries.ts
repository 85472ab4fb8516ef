/**
 * Boot entries of deployments.
 *
 *     bootferry-<id>              made by its activation; version = the deployment's serial
 *     bootferry-<id>-r<serial>    made by a rollback to it; version = the next free serial
 *
 * A rollback has to persist, yet systemd-boot boots the highest version, and no entry is ever rewritten. So it publishes
 * one more entry for the older deployment, with a higher version than all others: one new file, and taking the
 * rollback back is removing it. Giving the newer entry a counter of zero would change a confirmed entry; a `default`
 * would be booted even at zero tries.
 */

import type { BootEntryContent, EntryName } from "../../boot/boot-loader.ts";
import { makeEntryName } from "../../boot/our-entry.ts";
import { type DeploymentId, serialOf } from "../deployment-id.ts";
import { formatCommandLine } from "./command-line.ts";
import { kernelFile } from "./layout.ts";
import type { Origin } from "./origin.ts";

/** The entry that boots a deployment for what it is. */
export function activationEntry(origin: Origin): BootEntryContent {
  return entryOf(origin, makeEntryName(origin.id), serialOf(origin.id));
}

/** The entry that puts an older deployment first. @param serial higher than that of any entry */
export function rollbackEntry(origin: Origin, serial: number): BootEntryContent {
  return entryOf(origin, makeEntryName(`${origin.id}-r${serial}`), serial);
}

export function activationEntryName(id: DeploymentId): EntryName {
  return makeEntryName(id);
}

export function isRollbackEntry(name: EntryName): boolean {
  return /-r[0-9]+$/.test(name);
}

function entryOf(origin: Origin, name: EntryName, serial: number): BootEntryContent {
  const { release, image, kernel } = origin;
  return {
    name,
    title: release === null ? `${image.transport}:${image.image}` : `${release.name} ${release.version}`,
    serial,
    linux: kernelFile(kernel.bootChecksum, "vmlinuz"),
    initrd: kernelFile(kernel.bootChecksum, "initramfs.img"),
    options: formatCommandLine(origin),
  };
}
