/** The packs of a release: for each of its targets what is new since the bases that its devices may hold. */
import type { MediumWriter } from "../../bundle/medium-writer.ts";
import type { Statement, Target } from "../../bundle/statement.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/document.ts";
import { packEntry } from "../index-entries.ts";
import type { ReleasePorts } from "../ports.ts";
import type { PreparedContents } from "../publish-release.ts";
import { leftOutLayers, newObjects } from "./plan-delta.ts";
import { type BaseTarget, type DeltaBase, type DeviceKind, readBaseTargets } from "./read-base.ts";
import type { TreeObjects } from "./read-tree.ts";
import type { LayerSource } from "./scratch-objects.ts";
import { writePack } from "./write-pack.ts";

/** What a person asks for. */
export interface DeltaRequest {
  /** A device holds one of them. */
  readonly bases: readonly [DeltaBase, ...DeltaBase[]];
  /** Layers that the bases lack go along, for bootc hosts. */
  readonly withLayers: boolean;
}

/** A kind of device, and the image for it. */
export interface DeltaKind extends DeviceKind {
  readonly layers: readonly Digest[];
  readonly hasTree: boolean;
}

export interface DeltaPlan {
  readonly basesOf: (kind: DeviceKind) => readonly BaseTarget[];
  /** Layers that no target of the release is to have on the medium. */
  readonly leftOut: ReadonlySet<Digest>;
}

/**
 * Reads the bases for all kinds of device of a release, before anything is written.
 * @throws ReleaseError RELEASE_BASE_UNSUITABLE, RELEASE_BASE_INCOMPLETE; the reason of the signal
 */
export async function planDeltas(
  { bases, withLayers }: DeltaRequest,
  kinds: readonly DeltaKind[],
  signal: AbortSignal,
): Promise<DeltaPlan> {
  const known = new Map<string, readonly BaseTarget[]>();
  const keyOf = ({ compatible, architecture }: DeviceKind) => `${compatible} ${architecture}`;
  const needed = new Set<Digest>();
  for (const kind of kinds) {
    const { layers, hasTree } = kind;
    const targets = await readBaseTargets(bases, kind, hasTree, signal);
    known.set(keyOf(kind), targets);
    const leftOut = leftOutLayers(layers, targets, { hasTree, withLayers });
    for (const digest of layers) if (!leftOut.has(digest)) needed.add(digest);
  }
  const all = kinds.flatMap(({ layers }) => layers);
  return {
    basesOf: (kind) => known.get(keyOf(kind)) ?? [],
    leftOut: new Set(all.filter((digest) => !needed.has(digest))),
  };
}

/** The image of a target, where its layers can be read, and the objects of its tree. */
export interface DeltaSource extends LayerSource {
  readonly tree: TreeObjects | undefined;
}

/**
 * Writes the packs; {@link MediumWriter.publish} comes next. A target without a tree gets a list without objects: it says
 * which release the layers that were left out belong to.
 * @throws ReleaseError RELEASE_DELTA_TOO_LARGE, RELEASE_IMAGE_INCONSISTENT; BundleError, OciError, TreeError, HostError
 */
export async function writeDeltas(
  writer: MediumWriter,
  statement: Statement,
  { basesOf }: DeltaPlan,
  openSource: (target: Target) => Promise<DeltaSource>,
  ports: Pick<ReleasePorts, "signal" | "scratchDirectory" | "openProgress">,
): Promise<PreparedContents> {
  const entries: Descriptor[] = [];
  const documents: Descriptor[] = [];
  for (const target of statement.targets) {
    const targets = basesOf(target);
    const source = await openSource(target);
    const objects = source.tree === undefined ? new Map() : newObjects(source.tree.objects, targets);
    const list = { tree: source.tree?.digest ?? null, bases: targets.map(({ base }) => base), objects };
    const { manifest, blobs } = await writePack(writer, { image: target.image, source, list }, ports);
    documents.push(...blobs, manifest);
    entries.push(packEntry(statement, target, manifest));
  }
  return { entries, documents };
}
