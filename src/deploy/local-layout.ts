/**
 * Blobs from a medium into an image layout on this device, from which other programs read them: each is read once,
 * digested while it is copied, and named when it is durable.
 *
 * A blob that is there already was copied so by an earlier run, and its disk may have changed it since; who reads it might
 * not notice. It is digested again, and taken anew when it is not what its name says.
 */
import { chmodSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { writeBlobFile } from "../bundle/blob-file.ts";
import { type ImageBlobs, readImageBlobs } from "../bundle/image-blobs.ts";
import { errnoOf } from "../error.ts";
import { hostError } from "../host/error.ts";
import { type Digest, digestHex } from "../oci/digest.ts";
import { MAX_DOCUMENT_BYTES, parseManifest } from "../oci/document.ts";
import { OciError } from "../oci/error.ts";
import { type LayoutReader, openLayout } from "../oci/layout.ts";
import { type PinnedContent, readVerifiedBlob, readVerifiedChunks, verifyBlob } from "../oci/verified-blob.ts";
import { type AbsPath, below } from "../path.ts";

export interface CopyOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told the length of each chunk that was read, of the device or of the medium. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

export function blobsDirectory(layout: AbsPath): AbsPath {
  return below(layout, "blobs", "sha256");
}

/** Makes the directories, for everybody to read, and removes what an interrupted run has left. @throws HostError */
export function prepareLayout(layout: AbsPath): void {
  const blobs = blobsDirectory(layout);
  try {
    mkdirSync(blobs, { recursive: true });
    for (const directory of [layout, below(layout, "blobs"), blobs]) chmodSync(directory, 0o755); // whatever the umask
    for (const name of readdirSync(blobs)) if (name.endsWith(".tmp")) rmSync(below(blobs, name));
  } catch (error) {
    throw hostError(error, `making ${layout}`);
  }
}

/** Each blob once, in the order given. */
export function distinctBlobs<Blob extends PinnedContent>(blobs: readonly Blob[]): readonly Blob[] {
  return [...new Map(blobs.map((blob) => [blob.digest, blob])).values()];
}

/**
 * Whether the layout has a blob, to the last bit. One that is damaged is removed.
 * @throws HostError; the reason of the signal
 */
export async function hasBlob(layout: AbsPath, blob: PinnedContent, options: CopyOptions = {}): Promise<boolean> {
  const reader = openLayout(layout);
  if ((await reader.blobSizeBytes(blob.digest)) === undefined) return false;
  try {
    await verifyBlob(reader, blob, options);
    return true;
  } catch (error) {
    if (!(error instanceof OciError)) throw error;
    removeBlob(layout, blob.digest);
    return false;
  }
}

/** @throws OciError as `readVerifiedChunks`; HostError HOST_NO_SPACE, HOST_READ_ONLY, HOST_IO; the reason of the signal */
export async function copyBlob(
  layout: AbsPath,
  source: LayoutReader,
  blob: PinnedContent,
  { signal, onBytes }: CopyOptions = {},
): Promise<void> {
  const directory = blobsDirectory(layout);
  const name = digestHex(blob.digest);
  let before = 0;
  const onLength = (length: number) => {
    onBytes?.(length - before);
    before = length;
  };
  try {
    await writeBlobFile(directory, `${name}.tmp`, readVerifiedChunks(source, blob, signal), blob, onLength);
    chmodSync(below(directory, name), 0o644); // whatever the umask
  } catch (error) {
    throw errnoOf(error) === undefined ? error : hostError(error, `writing blob ${blob.digest} to ${layout}`);
  }
}

/**
 * Copies manifest and config of an image, and says what it consists of: parsed from our own copy.
 * @param architecture GOARCH, with its variant after a slash
 * @throws as {@link copyBlob}, `readImageBlobs`; OciError OCI_BLOB_TOO_LARGE
 */
export async function copyDocuments(
  layout: AbsPath,
  source: LayoutReader,
  image: PinnedContent,
  architecture: string,
  { signal }: Pick<CopyOptions, "signal"> = {},
): Promise<ImageBlobs> {
  const local = openLayout(layout);
  await copyDocument(layout, source, image, signal);
  const bytes = await readVerifiedBlob(local, image, MAX_DOCUMENT_BYTES, signal);
  await copyDocument(layout, source, parseManifest(bytes, `manifest ${image.digest}`).config, signal);
  return readImageBlobs(local, image, architecture, signal);
}

async function copyDocument(
  layout: AbsPath,
  source: LayoutReader,
  document: PinnedContent,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (document.size > MAX_DOCUMENT_BYTES) {
    const limit = `at most ${MAX_DOCUMENT_BYTES} are read`;
    throw new OciError(
      "OCI_BLOB_TOO_LARGE",
      `blob ${document.digest} is said to have ${document.size} bytes, ${limit}`,
    );
  }
  if (!(await hasBlob(layout, document, { signal }))) await copyBlob(layout, source, document, { signal });
}

function removeBlob(layout: AbsPath, digest: Digest): void {
  try {
    rmSync(below(blobsDirectory(layout), digestHex(digest)), { force: true });
  } catch (error) {
    throw hostError(error, `removing blob ${digest} from ${layout}`);
  }
}
