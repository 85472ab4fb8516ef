/**
 * The id of a medium, random and without meaning: `bootferry/medium.json` beside the layout. Receipts name it, so that those
 * which were copied to another stick are seen as such. It decides nothing on a device, and whoever copies a whole stick has
 * copied it too.
 */
import { lstatSync } from "node:fs";
import { z } from "zod";
import { errnoOf } from "../error.ts";
import { createDurably } from "../host/durable-write.ts";
import { hostError } from "../host/error.ts";
import { describeIssue } from "../oci/schema-issue.ts";
import { parseStrictJson } from "../oci/strict-json.ts";
import { type AbsPath, below } from "../path.ts";
import { ReceiptError } from "./error.ts";
import { readPlainFile } from "./plain-file.ts";

export const MEDIUM_ID_PATTERN = /^[0-9a-f]{32}$/;

const ID_BYTES = 16;
const LIMITS = { maxBytes: 4096, maxDepth: 1 };

const mediumIdSchema = z.strictObject({ id: z.string().regex(MEDIUM_ID_PATTERN, "not 32 hexadecimal digits") });

function mediumIdFile(mountPoint: AbsPath): AbsPath {
  return below(mountPoint, "bootferry", "medium.json");
}

/** @throws ReceiptError RECEIPT_MEDIUM_ID_INVALID; OciError OCI_JSON_… */
export function parseMediumId(bytes: Uint8Array): string {
  const parsed = mediumIdSchema.safeParse(parseStrictJson(bytes, "medium.json", LIMITS));
  if (parsed.success) return parsed.data.id;
  const why = describeIssue(parsed.error);
  throw new ReceiptError("RECEIPT_MEDIUM_ID_INVALID", `medium.json is malformed: ${why}`, { cause: parsed.error });
}

export function formatMediumId(id: string): string {
  return `${JSON.stringify({ id })}\n`;
}

/** Undefined for a medium without an id. @throws ReceiptError, OciError for one that is not what it should be; HostError */
export function readMediumId(mountPoint: AbsPath): string | undefined {
  requireRealDirectory(mountPoint);
  const bytes = readPlainFile(mediumIdFile(mountPoint), LIMITS.maxBytes);
  return bytes && parseMediumId(bytes);
}

/**
 * Gives the medium an id unless it has one; what is there stays, whatever it is. BF-9.8.
 * @param random gives so many random bytes
 * @throws ReceiptError RECEIPT_NOT_PLAIN; HostError
 */
export function ensureMediumId(mountPoint: AbsPath, random: (bytes: number) => Buffer): void {
  requireRealDirectory(mountPoint);
  const file = mediumIdFile(mountPoint);
  try {
    if (lstatSync(file, { throwIfNoEntry: false }) !== undefined) return;
  } catch (error) {
    throw hostError(error, `looking at ${file}`);
  }
  createDurably(file, formatMediumId(random(ID_BYTES).toString("hex")));
}

function requireRealDirectory(mountPoint: AbsPath): void {
  const directory = below(mountPoint, "bootferry");
  try {
    if (lstatSync(directory).isDirectory()) return;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return; // then there is no file below it either
    throw hostError(error, `looking at ${directory}`);
  }
  throw new ReceiptError("RECEIPT_NOT_PLAIN", `${directory} is not a plain directory`);
}
