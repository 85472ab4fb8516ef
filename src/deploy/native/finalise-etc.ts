/**
 * /etc of the next deployment: merged from the running one as late as possible, since what a person changes there before
 * the reboot must come along.
 */
import { renameSync, rmSync } from "node:fs";
import { hostError } from "../../host/error.ts";
import { parseAbsPath } from "../../path.ts";
import { loadImage } from "../../store/load-image.ts";
import { readFileContent } from "../../store/read-content.ts";
import type { EtcConflict, NotApplied } from "../port.ts";
import { type IsSameMetadata, isSameNode, withoutSpecial } from "./compare-plain-trees.ts";
import { type Engine, syncEngine } from "./engine.ts";
import { type EtcMerge, mergeEtc } from "./etc-merge.ts";
import { deploymentEtc, UNFINISHED } from "./layout.ts";
import { imageDirectory, type PlainContent } from "./plain-tree.ts";
import { readPlainTree, readRegularFile } from "./read-plain-tree.ts";
import type { Deployment } from "./snapshot.ts";
import { modeOnDisk, writePlainTree } from "./write-plain-tree.ts";
import { hasXattrs, readXattrs, withXattrs, writeXattrs } from "./xattrs.ts";

export interface FinalEtc extends EtcMerge {
  /** What of the running /etc could not be looked at. */
  readonly unread: readonly NotApplied[];
}

/** What the /etc of `next` has to be, with what both sides changed. Changes nothing. @throws StoreError; HostError */
export async function mergeEtcOf(engine: Engine, booted: Deployment, next: Deployment): Promise<FinalEtc> {
  const { paths, store } = engine;
  const old = imageDirectory(loadImage(store, booted.origin.imageDigest), "etc");
  const fresh = imageDirectory(loadImage(store, next.origin.imageDigest), "etc");
  const directory = deploymentEtc(paths, booted.id);
  const xattrs = await readXattrs(engine.exec, directory);
  const local = withXattrs(readPlainTree(directory), xattrs ?? new Map());
  const readContent = (content: PlainContent): Uint8Array => {
    switch (content.from) {
      case "store":
        return readFileContent(store, content.content);
      case "disk":
        return Buffer.concat([...readRegularFile(content.path)].map((chunk) => Buffer.from(chunk)));
      case "memory":
        return content.bytes;
    }
  };
  const merge = mergeEtc(old, local, fresh, { readContent, isSameMetadata: sameMetadataOnDisk(engine) });
  return { ...merge, unread: xattrs === undefined ? [{ path: "/etc", what: "xattrs" }] : [] };
}

/** True when the /etc of `next` on disk is the merged one already, and need not be written again. @throws HostError */
export async function isEtcOnDisk(engine: Engine, { etc }: EtcMerge, next: Deployment): Promise<boolean> {
  const directory = deploymentEtc(engine.paths, next.id);
  if (!isSameNode(withoutSpecial(etc), readPlainTree(directory), sameMetadataOnDisk(engine))) return false;
  const xattrs = await readXattrs(engine.exec, directory);
  return xattrs === undefined || hasXattrs(etc, xattrs, engine.isRoot);
}

/** Puts the merged /etc in the place of the deployment's; durable when it returns. @throws StoreError; HostError */
export async function writeEtc(
  engine: Engine,
  { etc, conflicts, unread }: FinalEtc,
  next: Deployment,
): Promise<{ readonly conflicts: readonly EtcConflict[]; readonly notApplied: readonly NotApplied[] }> {
  const { paths, store, isRoot } = engine;
  const destination = deploymentEtc(paths, next.id);
  const unfinished = parseAbsPath(`${destination}${UNFINISHED}`);
  try {
    rmSync(unfinished, { recursive: true, force: true });
    const notApplied = writePlainTree(etc, unfinished, { store, isRoot, label: "/etc" });
    const withoutXattrs = await writeXattrs(engine, etc, unfinished, "/etc");
    await syncEngine(engine);
    rmSync(destination, { recursive: true, force: true });
    renameSync(unfinished, destination);
    await syncEngine(engine);
    return { conflicts, notApplied: [...unread, ...notApplied, ...withoutXattrs] };
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true }); // on a full disk not even the journal could tell otherwise
    throw hostError(error, `making ${destination}`);
  }
}

function sameMetadataOnDisk({ isRoot }: Pick<Engine, "isRoot">): IsSameMetadata {
  return (a, b, kind) =>
    kind === "symlink" ||
    (modeOnDisk(a.mode, kind, isRoot) === modeOnDisk(b.mode, kind, isRoot) &&
      (!isRoot || (a.uid === b.uid && a.gid === b.gid)));
}
