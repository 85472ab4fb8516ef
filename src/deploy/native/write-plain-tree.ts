/**
 * Writes a plain tree into a new directory, without its extended attributes (xattrs.ts sets them).
 *
 * Every directory on the way is one that we made, so nothing is ever written through a link. Owners need root; without it
 * (a device in a directory, see `--sysroot`) files belong to the user who runs us and keep an owner's right to read and
 * write them, and what could not be set is reported: it stands in the image, whose digest is what counts.
 */
import {
  chmodSync,
  closeSync,
  constants,
  lchownSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { writeAll } from "../../host/durable-write.ts";
import { hostError } from "../../host/error.ts";
import { type AbsPath, type ByteString, displayBytes, stringToBytes } from "../../path.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { copyContent } from "../../store/read-content.ts";
import type { NotApplied } from "../port.ts";
import type { PlainContent, PlainDirectory, PlainLeaf, PlainMetadata } from "./plain-tree.ts";
import { isRace, joinBytes, readRegularFile } from "./read-plain-tree.ts";

export interface WritePlainTreeOptions {
  readonly store: ObjectStore;
  /** True when owners can be set. */
  readonly isRoot: boolean;
  /** What the tree is called in reports: `/etc`. */
  readonly label: string;
}

/** What an unprivileged owner needs so that a later update can read and replace what it wrote. */
const OWNER_FILE_BITS = 0o600;
const OWNER_DIRECTORY_BITS = 0o700;

/** The mode that a node gets on disk; also what a mode on disk is compared with. */
export function modeOnDisk(mode: number, kind: PlainLeaf["kind"] | "directory", isRoot: boolean): number {
  if (isRoot || kind === "symlink" || kind === "special") return mode;
  return mode | (kind === "directory" ? OWNER_DIRECTORY_BITS : OWNER_FILE_BITS);
}

/**
 * Makes `destination`, which must not be there, and everything below it. Not durable: the caller syncs.
 * @returns what could not be set, by path
 * @throws StoreError STORE_OBJECT_MISSING, STORE_OBJECT_CORRUPT, STORE_NO_SPACE; HostError
 */
export function writePlainTree(
  tree: PlainDirectory,
  destination: AbsPath,
  options: WritePlainTreeOptions,
): readonly NotApplied[] {
  const writer = new PlainTreeWriter(options);
  try {
    writer.writeDirectory(tree, Buffer.from(destination), options.label);
  } catch (error) {
    throw hostError(error, `writing ${destination}`);
  }
  return writer.notApplied;
}

class PlainTreeWriter {
  readonly notApplied: NotApplied[] = [];
  readonly #options: WritePlainTreeOptions;

  constructor(options: WritePlainTreeOptions) {
    this.#options = options;
  }

  writeDirectory(directory: PlainDirectory, path: Buffer, label: string): void {
    mkdirSync(path, { mode: OWNER_DIRECTORY_BITS });
    for (const [name, node] of directory.entries) {
      const [child, childLabel] = [joinBytes(path, name), `${label}/${displayBytes(name)}`];
      if (node.kind === "directory") this.writeDirectory(node, child, childLabel);
      else this.#writeLeaf(node, child, childLabel);
    }
    this.#setMetadata(directory.metadata, "directory", path, label); // last: it may take our right to write
  }

  #writeLeaf(leaf: PlainLeaf, path: Buffer, label: string): void {
    switch (leaf.kind) {
      case "file":
        if (!this.#writeFile(leaf.content, path)) return;
        break;
      case "symlink":
        symlinkSync(stringToBytes(leaf.target as ByteString), path);
        break;
      case "special":
        this.notApplied.push({ path: label, what: "special-file" });
        return;
    }
    this.#setMetadata(leaf.metadata, leaf.kind, path, label);
  }

  /** False when the file that was to be copied is gone: then there is none here either. */
  #writeFile(content: PlainContent, path: Buffer): boolean {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, OWNER_FILE_BITS);
    try {
      switch (content.from) {
        case "store":
          copyContent(this.#options.store, content.content, fd);
          return true;
        case "disk":
          for (const chunk of readRegularFile(content.path)) writeAll(fd, chunk);
          return true;
        case "memory":
          writeAll(fd, content.bytes);
          return true;
      }
    } catch (error) {
      if (content.from !== "disk" || !isRace(error)) throw error;
      rmSync(path);
      return false;
    } finally {
      closeSync(fd);
    }
  }

  #setMetadata(metadata: PlainMetadata, kind: PlainLeaf["kind"] | "directory", path: Buffer, label: string): void {
    const { isRoot } = this.#options;
    const { uid, gid, mode, mtimeSeconds } = metadata;
    if (isRoot) lchownSync(path, uid, gid);
    else if (uid !== process.getuid?.() || gid !== process.getgid?.())
      this.notApplied.push({ path: label, what: "owner" });
    const actualMode = modeOnDisk(mode, kind, isRoot);
    if (kind !== "symlink") chmodSync(path, actualMode); // after chown, which takes set-id bits away
    if (actualMode !== mode) this.notApplied.push({ path: label, what: "mode" });
    lutimesSync(path, mtimeSeconds, mtimeSeconds);
  }
}
