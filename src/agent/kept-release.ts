/**
 * The signed release of the current attempt, kept on the device so that it can go on when the medium is gone.
 *
 * It is kept as a medium of its own (a layout with this one release and no image blobs) and read like any other: its
 * signatures are checked again, so nothing is believed because it lay in the state directory.
 */
import { readFileSync } from "node:fs";
import { formatReleaseManifest } from "../bundle/artifact.ts";
import { RELEASE_ARTIFACT_TYPE } from "../bundle/media-type.ts";
import { type MountedMedium, openMediumOver } from "../bundle/medium.ts";
import { parseStatement } from "../bundle/statement.ts";
import { errnoOf } from "../error.ts";
import { writeDurably } from "../host/durable-write.ts";
import { hostError } from "../host/error.ts";
import { type Digest, digestOf } from "../oci/digest.ts";
import { OciError } from "../oci/error.ts";
import type { LayoutReader } from "../oci/layout.ts";
import { MEDIA_TYPE } from "../oci/media-type.ts";
import { type AbsPath, below } from "../path.ts";
import { type Envelope, formatEnvelope, MAX_ENVELOPE_BYTES, parseEnvelope } from "../trust/dsse.ts";

export function keptReleaseFile(stateDirectory: AbsPath): AbsPath {
  return below(stateDirectory, "release.dsse.json");
}

/** Keeps the release of the attempt that begins; the one of the attempt before is replaced. @throws HostError */
export function keepRelease(stateDirectory: AbsPath, envelope: Envelope): void {
  writeDurably(keptReleaseFile(stateDirectory), formatEnvelope(envelope));
}

/**
 * The kept release as a medium, or undefined when none is kept.
 * @throws TrustError TRUST_ENVELOPE_INVALID, BundleError, OciError when it is damaged; HostError
 */
export function openKeptRelease(stateDirectory: AbsPath): MountedMedium | undefined {
  const file = keptReleaseFile(stateDirectory);
  const bytes = readIfThere(file);
  return bytes === undefined ? undefined : mediumOfRelease(file, bytes);
}

/**
 * The envelope of a release as a medium that holds nothing else.
 * @throws TrustError TRUST_ENVELOPE_INVALID, BundleError, OciError when it is damaged
 */
export function mediumOfRelease(file: AbsPath, envelopeBytes: Buffer): MountedMedium {
  return openMediumOver(layoutOf(file, envelopeBytes));
}

function readIfThere(file: AbsPath): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw hostError(error, `reading ${file}`);
  }
}

/** A layout whose index names one release; every other blob is missing from it. */
function layoutOf(file: AbsPath, envelopeBytes: Buffer): LayoutReader {
  if (envelopeBytes.length > MAX_ENVELOPE_BYTES) {
    throw new OciError("OCI_BLOB_TOO_LARGE", `${file} has over ${MAX_ENVELOPE_BYTES} bytes`);
  }
  const statement = parseStatement(parseEnvelope(envelopeBytes).payload); // not believed: it only fills annotations
  const manifest = formatReleaseManifest({ digest: digestOf(envelopeBytes), size: envelopeBytes.length }, statement);
  const entry = {
    mediaType: MEDIA_TYPE.manifest,
    artifactType: RELEASE_ARTIFACT_TYPE,
    digest: digestOf(manifest),
    size: manifest.length,
  };
  const topFiles = {
    "oci-layout": Buffer.from('{"imageLayoutVersion":"1.0.0"}'),
    "index.json": Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [entry] })),
  };
  const blobs = new Map<Digest, Buffer>([manifest, envelopeBytes].map((bytes) => [digestOf(bytes), bytes]));
  return {
    location: file,
    readTopFile: async (name) => topFiles[name],
    async openBlob(digest) {
      const bytes = blobs.get(digest);
      if (bytes === undefined) {
        throw new OciError("OCI_BLOB_MISSING", `blob ${digest} is not on this device; it is on the medium only`);
      }
      return { sizeBytes: bytes.length, chunks: once(bytes) };
    },
    blobSizeBytes: async (digest) => blobs.get(digest)?.length,
  };
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
