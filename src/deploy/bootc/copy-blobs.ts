/**
 * Blobs from a medium into our layout: each is read once, digested while it is copied, and named when it is durable.
 *
 * A blob that is there already was copied so by an earlier run, and its disk may have changed it since; bootc would not
 * notice. It is digested again, and taken anew when it is not what its name says.
 */
import { chmodSync, rmSync } from "node:fs";
import { writeBlobFile } from "../../bundle/blob-file.ts";
import { errnoOf } from "../../error.ts";
import { hostError } from "../../host/error.ts";
import { type Digest, digestHex } from "../../oci/digest.ts";
import { OciError } from "../../oci/error.ts";
import { type LayoutReader, openLayout } from "../../oci/layout.ts";
import { type PinnedContent, readVerifiedChunks, verifyBlob } from "../../oci/verified-blob.ts";
import { type AbsPath, below } from "../../path.ts";
import { blobsDirectory } from "./os-layout.ts";

export interface CopyOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told the length of each chunk that was read, of the device or of the medium. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
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

function removeBlob(layout: AbsPath, digest: Digest): void {
  try {
    rmSync(below(blobsDirectory(layout), digestHex(digest)), { force: true });
  } catch (error) {
    throw hostError(error, `removing blob ${digest} from ${layout}`);
  }
}
