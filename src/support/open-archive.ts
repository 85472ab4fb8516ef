/** Opens a support archive at the workstation: decrypts, unpacks and writes its files, without overwriting any. */
import { mkdirSync } from "node:fs";
import { z } from "zod";
import { createDurably } from "../host/durable-write.ts";
import { hostError } from "../host/error.ts";
import { DIGEST_PATTERN, digestOf } from "../oci/digest.ts";
import { parseStrictJson } from "../oci/strict-json.ts";
import { type AbsPath, below } from "../path.ts";
import { decryptWith } from "./age.ts";
import { unpackArchive } from "./archive.ts";
import { SupportError } from "./error.ts";
import { ARCHIVE_LIMITS, MANIFEST_NAME, type SupportFile } from "./support-file.ts";

const manifestSchema = z.object({
  version: z.literal(1),
  createdAtUtc: z.string(),
  device: z.string(),
  agentVersion: z.string(),
  files: z.array(
    z.object({ name: z.string(), size: z.int(), digest: z.string().regex(DIGEST_PATTERN), isCut: z.boolean() }),
  ),
  missing: z.array(z.object({ name: z.string(), why: z.string() })),
});

export interface OpenedArchive {
  readonly manifest: Readonly<z.infer<typeof manifestSchema>>;
  /** The manifest first. */
  readonly files: readonly SupportFile[];
}

/**
 * What is in `sealed`, checked against its manifest. That it is whole says nothing about who has made it: everybody who has
 * the public key can.
 * @throws SupportError SUPPORT_KEY_INVALID, SUPPORT_KEY_WRONG, SUPPORT_ARCHIVE_INVALID
 */
export async function openArchive(sealed: Buffer, identities: readonly string[]): Promise<OpenedArchive> {
  if (sealed.length > ARCHIVE_LIMITS.archiveBytes) {
    throw invalid(`it has ${sealed.length} bytes, at most ${ARCHIVE_LIMITS.archiveBytes} are read`);
  }
  const files = await unpackArchive(await decryptWith(identities, sealed));
  const [first, ...rest] = files;
  if (first?.name !== MANIFEST_NAME) throw invalid(`it does not begin with ${MANIFEST_NAME}`);
  const manifest = readManifest(first.bytes);
  for (const { name, digest } of manifest.files) {
    const file = rest.find((candidate) => candidate.name === name);
    if (file === undefined || digestOf(file.bytes) !== digest) throw invalid(`${name} is not what its manifest says`);
  }
  if (rest.length !== manifest.files.length) throw invalid("it holds files that its manifest does not name");
  return { manifest, files };
}

function readManifest(bytes: Buffer): OpenedArchive["manifest"] {
  try {
    return manifestSchema.parse(parseStrictJson(bytes, MANIFEST_NAME, { maxBytes: 1 << 20, maxDepth: 8 }));
  } catch (error) {
    throw invalid("its manifest cannot be read", error);
  }
}

/** Writes the files into `directory`, which is made when it is not there. @throws HostError HOST_EXISTS, … */
export function writeOpened(directory: AbsPath, files: readonly SupportFile[]): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw hostError(error, `making ${directory}`);
  }
  for (const { name, bytes } of files) createDurably(below(directory, name), bytes, 0o600);
}

function invalid(why: string, cause?: unknown): SupportError {
  return new SupportError("SUPPORT_ARCHIVE_INVALID", `not a support archive: ${why}`, { cause });
}
