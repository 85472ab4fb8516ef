/**
 * Copies of app images on their way from the medium into a container storage: an image layout of our own.
 *
 *     <directory>/apps/oci-layout
 *     <directory>/apps/index.json            names each image, tagged with the digits of its digest; replaced last
 *     <directory>/apps/blobs/sha256/<hex>    each digested while it was copied; digested again when a run goes on
 *     <directory>/apps/blobs/sha256/*.tmp    on its way in; swept
 *
 * The medium is read once and may be pulled out; tools load from here. The copies are kept until the system that they
 * belong to is staged, so that a power cut costs no second reading, and no longer: the storage holds the images then.
 */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { writeBlobFile } from "../../bundle/blob-file.ts";
import { type ImageBlobs, readImageBlobs } from "../../bundle/image-blobs.ts";
import type { Target } from "../../bundle/statement.ts";
import { REF_NAME } from "../../bundle/tag.ts";
import { errnoOf } from "../../error.ts";
import { syncDirectory, writeDurably } from "../../host/durable-write.ts";
import { hostError } from "../../host/error.ts";
import { type Digest, digestHex } from "../../oci/digest.ts";
import { MAX_DOCUMENT_BYTES, parseManifest } from "../../oci/document.ts";
import { OciError } from "../../oci/error.ts";
import { type LayoutReader, openLayout } from "../../oci/layout.ts";
import { MEDIA_TYPE } from "../../oci/media-type.ts";
import { type PinnedContent, readVerifiedBlob, readVerifiedChunks, verifyBlob } from "../../oci/verified-blob.ts";
import { type AbsPath, below } from "../../path.ts";

type App = Target["apps"][number];

export interface CopyOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told the length of each chunk that was read. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

export function copiesDirectory(directory: AbsPath): AbsPath {
  return below(directory, "apps");
}

/** How skopeo is told a copy. */
export function copyReference(directory: AbsPath, digest: Digest): string {
  return `oci:${copiesDirectory(directory)}:${digestHex(digest)}`;
}

/** Makes the directories, and removes what an interrupted run was writing. @throws HostError */
export function prepareCopies(directory: AbsPath): void {
  const blobs = blobsDirectory(directory);
  try {
    mkdirSync(blobs, { recursive: true });
    for (const name of readdirSync(blobs)) if (name.endsWith(".tmp")) rmSync(below(blobs, name));
  } catch (error) {
    throw hostError(error, `making ${blobs}`);
  }
}

/** Copies manifest and config of an app, and says what its image consists of. @throws OciError, BundleError, HostError */
export async function copyDocuments(
  directory: AbsPath,
  source: LayoutReader,
  { image }: App,
  architecture: string,
  options: CopyOptions,
): Promise<ImageBlobs> {
  const { signal } = options;
  const copies = openLayout(copiesDirectory(directory));
  await copyDocument(directory, source, image, options);
  const manifest = await readVerifiedBlob(copies, image, MAX_DOCUMENT_BYTES, signal);
  await copyDocument(directory, source, parseManifest(manifest, `manifest ${image.digest}`).config, options);
  return readImageBlobs(copies, image, architecture, signal);
}

async function copyDocument(
  directory: AbsPath,
  source: LayoutReader,
  document: PinnedContent,
  { signal }: CopyOptions,
): Promise<void> {
  if (document.size > MAX_DOCUMENT_BYTES) {
    const limit = `at most ${MAX_DOCUMENT_BYTES} are read`;
    throw new OciError(
      "OCI_BLOB_TOO_LARGE",
      `blob ${document.digest} is said to have ${document.size} bytes, ${limit}`,
    );
  }
  if (!(await hasCopy(directory, document, { signal }))) await copyBlob(directory, source, document, { signal });
}

/** Whether a blob was copied, to the last bit; one that is damaged is removed. @throws HostError; the signal's reason */
export async function hasCopy(
  directory: AbsPath,
  blob: PinnedContent,
  { signal }: Pick<CopyOptions, "signal">,
): Promise<boolean> {
  const copies = openLayout(copiesDirectory(directory));
  if ((await copies.blobSizeBytes(blob.digest)) === undefined) return false;
  try {
    await verifyBlob(copies, blob, { signal });
    return true;
  } catch (error) {
    if (!(error instanceof OciError)) throw error;
    rmSync(below(blobsDirectory(directory), digestHex(blob.digest)), { force: true });
    return false;
  }
}

/** @throws OciError as `readVerifiedChunks`; HostError; the signal's reason */
export async function copyBlob(
  directory: AbsPath,
  source: LayoutReader,
  blob: PinnedContent,
  { signal, onBytes }: CopyOptions,
): Promise<void> {
  let before = 0;
  const onLength = (length: number) => {
    onBytes?.(length - before);
    before = length;
  };
  const temporaryName = `${digestHex(blob.digest)}.tmp`;
  try {
    const chunks = readVerifiedChunks(source, blob, signal);
    await writeBlobFile(blobsDirectory(directory), temporaryName, chunks, blob, onLength);
  } catch (error) {
    throw errnoOf(error) === undefined ? error : hostError(error, `writing blob ${blob.digest}`);
  }
}

/** Makes the copies readable as images, durably; their blobs are durable already but for their names. @throws HostError */
export function publishCopies(directory: AbsPath, apps: readonly App[]): void {
  const layout = copiesDirectory(directory);
  const manifests = apps.map(({ image: { mediaType, digest, size } }) => {
    return { mediaType, digest, size, annotations: { [REF_NAME]: digestHex(digest) } };
  });
  try {
    syncDirectory(blobsDirectory(directory));
  } catch (error) {
    throw hostError(error, `writing ${layout}`);
  }
  writeDurably(below(layout, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  writeDurably(
    below(layout, "index.json"),
    JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests }),
  );
}

/** Removes all copies; nothing there is fine. @throws HostError */
export function discardCopies(directory: AbsPath): void {
  try {
    rmSync(copiesDirectory(directory), { recursive: true, force: true });
  } catch (error) {
    throw hostError(error, `removing ${copiesDirectory(directory)}`);
  }
}

function blobsDirectory(directory: AbsPath): AbsPath {
  return below(copiesDirectory(directory), "blobs", "sha256");
}
