/**
 * The release that a delta starts from: what its devices hold already. Only its composefs image is needed, which a delta
 * of that release has as well; and, for bootc hosts, the manifest of its image.
 */
import { readImageBlobs } from "../../bundle/image-blobs.ts";
import type { Target } from "../../bundle/statement.ts";
import type { BaseName } from "../../composefs/object-list.ts";
import { CodedError } from "../../error.ts";
import type { Digest } from "../../oci/digest.ts";
import { OciError } from "../../oci/error.ts";
import type { LayoutReader } from "../../oci/layout.ts";
import { ReleaseError } from "../error.ts";
import type { FoundRelease } from "../existing-releases.ts";
import { readTreeObjects, type TreeObjects } from "./read-tree.ts";

/** A release that devices may hold, and where it was found. */
export interface DeltaBase extends FoundRelease {
  readonly layout: LayoutReader;
}

export type DeviceKind = Pick<Target, "compatible" | "architecture">;

/** What a device with the base has of one target. */
export interface BaseTarget {
  readonly base: BaseName;
  /** Undefined for a target that is for bootc hosts only. */
  readonly tree: TreeObjects | undefined;
  /** The layers of its image. */
  readonly layers: ReadonlySet<Digest>;
}

/**
 * What each base has for one kind of device.
 * @param needsTree when objects are to be left out, and not only layers
 * @throws ReleaseError RELEASE_BASE_UNSUITABLE, RELEASE_BASE_INCOMPLETE; the reason of the signal
 */
export async function readBaseTargets(
  bases: readonly DeltaBase[],
  { compatible, architecture }: DeviceKind,
  needsTree: boolean,
  signal: AbortSignal,
): Promise<readonly BaseTarget[]> {
  const read: BaseTarget[] = [];
  for (const { statement, payloadDigest, layout } of bases) {
    const { name, version, sequence } = statement;
    const title = `${name}@${version}`;
    const kind = `${compatible} on ${architecture}`;
    const same = statement.targets.find((its) => its.compatible === compatible && its.architecture === architecture);
    if (same === undefined)
      throw new ReleaseError("RELEASE_BASE_UNSUITABLE", `the base ${title} has nothing for ${kind}`);
    if (needsTree && same.tree === null)
      throw new ReleaseError("RELEASE_BASE_UNSUITABLE", `the base ${title} has no tree for ${kind}`);
    try {
      const its = same.tree === null ? undefined : await readTreeObjects(layout, same.tree, signal);
      const base: BaseName = { name, version, sequence, payloadDigest, tree: its?.digest ?? null };
      read.push({ base, tree: its, layers: await readLayers(layout, same, signal) });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CodedError)) throw error;
      const what = `the base ${title} cannot be read from ${layout.location}`;
      throw new ReleaseError("RELEASE_BASE_INCOMPLETE", `${what}: ${error.message}`, { cause: error });
    }
  }
  return read;
}

async function readLayers(
  layout: LayoutReader,
  { image, architecture }: Target,
  signal: AbortSignal,
): Promise<ReadonlySet<Digest>> {
  try {
    const { layers } = await readImageBlobs(layout, image, architecture, signal);
    return new Set(layers.map(({ digest }) => digest));
  } catch (error) {
    if (!(error instanceof OciError) || error.code !== "OCI_BLOB_MISSING") throw error;
    return new Set(); // its manifest is not there: then no layer is taken for known
  }
}
