/**
 * Whether an image is one that bootc deploys, asked before bootc is: what it refuses, it refuses late and in many words
 * (bootc: crates/ostree-ext/src/container/store.rs). Pure.
 *
 * The architecture is compared where manifest and config are read (bundle/image-blobs.ts).
 */
import { z } from "zod";
import type { ImageBlobs } from "../../bundle/image-blobs.ts";
import type { Digest } from "../../oci/digest.ts";
import { DeployError } from "../error.ts";

/** The first is bootc's, the second ostree's; base images carry both. */
const BOOTABLE_LABELS = ["containers.bootc", "ostree.bootable"];

const historySchema = z.array(z.looseObject({ empty_layer: z.boolean().optional() }));

/** @throws DeployError DEPLOY_IMAGE_NOT_BOOTC */
export function requireBootcShape(image: Digest, { config, layers }: Pick<ImageBlobs, "config" | "layers">): void {
  const labels = config.config?.Labels ?? {};
  if (!BOOTABLE_LABELS.some((label) => Object.hasOwn(labels, label))) {
    throw unfit(image, `expected one of the labels ${BOOTABLE_LABELS.join(" and ")}, got neither`);
  }
  const history = historySchema.safeParse(config["history"]);
  const described = (history.data ?? []).filter(({ empty_layer: isEmpty }) => isEmpty !== true).length;
  if (described < layers.length) {
    throw unfit(image, `expected a history of all ${layers.length} layers, got one of ${described}`);
  }
}

function unfit(image: Digest, why: string): DeployError {
  return new DeployError("DEPLOY_IMAGE_NOT_BOOTC", `image ${image} cannot be deployed by bootc: ${why}`);
}
