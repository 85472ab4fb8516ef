/**
 * Copies of app images on their way from the medium into a container storage: an image layout of our own.
 *
 *     <directory>/apps/oci-layout
 *     <directory>/apps/index.json            names each image, tagged with the digits of its digest; replaced last
 *     <directory>/apps/blobs/sha256/<hex>    each digested while it was copied; digested again when a run goes on
 *     <directory>/apps/blobs/sha256/*.tmp    on its way in; swept
 *
 * The medium is read once and may be pulled out; tools load from here. The copies are kept until the system that they
 * belong to is staged or kept, so that a power cut costs no second reading, and no longer: the storage holds the images then.
 */
import { rmSync } from "node:fs";
import type { Target } from "../../bundle/statement.ts";
import { REF_NAME } from "../../bundle/tag.ts";
import { syncDirectory, writeDurably } from "../../host/durable-write.ts";
import { hostError } from "../../host/error.ts";
import { type Digest, digestHex } from "../../oci/digest.ts";
import { MEDIA_TYPE } from "../../oci/media-type.ts";
import { type AbsPath, below } from "../../path.ts";
import { blobsDirectory } from "../local-layout.ts";

export function copiesDirectory(directory: AbsPath): AbsPath {
  return below(directory, "apps");
}

/** How skopeo is told a copy. */
export function copyReference(directory: AbsPath, digest: Digest): string {
  return `oci:${copiesDirectory(directory)}:${digestHex(digest)}`;
}

/** Makes the copies readable as images, durably; their blobs are durable already but for their names. @throws HostError */
export function publishCopies(directory: AbsPath, apps: Target["apps"]): void {
  const layout = copiesDirectory(directory);
  const manifests = apps.map(({ image: { mediaType, digest, size } }) => {
    return { mediaType, digest, size, annotations: { [REF_NAME]: digestHex(digest) } };
  });
  try {
    syncDirectory(blobsDirectory(layout));
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
