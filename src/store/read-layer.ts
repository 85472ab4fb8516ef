/**
 * One layer of an image, in one stream: medium → sha256 → inflate → tar entries.
 *
 * Content that makes no sense is blamed on the medium when the blob's digest is wrong, and on whoever built the image
 * when it is right: hence the digest is asked for first.
 */
import { CodedError } from "../error.ts";
import { HostError } from "../host/error.ts";
import { decompress } from "../oci/decompress.ts";
import type { Descriptor } from "../oci/document.ts";
import type { LayoutReader } from "../oci/layout.ts";
import { layerCompression } from "../oci/media-type.ts";
import type { TarHandler } from "../tree/tar-entry.ts";
import { TarParser } from "../tree/tar-parser.ts";
import { type BlobSourceOptions, openBlobSource } from "./blob-source.ts";
import { StoreError } from "./error.ts";

export interface ReadLayerOptions extends BlobSourceOptions {
  /** Inflating more than this ends with OCI_LAYER_TOO_LARGE. */
  readonly maxInflatedBytes: number;
  /** Asked after each chunk; when it says true the rest is hashed but neither inflated nor parsed. */
  readonly isEnough: () => boolean;
}

/**
 * Hands the entries of a layer to `handler`. When it returns, the whole blob had the digest that was asked for; until
 * then the handler must publish nothing.
 * @returns how many bytes were inflated
 * @throws OciError, TreeError; whatever the handler throws; the reason of the signal
 */
export async function readLayer(
  medium: LayoutReader,
  layer: Descriptor,
  handler: TarHandler,
  options: ReadLayerOptions,
): Promise<number> {
  const compression = layerCompression(layer.mediaType);
  await using source = openBlobSource(medium, layer, options);
  const parser = new TarParser(handler);
  let inflatedBytes = 0;
  let isWhole = true;
  try {
    for await (const chunk of decompress(source.chunks(), compression, options.maxInflatedBytes)) {
      inflatedBytes += chunk.length;
      parser.write(chunk);
      if (options.isEnough()) {
        isWhole = false;
        break;
      }
    }
    if (isWhole) parser.end();
  } catch (error) {
    if (blamesContent(error)) await source.finish();
    throw error;
  }
  await source.finish();
  return inflatedBytes;
}

function blamesContent(error: unknown): boolean {
  return error instanceof CodedError && !(error instanceof StoreError) && !(error instanceof HostError);
}
