/**
 * Writing this device's receipts to a medium, in a run of its own that does nothing else: bootferry-receipts@.service, or a
 * person. Only where agent.toml allows it, and only to a medium of which a release has verified since it was inserted.
 *
 * Nothing waits for it but the words "you can remove the medium". A stick that is full, worn out, read-only or gone is a note
 * in history; the receipts stay on the device and go to the next one. Takes no lock: it changes nothing that a run reads.
 */
import { readFileSync } from "node:fs";
import type { AgentConfig } from "../config/agent-config.ts";
import type { DevicePaths } from "../config/device-paths.ts";
import { CodedError, errnoOf } from "../error.ts";
import type { Clock } from "../host/clock.ts";
import type { Exec } from "../host/exec.ts";
import type { DeviceLookup } from "../media/device-lookup.ts";
import { MediaError } from "../media/error.ts";
import { clearMountPoint, openMount } from "../media/mount.ts";
import { probeFilesystem } from "../media/probe-filesystem.ts";
import { type AbsPath, below } from "../path.ts";
import { readDeviceKey } from "../receipt/device-key.ts";
import { ReceiptError } from "../receipt/error.ts";
import { type ExportedReceipts, exportReceipts } from "../receipt/export-receipts.ts";
import type { WriteFile } from "../receipt/medium-directory.ts";
import { readMediumId } from "../receipt/medium-id.ts";
import { type LoggedReceipt, readReceiptLog } from "../receipt/receipt-log.ts";
import { formatUtcTime } from "../trust/utc-time.ts";
import { WRITABLE_FILESYSTEMS } from "./expect-receipts.ts";
import { appendHistory } from "./history.ts";
import { runHooks } from "./hooks.ts";
import type { MediumOrigin } from "./medium-origin.ts";
import type { MediumSource } from "./medium-source.ts";
import type { ProgramFiles } from "./programs.ts";
import { afterReceiptsWereWritten, dropDue, isDue, withoutTheMedium } from "./receipts-due.ts";
import { peekStatus, readStatus, writeStatus } from "./status-file.ts";

export interface WriteReceiptsPorts {
  readonly paths: DevicePaths;
  readonly config: Pick<AgentConfig, "receipts" | "hooks">;
  readonly exec: Exec;
  readonly programs: ProgramFiles;
  readonly devices: DeviceLookup;
  readonly clock: Clock;
  readonly synchronisedNowUtc: () => Promise<Date | undefined>;
  readonly writeFile?: WriteFile;
  readonly signal?: AbortSignal | undefined;
}

/**
 * @throws ReceiptError RECEIPT_NOT_ALLOWED, RECEIPT_MEDIUM_NOT_VERIFIED, RECEIPT_MEDIUM_UNFIT, RECEIPT_NOTHING_TO_WRITE,
 *   RECEIPT_NOT_PLAIN, RECEIPT_NOT_WRITTEN; MediaError; HostError
 */
export async function writeReceipts(ports: WriteReceiptsPorts, source: MediumSource): Promise<ExportedReceipts> {
  if (!ports.config.receipts["write-to-media"]) {
    throw new ReceiptError("RECEIPT_NOT_ALLOWED", "agent.toml does not allow this device to write receipts to media");
  }
  const origin = await lookAt(ports, source);
  try {
    return await notingTrouble(ports, () => writeTo(ports, origin));
  } finally {
    dropDue(ports.paths.runtimeDirectory, origin);
    await tellThatItIsOver(ports);
  }
}

async function lookAt({ devices, exec, signal }: WriteReceiptsPorts, source: MediumSource): Promise<MediumOrigin> {
  if (source.kind === "directory") return source;
  const device = devices.find(source.device);
  if (device === undefined) throw new MediaError("MEDIA_REMOVED", `the medium ${source.device} was removed`);
  return { kind: "device", device, filesystem: await probeFilesystem(exec, device.path, signal) };
}

async function writeTo(ports: WriteReceiptsPorts, origin: MediumOrigin): Promise<ExportedReceipts> {
  if (origin.kind === "directory") {
    requireDue(ports, origin);
    return writeInto(ports, origin.directory);
  }
  const { device, filesystem } = origin;
  const { type } = filesystem;
  if (!WRITABLE_FILESYSTEMS.includes(type)) {
    throw new ReceiptError("RECEIPT_MEDIUM_UNFIT", `${device.path} holds ${type}, expected vfat or exfat`);
  }
  requireDue(ports, origin);
  const { exec, paths, signal } = ports;
  const mountPoint = below(paths.runtimeDirectory, "receipts", device.kernelName);
  await clearMountPoint(exec, mountPoint);
  await using _mounted = await openMount(exec, { device: device.path, type, mountPoint, access: "write", signal });
  // Once more: what is mounted now is what was asked for just before only when no other stick has come in between.
  requireDue(ports, { ...origin, device: ports.devices.find(device.path) ?? device });
  return await writeInto(ports, mountPoint);
}

function requireDue({ paths }: WriteReceiptsPorts, origin: MediumOrigin): void {
  if (isDue(paths.runtimeDirectory, origin, readBootId(paths.bootId))) return;
  const path = origin.kind === "device" ? origin.device.path : origin.directory;
  const message = `no release of the medium ${path} has verified since it was inserted`;
  throw new ReceiptError("RECEIPT_MEDIUM_NOT_VERIFIED", message);
}

async function writeInto(ports: WriteReceiptsPorts, mountPoint: AbsPath): Promise<ExportedReceipts> {
  const { paths, clock, writeFile } = ports;
  const { stateDirectory, runtimeDirectory } = paths;
  const key = readDeviceKey(stateDirectory, () => undefined);
  const isOurs = (it: LoggedReceipt | undefined): it is LoggedReceipt =>
    it?.envelope.signatures.some(({ keyId }) => keyId === key?.publicKey.keyId) === true;
  const receipts = readReceiptLog(stateDirectory).filter(isOurs);
  if (key === undefined || receipts.length === 0) {
    throw new ReceiptError("RECEIPT_NOTHING_TO_WRITE", "this device has no receipt yet");
  }
  return exportReceipts({
    ...{ mountPoint, key, receipts, mediumId: mediumIdOf(mountPoint) },
    ...{ atUtc: formatUtcTime(clock.nowUtc()), isClockTrusted: (await ports.synchronisedNowUtc()) !== undefined },
    now: withoutTheMedium(readStatus(stateDirectory, runtimeDirectory).message),
    ...(writeFile === undefined ? {} : { writeFile }),
  });
}

/** One that cannot be read counts as none: receipts of such a medium are taken all the same. */
function mediumIdOf(mountPoint: AbsPath): string | undefined {
  try {
    return readMediumId(mountPoint);
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}

async function notingTrouble<T>({ paths, clock }: WriteReceiptsPorts, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const atUtc = clock.nowUtc().toISOString();
    const message = `no receipts on the medium: ${error.message} [${error.code}]`;
    ignoringCoded(() =>
      appendHistory(paths.stateDirectory, { version: 1, kind: "note", atUtc, about: "receipt", message }),
    );
    throw error;
  }
}

/** The picture and the lamps have waited for this; the medium was unmounted before. */
async function tellThatItIsOver({ paths, clock, exec, programs, config }: WriteReceiptsPorts): Promise<void> {
  const status = ignoringCoded(() => peekStatus(paths.runtimeDirectory));
  const message = status && afterReceiptsWereWritten(status.message);
  if (status === undefined || message === undefined || message === status.message) return;
  const updatedAtUtc = clock.nowUtc().toISOString();
  const told = { ...status, message, medium: "may-be-removed", updatedAtUtc } as const;
  ignoringCoded(() => writeStatus(paths.runtimeDirectory, told));
  await runHooks({ exec, programs }, config.hooks, told); // what fails has failed when the state was entered, and was told
}

function ignoringCoded<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}

function readBootId(path: AbsPath): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null; // a simulated device that was never booted
    throw error;
  }
}
