/** A dry run: everything is read and merged as for a release, nothing is written and nothing is signed. */
import { evaluateRoom, type RoomVerdict } from "../bundle/room.ts";
import { formatStatement, type Statement } from "../bundle/statement.ts";
import { imageTag, releaseTag, rootTag } from "../bundle/tag.ts";
import { type Digest, digestOf } from "../oci/digest.ts";
import type { PinnedContent } from "../oci/verified-blob.ts";
import { blobsOf, type CollectedTargets, collectTargets } from "./collect-targets.ts";
import { NOWHERE } from "./copy-image.ts";
import { kindOf, warningsFor } from "./create-release.ts";
import { planDeltas } from "./delta/write-deltas.ts";
import type { SourceImage } from "./layout-images.ts";
import { openSources } from "./open-sources.ts";
import type { ReleasePorts } from "./ports.ts";
import { lookAtDirectory, type RehearsalPlace } from "./rehearsal-place.ts";
import { type HomelessDraft, outlineRelease, type ReleaseDraft } from "./release-draft.ts";

/** What index.json would name. */
export interface RehearsedPart {
  readonly kind: "image" | "app" | "tree";
  readonly tag: string;
  readonly digest: Digest;
  /** With everything that it names. */
  readonly sizeBytes: number;
}

export interface RehearsedRelease {
  readonly statement: Statement;
  readonly payloadDigest: Digest;
  readonly warnings: readonly string[];
  readonly parts: readonly RehearsedPart[];
  /** Tags of the release itself and of the roots that travel with it. */
  readonly tags: readonly string[];
  /** Of everything that the release consists of, what is shared counted once; and what of it is there already. */
  readonly totalBytes: number;
  readonly presentBytes: number;
  /** What a delta leaves out; how large the packs are that take its place shows when they are made. */
  readonly leftOutBytes: number;
  readonly room: RoomVerdict;
}

/** The statement that `createRelease` would sign, and whether it has room. Errors as there, but for those of writing. */
export async function rehearseRelease(draft: ReleaseDraft, ports: ReleasePorts): Promise<RehearsedRelease> {
  return rehearseAt(await lookAtDirectory(draft.destination, ports.signal), draft, ports);
}

/** The same for a place that need not be a directory. */
export async function rehearseAt(
  place: RehearsalPlace,
  draft: HomelessDraft,
  ports: ReleasePorts,
): Promise<RehearsedRelease> {
  await using sources = await openSources(draft, ports);
  const outline = outlineRelease(draft, sources, place.releases);
  const delta = draft.delta && (await planDeltas(draft.delta, outline.planned.map(kindOf(draft)), ports.signal));
  const images = new Map<Digest, SourceImage>();
  const remember = (more: readonly SourceImage[]) => {
    for (const image of more) images.set(image.descriptor.digest, image);
  };
  remember(outline.planned.map(({ image }) => image));
  const { openBound } = sources;
  const options = {
    ...draft,
    sink: NOWHERE,
    label: "reading",
    openBound,
    checkRoom: async (apps: readonly SourceImage[]) => remember(apps),
  };
  const collected = await collectTargets(outline.planned, options, ports);
  const statement: Statement = { ...outline.heading, targets: [...collected.targets] };
  return {
    statement,
    payloadDigest: digestOf(formatStatement(statement)),
    warnings: [...collected.warnings, ...warningsFor(draft, outline)],
    parts: partsOf(statement, images),
    tags: [releaseTag(statement), ...draft.carriedRoots.map(({ version }) => rootTag(version))],
    ...(await weigh(place, [...images.values()], collected.trees, delta?.leftOut ?? new Set())),
  };
}

function partsOf(statement: Statement, images: ReadonlyMap<Digest, SourceImage>): readonly RehearsedPart[] {
  const weight = (digest: Digest) => {
    const image = images.get(digest);
    return image === undefined ? 0 : sizeOf(blobsOf(image));
  };
  return statement.targets.flatMap((target): readonly RehearsedPart[] => {
    const { image, apps, tree } = target;
    const part = (kind: "image" | "app", digest: Digest, suffix?: string): RehearsedPart => ({
      kind,
      tag: imageTag(statement, target, suffix),
      digest,
      sizeBytes: weight(digest),
    });
    return [
      part("image", image.digest),
      ...apps.map((app) => part("app", app.image.digest, app.name)),
      ...(tree === null
        ? []
        : [{ kind: "tree" as const, tag: imageTag(statement, target, "tree"), ...pick(tree.image) }]),
    ];
  });
}

function pick({ digest, size }: PinnedContent) {
  return { digest, sizeBytes: size };
}

async function weigh(
  place: RehearsalPlace,
  images: readonly SourceImage[],
  trees: CollectedTargets["trees"],
  leftOut: ReadonlySet<Digest>,
) {
  const blobs: readonly PinnedContent[] = [
    ...images.flatMap(blobsOf),
    ...[...trees.values()].map(({ statement }) => statement.image),
  ];
  const distinct = [...new Map(blobs.map((blob) => [blob.digest, blob])).values()];
  const carried = distinct.filter(({ digest }) => !leftOut.has(digest));
  const missing: PinnedContent[] = [];
  for (const blob of carried) if (!(await place.hasBlob(blob))) missing.push(blob);
  return {
    totalBytes: sizeOf(distinct),
    presentBytes: sizeOf(carried) - sizeOf(missing),
    leftOutBytes: sizeOf(distinct) - sizeOf(carried),
    room: evaluateRoom(missing, place.room, place.name),
  };
}

function sizeOf(blobs: readonly PinnedContent[]): number {
  return blobs.reduce((sum, { size }) => sum + size, 0);
}
