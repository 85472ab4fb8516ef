/** What a backend stores of a release, and stages afterwards. Each form has one maker. */
import type { StoredFacts, StoredTree } from "../store/ingest.ts";
import type { ImageReference } from "./host-status.ts";

export type StoredImage = StoredTree | StoredLayout;

declare const storedLayout: unique symbol;

/** An OCI layout on this device whose every blob was digested while it was copied. Made by the bootc backend alone. */
export interface StoredLayout extends StoredFacts {
  readonly [storedLayout]: true;
  readonly kind: "layout";
  /** How bootc is to name it. */
  readonly reference: ImageReference;
}
