/** The table of extended attributes that more than one inode has: each stands in the image once (BF-8.7). */
import { type ByteString, bytesToString } from "../path.ts";
import type { ContentDigest, TreeNode } from "../tree/node.ts";
import { MAX_SHARED_XATTRS, roundUp, XATTR_HEADER_BYTES, XATTR_ID_BYTES } from "./erofs-format.ts";
import {
  encodeXattrName,
  type ImageXattr,
  imageXattrs,
  METACOPY,
  objectXattrs,
  REDIRECT,
  type XattrName,
  xattrEntryBytes,
} from "./image-xattrs.ts";

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
 * Counts attributes first, then places them.
 *
 * The attributes of an object are told apart by its digest, a string that exists already: an image of 300,000 files has
 * as many of them, and making strings to look them up took half of the time of a write. Invariant: the table is
 * complete, and `entries` in its order, once `freeze` has been called; before, nothing may be placed.
 */
export class SharedXattrs {
  readonly #seen = new Set<string>();
  readonly #seenObjects = new Set<ContentDigest>();
  readonly #repeated = new Map<string, ImageXattr>();
  readonly #repeatedObjects = new Set<ContentDigest>();
  readonly #offsets = new Map<string, number>();
  readonly #metacopyOffsets = new Map<string, number>();
  readonly #redirectOffsets = new Map<string, number>();
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
    const digest = digestOf(node);
    if (digest === undefined) return;
    if (this.#seenObjects.has(digest)) this.#repeatedObjects.add(digest);
    else this.#seenObjects.add(digest);
  }

  /** Orders the table: descending by name, then by the length of the value, then by its bytes. */
  freeze(): void {
    const objects = [...this.#repeatedObjects].flatMap((digest) =>
      objectXattrs(digest).map((xattr) => ({ xattr, digest })),
    );
    const others = [...this.#repeated.values()].map((xattr) => ({ xattr, digest: undefined }));
    const sorted = [...objects, ...others].sort((a, b) => compareDescending(a.xattr, b.xattr));
    for (const { xattr, digest } of sorted) {
      this.#setOffset(xattr, digest, this.#sizeBytes);
      this.#sizeBytes += roundUp(xattrEntryBytes(this.nameOf(xattr), xattr), 4);
    }
    this.#entries = sorted.map(({ xattr }) => xattr);
    for (const counted of [this.#seen, this.#seenObjects, this.#repeated, this.#repeatedObjects]) counted.clear();
  }

  place(node: TreeNode, isRoot: boolean): PlacedXattrs {
    const xattrs = imageXattrs(node, isRoot);
    if (xattrs.length === 0) return NONE;
    const digest = digestOf(node);
    const shared: number[] = [];
    const inline: ImageXattr[] = [];
    let filterBits = 0;
    let sizeBytes = XATTR_HEADER_BYTES;
    for (const xattr of xattrs) {
      const name = this.nameOf(xattr);
      filterBits |= name.filterBit;
      const offset = this.#offsetOf(xattr, digest);
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

  #setOffset(xattr: ImageXattr, digest: ContentDigest | undefined, offset: number): void {
    if (digest === undefined) this.#offsets.set(keyOf(xattr), offset);
    else if (xattr.name === METACOPY) this.#metacopyOffsets.set(digest, offset);
    else this.#redirectOffsets.set(digest, offset);
  }

  #offsetOf(xattr: ImageXattr, digest: ContentDigest | undefined): number | undefined {
    if (digest !== undefined && xattr.name === METACOPY) return this.#metacopyOffsets.get(digest);
    if (digest !== undefined && xattr.name === REDIRECT) return this.#redirectOffsets.get(digest);
    return this.#offsets.size === 0 ? undefined : this.#offsets.get(keyOf(xattr));
  }
}

function digestOf(node: TreeNode): ContentDigest | undefined {
  return node.kind === "file" && node.content.kind === "object" ? node.content.digest : undefined;
}

function keyOf(xattr: ImageXattr): string {
  return `${xattr.name}\0${xattr.value}`; // names hold no NUL
}

function compareDescending(a: ImageXattr, b: ImageXattr): number {
  if (a.name !== b.name) return a.name < b.name ? 1 : -1;
  if (a.value.length !== b.value.length) return b.value.length - a.value.length;
  return a.value < b.value ? 1 : -1;
}
