/** One layer of an image, in one stream: medium → sha256 → inflate → tar entries. */
import type { Descriptor } from "../oci/document.ts";
import type { LayoutReader } from "../oci/layout.ts";
import { layerCompression } from "../oci/media-type.ts";
import type { TarHandler } from "../tree/tar-entry.ts";
import { TarParser } from "../tree/tar-parser.ts";
import { type ReadInflatedOptions, readInflated } from "./read-inflated.ts";

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
  options: ReadInflatedOptions,
): Promise<number> {
  return readInflated(medium, layer, layerCompression(layer.mediaType), new TarParser(handler), options);
}
