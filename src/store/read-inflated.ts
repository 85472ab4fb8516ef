/**
 * One compressed blob of a medium, in one stream: medium → sha256 → inflate → whoever takes the content.
 *
 * Content that makes no sense is blamed on the medium when the blob's digest is wrong, and on whoever made the blob when
 * it is right: hence the digest is asked for first.
 */
import { CodedError, EXIT } from "../error.ts";
import { HostError } from "../host/error.ts";
import { decompress } from "../oci/decompress.ts";
import type { LayoutReader } from "../oci/layout.ts";
import type { Compression } from "../oci/media-type.ts";
import type { PinnedContent } from "../oci/verified-blob.ts";
import { type BlobSourceOptions, openBlobSource } from "./blob-source.ts";
import { StoreError } from "./error.ts";

export interface ReadInflatedOptions extends BlobSourceOptions {
  /** Inflating more than this ends with OCI_LAYER_TOO_LARGE. */
  readonly maxInflatedBytes: number;
  /** Asked after each chunk; when it says true the rest is hashed but neither inflated nor handed on. */
  readonly isEnough: () => boolean;
}

export interface InflatedConsumer {
  write(chunk: Buffer): void;
  /** Called when all of it came. */
  end(): void;
}

/**
 * Hands the content of a blob to `consumer`. When it returns, the whole blob had the digest that was asked for; until
 * then the consumer must publish nothing.
 * @returns how many bytes were inflated
 * @throws OciError; whatever the consumer throws; the reason of the signal
 */
export async function readInflated(
  medium: LayoutReader,
  blob: PinnedContent,
  compression: Compression,
  consumer: InflatedConsumer,
  options: ReadInflatedOptions,
): Promise<number> {
  await using source = openBlobSource(medium, blob, options);
  let inflatedBytes = 0;
  let isWhole = true;
  try {
    for await (const chunk of decompress(source.chunks(), compression, options.maxInflatedBytes)) {
      inflatedBytes += chunk.length;
      consumer.write(chunk);
      if (options.isEnough()) {
        isWhole = false;
        break;
      }
    }
    if (isWhole) consumer.end();
  } catch (error) {
    if (blamesContent(error)) await source.finish();
    throw error;
  }
  await source.finish();
  return inflatedBytes;
}

/** Errors of this room but for those about the medium, and of the host, are about the device. */
function blamesContent(error: unknown): boolean {
  if (error instanceof StoreError) return error.exitStatus === EXIT.medium;
  return error instanceof CodedError && !(error instanceof HostError);
}
