/**
 * Collects what a support archive holds. What cannot be had is listed with its reason and never keeps the rest away: an
 * archive is wanted most when the device is broken.
 */
import { CodedError } from "../error.ts";
import { type Digest, digestOf } from "../oci/digest.ts";
import { redactSecrets } from "./redact.ts";
import { ARCHIVE_LIMITS, MANIFEST_NAME, type SupportFile } from "./support-file.ts";

export interface SupportSource {
  /** The name of the file in the archive. */
  readonly name: string;
  /** Its text; undefined when there is none on this device, which is no failure. */
  read(): Promise<Buffer | string | undefined>;
}

export interface SupportManifest {
  readonly version: 1;
  readonly createdAtUtc: string;
  readonly device: string;
  readonly agentVersion: string;
  readonly files: readonly {
    readonly name: string;
    readonly size: number;
    readonly digest: Digest;
    /** Only its end is there. */
    readonly isCut: boolean;
  }[];
  readonly missing: readonly { readonly name: string; readonly why: string }[];
}

export interface SupportCollection {
  readonly manifest: SupportManifest;
  /** The manifest first. */
  readonly files: readonly SupportFile[];
}

export type SupportHead = Pick<SupportManifest, "createdAtUtc" | "device" | "agentVersion">;

/** Reads the sources in their order until the archive is full. Never throws for a source. */
export async function collectSupport(
  sources: readonly SupportSource[],
  { createdAtUtc, device, agentVersion }: SupportHead,
): Promise<SupportCollection> {
  const files: SupportFile[] = [];
  const facts: SupportManifest["files"][number][] = [];
  const missing: SupportManifest["missing"][number][] = [];
  let totalBytes = 0;
  for (const { name, read } of sources) {
    const got = await readSource(read);
    if (got.kind === "absent") continue;
    if (got.kind === "failed") {
      missing.push({ name, why: got.why });
      continue;
    }
    const { bytes, isCut } = cutToEnd(Buffer.from(redactSecrets(got.text)));
    const isFull = totalBytes + bytes.length > ARCHIVE_LIMITS.totalBytes || files.length + 1 >= ARCHIVE_LIMITS.files;
    if (isFull) {
      missing.push({ name, why: "the archive is full" });
      continue;
    }
    totalBytes += bytes.length;
    files.push({ name, bytes });
    facts.push({ name, size: bytes.length, digest: digestOf(bytes), isCut });
  }
  const manifest: SupportManifest = { version: 1, createdAtUtc, device, agentVersion, files: facts, missing };
  const first = { name: MANIFEST_NAME, bytes: Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`) };
  return { manifest, files: [first, ...files] };
}

type Got = { kind: "absent" } | { kind: "failed"; why: string } | { kind: "read"; text: string };

async function readSource(read: SupportSource["read"]): Promise<Got> {
  try {
    const content = await read();
    if (content === undefined) return { kind: "absent" };
    return { kind: "read", text: typeof content === "string" ? content : content.toString("utf8") };
  } catch (error) {
    if (error instanceof CodedError) return { kind: "failed", why: `${error.message} [${error.code}]` };
    throw error;
  }
}

/** The end matters: logs grow there. The first line that is kept is a whole one. */
function cutToEnd(bytes: Buffer): { readonly bytes: Buffer; readonly isCut: boolean } {
  if (bytes.length <= ARCHIVE_LIMITS.fileBytes) return { bytes, isCut: false };
  const end = bytes.subarray(bytes.length - ARCHIVE_LIMITS.fileBytes);
  return { bytes: end.subarray(end.indexOf(0x0a) + 1), isCut: true };
}
