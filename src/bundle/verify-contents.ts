/**
 * Reading every blob that a statement pins, directly or through a manifest, and checking each against its digest and
 * size. What `release verify` does, and the read-back after writing.
 */
import type { Digest } from "../oci/digest.ts";
import { OciError } from "../oci/error.ts";
import { type PinnedContent, verifyBlob } from "../oci/verified-blob.ts";
import { readImageBlobs } from "./image-blobs.ts";
import type { MountedMedium } from "./medium.ts";
import type { Statement } from "./statement.ts";

export interface VerifyContentsOptions {
  /** Only targets of these architectures; all of them unless given. */
  readonly architectures?: readonly string[];
  /** Digests of system images whose layers need not be there: packs are in their place, for the caller to check. */
  readonly mayLackLayers?: ReadonlySet<Digest>;
  readonly signal?: AbortSignal;
  /** Called for each chunk. `totalBytes` is known when the first call comes and does not change. */
  readonly onProgress?: (progress: { readonly doneBytes: number; readonly totalBytes: number }) => void;
}

export interface VerifiedContents {
  readonly blobs: number;
  readonly bytes: number;
}

/** Two at a time: while the bytes of one are hashed, those of the other are read. */
const PARALLEL_BLOBS = 2;

/**
 * Reads and checks all blobs that the statement pins. It does not ask who has signed it: a verified release is what a device
 * hands in, a statement that it has just made is what a workstation does. Blobs that several targets share are read once.
 * @throws BundleError BUNDLE_IMAGE_MISMATCH; OciError OCI_BLOB_MISSING, OCI_BLOB_SIZE_MISMATCH, OCI_BLOB_DIGEST_MISMATCH,
 * OCI_BLOB_UNREADABLE, OCI_NOT_A_REGULAR_FILE, OCI_MEDIA_TYPE_UNKNOWN, and for malformed documents
 */
export async function verifyContents(
  medium: MountedMedium,
  release: { readonly statement: Statement },
  options: VerifyContentsOptions = {},
): Promise<VerifiedContents> {
  const { signal, onProgress } = options;
  const { large, small } = await collectBlobs(medium, release, options);
  const totalBytes = large.reduce((sum, { size }) => sum + size, 0);
  let doneBytes = 0;
  const onBytes = (bytes: number) => {
    doneBytes += bytes;
    onProgress?.({ doneBytes, totalBytes });
  };
  const queue = large.values();
  const failure = new AbortController(); // one bad blob stops the other reader as well
  const stop = signal === undefined ? failure.signal : AbortSignal.any([signal, failure.signal]);
  const work = async () => {
    for (const blob of queue) {
      await verifyBlob(medium.layout, blob, { signal: stop, onBytes });
    }
  };
  const workers = Array.from({ length: PARALLEL_BLOBS }, work);
  try {
    await Promise.all(workers);
  } finally {
    failure.abort();
    await Promise.allSettled(workers);
  }
  return { blobs: small.blobs + large.length, bytes: small.bytes + totalBytes };
}

interface BlobList {
  /** Layers and composefs images, still to be read. */
  readonly large: readonly PinnedContent[];
  /** Manifests and configs, read and checked already. */
  readonly small: VerifiedContents;
}

async function collectBlobs(
  medium: MountedMedium,
  { statement }: { readonly statement: Statement },
  { architectures, mayLackLayers }: VerifyContentsOptions,
): Promise<BlobList> {
  const large = new Map<Digest, PinnedContent>();
  const small = new Map<Digest, PinnedContent>();
  for (const { architecture, image, apps, tree } of statement.targets) {
    if (architectures !== undefined && !architectures.includes(architecture)) continue;
    for (const pinned of [image, ...apps.map((app) => app.image)]) {
      const { manifest, layers } = await readImageBlobs(medium.layout, pinned, architecture);
      for (const document of [pinned, manifest.config]) remember(small, document);
      const mayLack = pinned === image && mayLackLayers?.has(image.digest);
      for (const layer of layers) {
        if (mayLack && (await medium.layout.blobSizeBytes(layer.digest)) === undefined) continue;
        remember(large, layer);
      }
    }
    if (tree !== null) remember(large, tree.image);
  }
  const bytes = [...small.values()].reduce((sum, { size }) => sum + size, 0);
  return { large: [...large.values()], small: { blobs: small.size, bytes } };
}

/** A blob that is pinned twice is read once, so both pins must agree. */
function remember(blobs: Map<Digest, PinnedContent>, blob: PinnedContent): void {
  const known = blobs.get(blob.digest);
  if (known === undefined || known.size === blob.size) {
    blobs.set(blob.digest, blob);
    return;
  }
  const sizes = `pinned with ${known.size} bytes and with ${blob.size}`;
  throw new OciError("OCI_BLOB_SIZE_MISMATCH", `size of blob ${blob.digest}: ${sizes}`);
}
