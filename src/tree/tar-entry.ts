/** What a tar archive says, entry by entry, and who listens to it. */
import type { ByteString } from "../path.ts";
import type { Metadata } from "./node.ts";
import type { TreePath } from "./tree-path.ts";

interface EntryBase {
  readonly path: TreePath;
  readonly metadata: Metadata;
}

export interface FileEntry extends EntryBase {
  readonly kind: "file";
  readonly sizeBytes: number;
}

export interface DirectoryEntry extends EntryBase {
  readonly kind: "directory";
}

export interface FifoEntry extends EntryBase {
  readonly kind: "fifo";
}

export interface SymlinkEntry extends EntryBase {
  readonly kind: "symlink";
  readonly linkTarget: ByteString;
}

export interface HardlinkEntry extends EntryBase {
  readonly kind: "hardlink";
  readonly hardlinkTarget: TreePath;
}

export interface DeviceEntry extends EntryBase {
  readonly kind: "character-device" | "block-device";
  readonly major: number;
  readonly minor: number;
}

export type TarEntry = FileEntry | DirectoryEntry | FifoEntry | SymlinkEntry | HardlinkEntry | DeviceEntry;

/** Takes the content of one file: `write` is called with consecutive parts of it, then `end` once. */
export interface TarContent {
  /** `chunk` is only valid during the call: it is a view of what the parser was given. */
  write(chunk: Uint8Array): void;
  end(): void;
}

export interface TarHandler {
  /** Called in archive order. What it returns for a file takes its content; undefined skips that. */
  entry(entry: TarEntry): TarContent | undefined;
}
