/**
 * The three-way merge of /etc: what this device changed against the image that it runs is carried onto the new image.
 *
 *     old image   local    new image    result
 *     a           a        b            b        the image's change
 *     a           x        a            x        the device's change
 *     a           x        b            x        a conflict: the device wins, and it is listed
 *     a           –        b            –        a conflict of the same kind
 *     –           x        –            x        the device's own file
 *
 *     a           x        b            b        for ld.so.cache: what is generated from the image comes from it
 *
 * Compared are kind, content, mode and owner; times are not, and extended attributes are merged by themselves. Conflicts are data: an update of a device in the field must
 * not fail because someone edited a file, but somebody must be able to read which ones. Account files are merged by line.
 * Same idea as bootc (crates/etc-merge) and ostree; unlike bootc's, a file that became a directory is a conflict too.
 */
import { type ByteString, displayBytes, utf8ToByteString } from "../../path.ts";
import type { EtcConflict } from "../port.ts";
import { isAccountFile, mergeAccounts } from "./account-merge.ts";
import { type IsSameMetadata, isSameNode } from "./compare-plain-trees.ts";
import { mergeXattrs, type NodeVersions } from "./merge-xattrs.ts";
import {
  fileFingerprint,
  type PlainContent,
  type PlainDirectory,
  type PlainMetadata,
  type PlainNode,
} from "./plain-tree.ts";

export interface EtcMergeOptions {
  /** Reads a file of any of the three trees; only account files that both sides changed are read. */
  readonly readContent: (content: PlainContent) => Uint8Array;
  readonly isSameMetadata: IsSameMetadata;
}

export interface EtcMerge {
  readonly etc: PlainDirectory;
  readonly conflicts: readonly EtcConflict[];
}

/** Made from what is in /usr, so that the image's is the right one: a stale one would name libraries that are gone. */
const GENERATED = ["ld.so.cache"].map(utf8ToByteString);

/** What the account tools leave: the state before the last change, and a lock. Nobody merges these, nor misses them. */
const ACCOUNT_LEFTOVERS = ["passwd-", "group-", "shadow-", "gshadow-", "subuid-", "subgid-", ".pwd.lock"].map(
  utf8ToByteString,
);

/** Made by systemd-update-done; in the way of ConditionNeedsUpdate= on the new system (bootc removes it too). */
const UPDATE_STAMP = utf8ToByteString(".updated");

export function mergeEtc(
  old: PlainDirectory,
  local: PlainDirectory,
  fresh: PlainDirectory,
  options: EtcMergeOptions,
): EtcMerge {
  const merger = new EtcMerger(options);
  const mine = { ...local, entries: new Map([...local.entries].filter(([name]) => name !== UPDATE_STAMP)) };
  const etc = merger.mergeDirectories(old, mine, fresh, []);
  return { etc, conflicts: merger.conflicts };
}

class EtcMerger {
  readonly conflicts: EtcConflict[] = [];
  readonly #options: EtcMergeOptions;

  constructor(options: EtcMergeOptions) {
    this.#options = options;
  }

  mergeDirectories(
    old: PlainDirectory | undefined,
    local: PlainDirectory,
    fresh: PlainDirectory | undefined,
    path: readonly ByteString[],
  ): PlainDirectory {
    const entries = new Map<ByteString, PlainNode>();
    for (const name of new Set([...(fresh?.entries.keys() ?? []), ...local.entries.keys()])) {
      const versions = { old: old?.entries.get(name), local: local.entries.get(name), fresh: fresh?.entries.get(name) };
      const merged = this.#mergeNode(versions, [...path, name]);
      if (merged?.kind === "directory") entries.set(name, merged);
      else if (merged !== undefined) entries.set(name, { ...merged, metadata: carry(versions, merged) });
    }
    const isUnchanged = old !== undefined && this.#options.isSameMetadata(old.metadata, local.metadata, "directory");
    const metadata = isUnchanged && fresh ? fresh.metadata : local.metadata;
    const merged: PlainDirectory = { kind: "directory", metadata, entries };
    return { ...merged, metadata: carry({ old, local, fresh }, merged) };
  }

  #mergeNode(versions: NodeVersions, path: readonly ByteString[]): PlainNode | undefined {
    const { old, local, fresh } = versions;
    if (local?.kind === "directory" && fresh?.kind === "directory") {
      return this.mergeDirectories(directoryOf(old), local, fresh, path);
    }
    if (this.#isSame(old, local)) return fresh;
    if (this.#isSame(old, fresh) && local?.kind !== "directory") return local;
    if (this.#isSame(fresh, local)) return fresh;
    const [name] = path.length === 1 ? path : [];
    if (name !== undefined && GENERATED.includes(name)) return fresh ?? local;
    if (name !== undefined && ACCOUNT_LEFTOVERS.includes(name)) return local ?? fresh;
    if (local?.kind === "directory") return this.#keepLocalDirectory(directoryOf(old), local, fresh, path);
    const accounts = this.#mergeAccountFile(versions, path);
    if (accounts !== undefined) return accounts;
    this.#report(path, conflictKind(local, fresh));
    return local;
  }

  /** The new image has no directory there: what the device changed below it stays, what it did not goes. */
  #keepLocalDirectory(
    old: PlainDirectory | undefined,
    local: PlainDirectory,
    fresh: PlainNode | undefined,
    path: readonly ByteString[],
  ): PlainNode | undefined {
    if (fresh !== undefined) this.#report(path, "not-mergeable");
    const kept = this.mergeDirectories(old, local, undefined, path);
    const isOursAlone = old === undefined || !this.#options.isSameMetadata(old.metadata, local.metadata, "directory");
    return kept.entries.size > 0 || isOursAlone || fresh !== undefined ? kept : undefined;
  }

  #mergeAccountFile({ old, local, fresh }: NodeVersions, path: readonly ByteString[]): PlainNode | undefined {
    const [name] = path;
    if (path.length !== 1 || name === undefined || !isAccountFile(name)) return undefined;
    if (local?.kind !== "file" || fresh?.kind !== "file") return undefined;
    const { readContent, isSameMetadata } = this.#options;
    const before = old?.kind === "file" ? readContent(old.content) : Buffer.alloc(0);
    const merged = mergeAccounts(name, before, readContent(local.content), readContent(fresh.content));
    for (const key of merged.conflicts) this.#report(path, "both-changed", key);
    for (const shared of merged.sharedIds) this.#report(path, "shared-id", shared);
    const keepsMode = old !== undefined && isSameMetadata(old.metadata, local.metadata, "file");
    return {
      kind: "file",
      metadata: keepsMode ? fresh.metadata : local.metadata,
      fingerprint: fileFingerprint(merged.bytes),
      content: { from: "memory", bytes: merged.bytes },
    };
  }

  #isSame(a: PlainNode | undefined, b: PlainNode | undefined): boolean {
    return isSameNode(a, b, this.#options.isSameMetadata);
  }

  #report(path: readonly ByteString[], kind: EtcConflict["kind"], detail?: string): void {
    const shown = `/etc/${path.map(displayBytes).join("/")}`;
    this.conflicts.push({ path: shown, kind, ...(detail === undefined ? {} : { detail }) });
  }
}

function carry(versions: NodeVersions, merged: PlainNode): PlainMetadata {
  return { ...merged.metadata, xattrs: mergeXattrs(versions, merged) };
}

function directoryOf(node: PlainNode | undefined): PlainDirectory | undefined {
  return node?.kind === "directory" ? node : undefined;
}

function conflictKind(local: PlainNode | undefined, fresh: PlainNode | undefined): EtcConflict["kind"] {
  if (local === undefined) return "removed-locally";
  if (fresh === undefined) return "removed-in-image";
  return fresh.kind === "directory" ? "not-mergeable" : "both-changed";
}
