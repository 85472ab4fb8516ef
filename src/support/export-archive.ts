/**
 * Writes a support archive to a medium.
 *
 *     <directory>/bootferry-support/<device>-<time>.tar.zst.age
 *
 * As a whole or not at all: a full medium is left as it was. Nothing is overwritten.
 */
import { lstatSync, mkdirSync, rmdirSync } from "node:fs";
import { errnoOf } from "../error.ts";
import { writeDurably } from "../host/durable-write.ts";
import { HostError, hostError } from "../host/error.ts";
import { type AbsPath, below } from "../path.ts";
import { encryptTo } from "./age.ts";
import { packArchive } from "./archive.ts";
import type { SupportCollection } from "./collect.ts";
import { SupportError } from "./error.ts";

const DIRECTORY = "bootferry-support";

export interface ExportedArchive {
  readonly file: AbsPath;
  readonly sizeBytes: number;
}

/** Checked before anything is collected. @throws SupportError SUPPORT_NO_RECIPIENT, SUPPORT_RECIPIENT_INVALID */
export async function requireRecipients(recipients: readonly string[]): Promise<void> {
  if (recipients.length === 0) {
    throw new SupportError("SUPPORT_NO_RECIPIENT", "nobody could open the archive: no recipient is configured");
  }
  await encryptTo(recipients, Buffer.alloc(0));
}

/**
 * @param directory the root of a medium that is mounted, or a directory in its place
 * @throws SupportError SUPPORT_NO_RECIPIENT, SUPPORT_RECIPIENT_INVALID, SUPPORT_TARGET_INVALID; HostError HOST_NO_SPACE, HOST_EXISTS, …
 */
export async function exportArchive(
  directory: AbsPath,
  collection: SupportCollection,
  recipients: readonly string[],
): Promise<ExportedArchive> {
  await requireRecipients(recipients);
  const { device, createdAtUtc } = collection.manifest;
  const packed = await packArchive(collection.files, new Date(createdAtUtc));
  const sealed = await encryptTo(recipients, packed);
  const target = below(directory, DIRECTORY);
  const isNew = makeDirectory(target);
  const file = below(target, archiveName(device, createdAtUtc));
  try {
    if (lstatSync(file, { throwIfNoEntry: false }) !== undefined) {
      throw new HostError("HOST_EXISTS", `${file} exists already`);
    }
    writeDurably(file, sealed, 0o600);
  } catch (error) {
    if (isNew) removeIfEmpty(target);
    throw hostError(error, `writing ${file}`);
  }
  return { file, sizeBytes: sealed.length };
}

/** Names that FAT takes, and that sort by device and time: `kiosk-0017-20261120T101500Z.tar.zst.age` */
function archiveName(device: string, createdAtUtc: string): string {
  const label =
    device
      .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
      .slice(0, 64)
      .replaceAll(/^[.-]+|[.-]+$/g, "") || "device";
  return `${label}-${createdAtUtc.replace(/\.\d+Z$/, "Z").replaceAll(/[:-]/g, "")}.tar.zst.age`;
}

/** @returns whether it was not there before. A link on the medium could lead our writes out of it. */
function makeDirectory(path: AbsPath): boolean {
  try {
    mkdirSync(path, { mode: 0o755 });
    return true;
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw hostError(error, `making ${path}`);
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return false;
    throw new SupportError("SUPPORT_TARGET_INVALID", `${path} is in the way: expected a directory`, { cause: error });
  }
}

function removeIfEmpty(path: AbsPath): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error; // what made us give up is what must be told
  }
}
