/**
 * Walks along the contents of an object pack, which follow each other in the order of its list without anything between
 * them, and takes those that are wanted. A content that is not what its name says ends it (BF-10.6).
 */

import { objectCollector } from "../composefs/object-collector.ts";
import type { WantedObjects } from "../composefs/wanted-objects.ts";
import type { ContentDigest } from "../tree/node.ts";
import type { TarContent } from "../tree/tar-entry.ts";
import { StoreError } from "./error.ts";
import type { Staging } from "./staging.ts";

interface PlacedObject {
  readonly digest: ContentDigest;
  readonly sizeBytes: number;
  /** Where its content begins. */
  readonly start: number;
}

/**
 * Invariants: `#position` lies in or at the begin of the object `#next`; `#content` takes that object while it is wanted
 * and was seen from its begin.
 */
export class PackCursor {
  readonly #objects: readonly PlacedObject[];
  readonly #wanted: WantedObjects;
  readonly #open: (sizeBytes: number) => TarContent;
  #next = 0;
  #position = 0;
  #content: TarContent | undefined;

  constructor(objects: ReadonlyMap<ContentDigest, number>, wanted: WantedObjects, staging: Staging) {
    let start = 0;
    this.#objects = [...objects].map(([digest, sizeBytes]) => {
      const placed = { digest, sizeBytes, start };
      start += sizeBytes;
      return placed;
    });
    this.#wanted = wanted;
    this.#open = objectCollector(wanted, staging);
  }

  get position(): number {
    return this.#position;
  }

  /** Where in `[start, end)` the last byte of a wanted object stands, or undefined when it has none of one. */
  lastWanted(start: number, end: number): number | undefined {
    const last = this.#objects.findLast(
      (object) => object.start < end && object.start + object.sizeBytes > start && this.#wanted.has(object.digest),
    );
    return last && Math.min(end, last.start + last.sizeBytes);
  }

  /** Passes over content that holds nothing wanted. */
  seek(position: number): void {
    if (position === this.#position) return;
    this.#position = position;
    this.#next = this.#objects.findIndex(({ start, sizeBytes }) => start + sizeBytes > position);
    this.#content = undefined;
  }

  /** @throws StoreError STORE_PACK_INVALID; what staging throws */
  write(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const object = this.#objects[this.#next];
      if (object === undefined) throw invalid("it holds more than its list says");
      if (this.#position === object.start && this.#wanted.has(object.digest))
        this.#content = this.#open(object.sizeBytes);
      const end = object.start + object.sizeBytes;
      const part = chunk.subarray(at, at + end - this.#position);
      this.#content?.write(part);
      at += part.length;
      this.#position += part.length;
      if (this.#position === end) this.#endObject(object);
    }
  }

  #endObject({ digest, sizeBytes }: PlacedObject): void {
    this.#content?.end();
    if (this.#content !== undefined && this.#wanted.has(digest))
      throw invalid(`what it calls object ${digest} (${sizeBytes} bytes) is something else`); // BF-10.6
    this.#content = undefined;
    this.#next += 1;
  }
}

function invalid(why: string): StoreError {
  return new StoreError("STORE_PACK_INVALID", `an object pack is not acceptable: ${why}`);
}
