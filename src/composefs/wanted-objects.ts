/** The objects that are still to be found on the medium, asked first by size and then by name. */
import type { ContentDigest } from "../tree/node.ts";

/** Invariant: `#countBySize` counts the objects of each size in `#sizes`. */
export class WantedObjects {
  readonly #sizes: Map<ContentDigest, number>;
  readonly #countBySize = new Map<number, number>();

  constructor(objects: ReadonlyMap<ContentDigest, number>) {
    this.#sizes = new Map(objects);
    for (const sizeBytes of this.#sizes.values()) {
      this.#countBySize.set(sizeBytes, (this.#countBySize.get(sizeBytes) ?? 0) + 1);
    }
  }

  get count(): number {
    return this.#sizes.size;
  }

  /** Content bytes of what is still wanted. */
  get bytes(): number {
    return this.#sizes.values().reduce((sum, sizeBytes) => sum + sizeBytes, 0);
  }

  has(digest: ContentDigest): boolean {
    return this.#sizes.has(digest);
  }

  /** True when content of this size is worth hashing. */
  mayWant(sizeBytes: number): boolean {
    return this.#countBySize.has(sizeBytes);
  }

  /** True once for each wanted object: it is found and no longer wanted. */
  take(digest: ContentDigest, sizeBytes: number): boolean {
    // A name stands for one content and hence for one size; a wrong size in a signed image is that image's fault.
    if (this.#sizes.get(digest) !== sizeBytes) return false;
    this.#sizes.delete(digest);
    const count = this.#countBySize.get(sizeBytes) ?? 0;
    if (count > 1) this.#countBySize.set(sizeBytes, count - 1);
    else this.#countBySize.delete(sizeBytes);
    return true;
  }
}
