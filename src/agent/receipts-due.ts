/**
 * Media that may take receipts: those of which a release has verified in this very insertion.
 *
 *     <runtime directory>/receipts-due/<kernel name>      one mark a medium; bootferry-receipts@.service starts for it
 *
 * The run that verified leaves the mark, the writer takes it away when it is done, whatever came of it. It holds for this boot
 * and for this one stick: the kernel's identity of the device differs between two insertions, also under the same name.
 */
import { createHash } from "node:crypto";
import { readdirSync, rmSync, statSync } from "node:fs";
import { z } from "zod";
import { CodedError, errnoOf } from "../error.ts";
import { replaceFile } from "../host/durable-write.ts";
import { hostError } from "../host/error.ts";
import { digestOf } from "../oci/digest.ts";
import { type AbsPath, below } from "../path.ts";
import { readPlainFile } from "../receipt/plain-file.ts";
import type { MediumOrigin } from "./medium-origin.ts";
import { peekStateFile } from "./state-file.ts";

const MAX_INDEX_BYTES = 4 << 20; // as the format has it

const markSchema = z.strictObject({
  version: z.literal(1),
  path: z.string(),
  /** What of it differs from the next medium at the same place. */
  identity: z.string(),
  bootId: z.string().nullable(),
  /** True when a unit writes them now: until then nobody is told that the medium can be removed. */
  isAwaited: z.boolean(),
});

export type DueReceipts = Readonly<z.infer<typeof markSchema>>;

/** Where the mark of a medium is. */
function markFile(runtimeDirectory: AbsPath, origin: MediumOrigin): AbsPath {
  return below(runtimeDirectory, "receipts-due", markName(origin));
}

function markName(origin: MediumOrigin): string {
  if (origin.kind === "device") return origin.device.kernelName;
  return `directory-${createHash("sha256").update(origin.directory).digest("hex").slice(0, 16)}`;
}

/**
 * What tells a medium from the next one at the same place. Of a directory, which nobody sees being exchanged, that is the
 * file system it is on and what its index says. @throws HostError, ReceiptError
 */
function identityOf(origin: MediumOrigin): string {
  if (origin.kind === "device") {
    const { type, uuid = "-" } = origin.filesystem;
    return [origin.device.identity, type, uuid].join(" ");
  }
  const index = readPlainFile(below(origin.directory, "bootferry", "index.json"), MAX_INDEX_BYTES);
  try {
    const { dev, ino } = statSync(origin.directory);
    return [dev, ino, digestOf(index ?? "")].join(" ");
  } catch (error) {
    throw hostError(error, `looking at ${origin.directory}`);
  }
}

/** Leaves the mark. @throws HostError, ReceiptError */
export function markDue(
  runtimeDirectory: AbsPath,
  origin: MediumOrigin,
  { bootId, isAwaited }: Pick<DueReceipts, "bootId" | "isAwaited">,
): void {
  const path = origin.kind === "device" ? origin.device.path : origin.directory;
  const mark: DueReceipts = { version: 1, path, identity: identityOf(origin), bootId, isAwaited };
  replaceFile(markFile(runtimeDirectory, origin), `${JSON.stringify(mark)}\n`, 0o600);
}

/** Whether a release of this medium has verified since it was inserted. @throws HostError, ReceiptError */
export function isDue(runtimeDirectory: AbsPath, origin: MediumOrigin, bootId: string | null): boolean {
  const mark = peekStateFile(markFile(runtimeDirectory, origin), markSchema);
  if (mark.kind !== "read") return false;
  return mark.value.bootId === bootId && mark.value.identity === identityOf(origin);
}

/** Takes the mark away; doing it again does nothing. @throws HostError */
export function dropDue(runtimeDirectory: AbsPath, origin: MediumOrigin): void {
  remove(markFile(runtimeDirectory, origin));
}

/** Takes away all marks that a unit has been waited for with: whoever calls knows that none is at work. Never fails. */
export function dropAwaited(runtimeDirectory: AbsPath): void {
  for (const file of awaitedMarks(runtimeDirectory)) {
    try {
      remove(file);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error; // at worst nobody is told that the medium can be removed
    }
  }
}

/** Whether receipts are being written to a medium, or are about to be. Never fails. */
export function areReceiptsAwaited(runtimeDirectory: AbsPath): boolean {
  return awaitedMarks(runtimeDirectory).length > 0;
}

function awaitedMarks(runtimeDirectory: AbsPath): readonly AbsPath[] {
  const directory = below(runtimeDirectory, "receipts-due");
  try {
    const files = readdirSync(directory).map((name) => below(directory, name));
    return files.filter((file) => {
      const mark = peekStateFile(file, markSchema);
      return mark.kind === "read" && mark.value.isAwaited;
    });
  } catch (error) {
    if (error instanceof CodedError || errnoOf(error) !== undefined) return [];
    throw error;
  }
}

function remove(file: AbsPath): void {
  try {
    rmSync(file, { force: true });
  } catch (error) {
    throw hostError(error, `removing ${file}`);
  }
}

const CAN_REMOVE = "You can remove the medium.";
const IS_WRITTEN_TO = "Do not remove the medium yet: receipts are being written to it.";

/** The words of a run, while receipts are being written to its medium. */
export function untilReceiptsAreWritten(message: string): string {
  if (message.includes(CAN_REMOVE)) return message.replace(CAN_REMOVE, IS_WRITTEN_TO);
  return `${message} ${IS_WRITTEN_TO}`;
}

/** The same words when they are written. */
export function afterReceiptsWereWritten(message: string): string {
  return message.replace(IS_WRITTEN_TO, CAN_REMOVE);
}

/** The same words for a text that is read elsewhere, by somebody who has the medium in the hand. */
export function withoutTheMedium(message: string): string {
  return message.replace(IS_WRITTEN_TO, "").replace(CAN_REMOVE, "").trim();
}
