/** The blobs of one image, and the checks that tie it to the target that pins it. */
import {
  type Descriptor,
  type ImageConfig,
  type ImageManifest,
  MAX_DOCUMENT_BYTES,
  parseConfig,
  parseManifest,
} from "../oci/document.ts";
import type { LayoutReader } from "../oci/layout.ts";
import { layerCompression } from "../oci/media-type.ts";
import { type PinnedContent, readVerifiedBlob } from "../oci/verified-blob.ts";
import { BundleError } from "./error.ts";

const MAX_LAYERS = 512; // container runtimes stop at 127

export interface ImageBlobs {
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
  /** In order, from the lowest. */
  readonly layers: readonly Descriptor[];
}

/**
 * Reads and checks manifest and config of a pinned image; its layers are named, not read.
 * @param architecture of the target: GOARCH, with its variant after a slash
 * @throws BundleError BUNDLE_IMAGE_MISMATCH; OciError OCI_MEDIA_TYPE_UNKNOWN, and for blobs and documents; the
 *   reason of the signal
 */
export async function readImageBlobs(
  layout: LayoutReader,
  image: PinnedContent,
  architecture: string,
  signal?: AbortSignal,
): Promise<ImageBlobs> {
  const what = `manifest ${image.digest}`;
  const manifest = parseManifest(await readVerifiedBlob(layout, image, MAX_DOCUMENT_BYTES, signal), what);
  if (manifest.layers.length > MAX_LAYERS)
    throw mismatch(what, `at most ${MAX_LAYERS} layers`, `${manifest.layers.length}`);
  for (const layer of manifest.layers) layerCompression(layer.mediaType); // BF-5.6
  const configBytes = await readVerifiedBlob(layout, manifest.config, MAX_DOCUMENT_BYTES, signal);
  const config = parseConfig(configBytes, `config ${manifest.config.digest}`);
  const [goArchitecture] = architecture.split("/"); // the variant is often left out of configs
  // BF-5.7: a mistake of the publisher that would otherwise show as a kernel that does not start
  if (config.architecture !== goArchitecture || config.os !== "linux") {
    throw mismatch(what, `an image for linux/${goArchitecture}`, `${config.os}/${config.architecture}`);
  }
  const diffs = config.rootfs.diff_ids.length;
  if (diffs !== manifest.layers.length)
    throw mismatch(what, `${diffs} layers, as its config says`, `${manifest.layers.length}`);
  return { manifest, config, layers: manifest.layers };
}

function mismatch(what: string, expected: string, got: string): BundleError {
  return new BundleError("BUNDLE_IMAGE_MISMATCH", `${what}: expected ${expected}, got ${got}`);
}
