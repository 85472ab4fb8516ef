/** Writes a tree as a composefs image, byte for byte what `mkcomposefs --min-version=1 --from-file` makes of it. */
import type { DirectoryNode } from "../tree/node.ts";
import { emitImage } from "./emit-image.ts";
import { BLOCK_BYTES } from "./erofs-format.ts";
import { planImage } from "./plan-image.ts";

/**
 * The image of a canonical tree. Equal trees have equal images, whatever the order of their maps.
 *
 * @throws ComposefsError COMPOSEFS_TREE_UNSUPPORTED, COMPOSEFS_IMAGE_TOO_LARGE
 */
export function writeImage(root: DirectoryNode): Buffer {
  const plan = planImage(root);
  const image = Buffer.allocUnsafeSlow(plan.blocks * BLOCK_BYTES);
  let length = 0;
  emitImage(plan, (chunk) => {
    length += chunk.copy(image, length);
  });
  return image;
}
