/** The table of extended attributes that more than one inode has: each stands in the image once (BF-8.7). */
import { type ByteString, bytesToString } from "../path.ts";
import type { ContentDigest, TreeNode } from "../tree/node.ts";
import { MAX_SHARED_XATTRS, roundUp, XATTR_HEADER_BYTES, XATTR_ID_BYTES } from "./erofs-format.ts";
import { encodeXattrName, type ImageXattr, objectXattrs, type XattrName, xattrEntryBytes } from "./image-xattrs.ts";

/** What the attributes of one inode take in the image, and where each of them stands. */
export interface PlacedXattrs {
  readonly sizeBytes: number;
  /** Offsets in the shared table, in the order of the inode's attributes. */
  readonly shared: readonly number[];
  readonly inline: readonly ImageXattr[];
  readonly nameFilter: number;
}

const NONE: PlacedXattrs = { sizeBytes: 0, shared: [], inline: [], nameFilter: 0 };

/**
 * Counts attributes first, then places them. Invariant: `#offsets` is complete, and `entries` in the table's order,
 * once `freeze` has been called; before, nothing may be placed.
 */
export class SharedXattrs {
  readonly #seen = new Set<string>();
  /** Digests stand for the attributes that are made of them: an image of 300,000 files has as many pairs. */
  readonly #seenObjects = new Set<ContentDigest>();
  readonly #repeated = new Map<string, ImageXattr>();
  readonly #offsets = new Map<string, number>();
  readonly #names = new Map<ByteString, XattrName>();
  #entries: readonly ImageXattr[] = [];
  #sizeBytes = 0;

  get entries(): readonly ImageXattr[] {
    return this.#entries;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  nameOf(xattr: ImageXattr): XattrName {
    let name = this.#names.get(xattr.name);
    if (name === undefined) {
      name = encodeXattrName(xattr.name);
      this.#names.set(xattr.name, name);
    }
    return name;
  }

  count(node: TreeNode): void {
    for (const [name, bytes] of node.metadata.xattrs) {
      const xattr = { name, value: bytesToString(bytes) };
      const key = keyOf(xattr);
      if (this.#seen.has(key)) this.#repeated.set(key, xattr);
      else this.#seen.add(key);
    }
    if (node.kind !== "file" || node.content.kind !== "object") return;
    const { digest } = node.content;
    if (this.#seenObjects.has(digest))
      for (const xattr of objectXattrs(digest)) this.#repeated.set(keyOf(xattr), xattr);
    else this.#seenObjects.add(digest);
  }

  /** Orders the table: descending by name, then by the length of the value, then by its bytes. */
  freeze(): void {
    this.#seen.clear();
    this.#seenObjects.clear();
    this.#entries = [...this.#repeated.values()].sort(compareDescending);
    for (const xattr of this.#entries) {
      this.#offsets.set(keyOf(xattr), this.#sizeBytes);
      this.#sizeBytes += roundUp(xattrEntryBytes(this.nameOf(xattr), xattr), 4);
    }
  }

  place(xattrs: readonly ImageXattr[]): PlacedXattrs {
    if (xattrs.length === 0) return NONE;
    const shared: number[] = [];
    const inline: ImageXattr[] = [];
    let filterBits = 0;
    let sizeBytes = XATTR_HEADER_BYTES;
    for (const xattr of xattrs) {
      const name = this.nameOf(xattr);
      filterBits |= name.filterBit;
      const offset = this.#offsets.size === 0 ? undefined : this.#offsets.get(keyOf(xattr));
      if (offset !== undefined && shared.length < MAX_SHARED_XATTRS) {
        shared.push(offset);
        sizeBytes += XATTR_ID_BYTES;
      } else {
        inline.push(xattr);
        sizeBytes += roundUp(xattrEntryBytes(name, xattr), 4);
      }
    }
    return { sizeBytes, shared, inline, nameFilter: ~filterBits >>> 0 };
  }
}

function keyOf(xattr: ImageXattr): string {
  return `${xattr.name}\0${xattr.value}`; // names hold no NUL
}

function compareDescending(a: ImageXattr, b: ImageXattr): number {
  if (a.name !== b.name) return a.name < b.name ? 1 : -1;
  if (a.value.length !== b.value.length) return b.value.length - a.value.length;
  return a.value < b.value ? 1 : -1;
}
