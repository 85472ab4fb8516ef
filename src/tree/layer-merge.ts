/**
 * Merges the layers of an image, lowest first, into one tree (OCI image-spec 1.1, layer.md; BF-7.6 to BF-7.8 of
 * `bundle-format/tree.md`). Nothing is unpacked: contents go through a digester and are forgotten.
 */
import type { ByteString } from "../path.ts";
import { applyLayer } from "./apply-layer.ts";
import { type DirectoryDraft, draftDirectory, finishDraft, reachDirectory, setEntry } from "./directory-draft.ts";
import { TreeError } from "./error.ts";
import { DEFAULT_TREE_LIMITS, type TreeLimits } from "./limits.ts";
import { findLinkTarget } from "./link-target.ts";
import { metadataPool } from "./metadata-pool.ts";
import type { DirectoryNode, FileContent, LeafNode, Metadata } from "./node.ts";
import type { DeviceEntry, FifoEntry, SymlinkEntry, TarContent, TarEntry, TarHandler } from "./tar-entry.ts";
import { displayTreePath } from "./tree-path.ts";
import { type LayerMark, markOf } from "./whiteout.ts";

/** Takes the content of one file and says how a tree refers to it. */
export interface ContentDigester {
  write(chunk: Uint8Array): void;
  end(): FileContent;
}

/** One layer being read. `close` puts it over the layers below; without it the layer never was. */
export type LayerReader = TarHandler & { close(): void };

/** What nodes, directories and attributes cost in memory beside their bytes, about; with it the limit bounds memory. */
const ENTRY_OVERHEAD_BYTES = 64;
const DIRECTORY_OVERHEAD_BYTES = 512;
const XATTR_OVERHEAD_BYTES = 256;

/**
 * Invariants: `#merged` is the tree of all layers closed so far; at most one layer is open, and only `#merged` and the
 * open layer's own tree are ever changed. After an error the merge is done for.
 */
export class LayerMerge {
  readonly #openContent: (sizeBytes: number) => ContentDigester;
  readonly #limits: TreeLimits;
  readonly #merged: DirectoryDraft = draftDirectory();
  readonly #pooled = metadataPool();
  #isLayerOpen = false;
  #entries = 0;
  #metadataBytes = 0;

  /** @param openContent called for each file with its size; of two digesters only the later one is still written to */
  constructor(openContent: (sizeBytes: number) => ContentDigester, limits: Partial<TreeLimits> = {}) {
    this.#openContent = openContent;
    this.#limits = { ...DEFAULT_TREE_LIMITS, ...limits };
  }

  /**
   * Begins the next layer: the result is the handler for a TarParser that reads it. `entry` throws TreeError for what
   * BF-7.5 to BF-7.8 refuse, `close` when the layer does not fit over those below it.
   */
  openLayer(): LayerReader {
    if (this.#isLayerOpen) throw new Error("the layer before has not been closed");
    this.#isLayerOpen = true;
    const layer = draftDirectory();
    return {
      entry: (entry) => this.#takeEntry(layer, entry),
      close: () => {
        applyLayer(this.#merged, layer);
        this.#isLayerOpen = false;
      },
    };
  }

  /** The tree of all layers. The merge cannot be used afterwards. */
  finish(): DirectoryNode {
    if (this.#isLayerOpen) throw new Error("the last layer has not been closed");
    return finishDraft(this.#merged);
  }

  #takeEntry(layer: DirectoryDraft, entry: TarEntry): TarContent | undefined {
    this.#count(entry);
    const mark = markOf(entry.path);
    if (mark.kind !== "none") {
      this.#takeMark(layer, mark);
      return undefined;
    }
    const name = entry.path.at(-1);
    if (name === undefined) {
      takeRoot(layer, entry);
      return undefined;
    }
    const parent = reachDirectory(layer, entry.path.slice(0, -1), true, this.#countDraft);
    const metadata = this.#pooled(entry.metadata);
    switch (entry.kind) {
      case "file":
        return this.#takeFile(parent, name, metadata, entry.sizeBytes);
      case "directory":
        takeDirectory(parent, name, metadata);
        return undefined;
      case "hardlink":
        setEntry(parent, name, findLinkTarget(layer, this.#merged, entry));
        return undefined;
      case "symlink":
      case "fifo":
      case "character-device":
      case "block-device":
        setEntry(parent, name, leafOf(entry, metadata));
        return undefined;
    }
  }

  #takeFile(parent: DirectoryDraft, name: ByteString, metadata: Metadata, sizeBytes: number): TarContent {
    const digester = this.#openContent(sizeBytes);
    return {
      write: (chunk) => digester.write(chunk),
      end: () => setEntry(parent, name, { kind: "file", metadata, content: digester.end() }),
    };
  }

  #takeMark(layer: DirectoryDraft, mark: Exclude<LayerMark, { kind: "none" }>): void {
    switch (mark.kind) {
      case "ignored":
        return;
      case "opaque":
        reachDirectory(layer, mark.directory, false, this.#countDraft).isOpaque = true;
        return;
      case "whiteout": {
        const directory = reachDirectory(layer, mark.directory, false, this.#countDraft);
        directory.whiteouts ??= new Set();
        directory.whiteouts.add(mark.name);
        return;
      }
    }
  }

  #count(entry: TarEntry): void {
    const { path, metadata } = entry;
    let bytes = entry.kind === "directory" ? DIRECTORY_OVERHEAD_BYTES : ENTRY_OVERHEAD_BYTES;
    bytes += path.at(-1)?.length ?? 0;
    if (entry.kind === "symlink") bytes += entry.linkTarget.length;
    for (const [name, value] of metadata.xattrs) bytes += XATTR_OVERHEAD_BYTES + name.length + value.length;
    this.#hold(bytes);
  }

  /** A directory that an entry only implies: one entry may imply 255 of them. */
  readonly #countDraft = (name: ByteString): void => this.#hold(DIRECTORY_OVERHEAD_BYTES + name.length);

  #hold(bytes: number): void {
    this.#entries++;
    this.#metadataBytes += bytes;
    if (this.#entries > this.#limits.maxEntries)
      throw new TreeError("TREE_TOO_LARGE", `layers of more than ${this.#limits.maxEntries} entries`);
    if (this.#metadataBytes > this.#limits.maxMetadataBytes)
      throw new TreeError("TREE_TOO_LARGE", `layers of more than ${this.#limits.maxMetadataBytes} bytes of metadata`);
  }
}

function takeRoot(layer: DirectoryDraft, entry: TarEntry): void {
  if (entry.kind !== "directory")
    throw new TreeError(
      "TREE_ROOT_NOT_DIRECTORY",
      `a layer's entry for the root is a ${entry.kind} and not a directory`,
    );
  layer.metadata = entry.metadata;
}

function takeDirectory(parent: DirectoryDraft, name: ByteString, metadata: Metadata): void {
  const existing = parent.entries.get(name);
  if (existing?.kind === "directory") {
    existing.metadata = metadata;
    existing.isPresent = true;
    return;
  }
  const directory = draftDirectory();
  directory.metadata = metadata;
  directory.isPresent = true;
  // Another entry of this layer stood here: it has removed whatever lower layers had under the name.
  directory.isOpaque = existing !== undefined;
  setEntry(parent, name, directory);
}

function leafOf(entry: SymlinkEntry | FifoEntry | DeviceEntry, metadata: Metadata): LeafNode {
  switch (entry.kind) {
    case "symlink":
      return { kind: "symlink", metadata, target: entry.linkTarget };
    case "fifo":
      return { kind: "fifo", metadata };
    case "character-device":
    case "block-device": {
      const { kind, major, minor } = entry;
      if (kind === "character-device" && major === 0 && minor === 0)
        throw new TreeError("TREE_DEVICE_WHITEOUT", `character device 0:0 in a layer: ${displayTreePath(entry.path)}`);
      return { kind, metadata, major, minor };
    }
  }
}
