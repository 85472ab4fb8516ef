/**
 * Looking into a release before it is stored: its tree, and single files of it.
 *
 * For an installation, which must know what the image asks for before it overwrites a disk. The files are looked for in the
 * layers, which may take a while, and are kept in a directory of their own until the preview is closed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Target } from "../bundle/statement.ts";
import { WantedObjects } from "../composefs/wanted-objects.ts";
import { hostError } from "../host/error.ts";
import type { Exec } from "../host/exec.ts";
import type { LayoutReader } from "../oci/layout.ts";
import { type AbsPath, parseAbsPath } from "../path.ts";
import type { ContentDigest, DirectoryNode, FileContent } from "../tree/node.ts";
import { requireSupply } from "./evaluate-supply.ts";
import { openObjectStore } from "./object-store.ts";
import { readFileContent } from "./read-content.ts";
import { readOffers } from "./read-offers.ts";
import { readSignedTree } from "./signed-tree.ts";
import { openStaging } from "./staging.ts";
import { missingFromMedium, supplyFromMedium } from "./supply-from-medium.ts";

export interface ReleasePreview extends AsyncDisposable {
  readonly root: DirectoryNode;
  /**
   * Reads files of the tree, in their order; layers are opened only for those that do not stand in the tree itself.
   * @throws StoreError STORE_OBJECT_MISSING_FROM_MEDIUM, STORE_BASE_MISSING; OciError; the reason of the signal
   */
  readFiles(contents: readonly FileContent[]): Promise<readonly Buffer[]>;
}

export interface PreviewOptions {
  readonly exec: Exec;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of the medium that were read for files, of those that may have to be. */
  readonly onProgress?: ((bytesDone: number, bytesTotal: number) => void) | undefined;
}

/** @throws StoreError STORE_TREE_*; OciError; ComposefsError; HostError */
export async function openReleasePreview(
  medium: LayoutReader,
  target: Target,
  { exec, signal, onProgress }: PreviewOptions,
): Promise<ReleasePreview> {
  const directory = makeDirectory();
  try {
    const store = await openObjectStore(directory, { exec, fsVerity: "off" });
    const tree = await readSignedTree(store, medium, target, { signal });
    const { root } = tree;
    return {
      root,
      async readFiles(contents) {
        const missing = objectsOf(contents);
        if (missing.size > 0) {
          const wanted = new WantedObjects(missing);
          const offers = await readOffers(medium, target, tree, missing, signal);
          requireSupply(store, `the system for ${target.compatible}`, missing, offers);
          await using staging = await openStaging(store);
          await supplyFromMedium(medium, offers, wanted, staging, { root, signal, onProgress });
          await staging.publish(signal);
          if (wanted.count > 0) throw missingFromMedium(medium, offers, wanted, "files");
        }
        return contents.map((content) => readFileContent(store, content));
      },
      async [Symbol.asyncDispose]() {
        rmSync(directory, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

function objectsOf(contents: readonly FileContent[]): ReadonlyMap<ContentDigest, number> {
  return new Map(
    contents.flatMap((content) => (content.kind === "object" ? [[content.digest, content.sizeBytes]] : [])),
  );
}

function makeDirectory(): AbsPath {
  try {
    return parseAbsPath(mkdtempSync(join(tmpdir(), "bootferry-preview-")));
  } catch (error) {
    throw hostError(error, "making a temporary directory");
  }
}
