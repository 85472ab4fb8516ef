/**
 * From images to a signed release on a medium. What can be refused without reading layers is refused before anything
 * is written; blobs are read back before index.json names them; what fails leaves nothing that index.json names.
 */
import { STATEMENT_PAYLOAD_TYPE } from "../bundle/media-type.ts";
import { openMedium } from "../bundle/medium.ts";
import { type MediumWriter, openMediumWriter } from "../bundle/medium-writer.ts";
import { formatStatement, type Statement, type Target } from "../bundle/statement.ts";
import { parseImageDigest } from "../composefs/image-digest.ts";
import { type Digest, digestOf } from "../oci/digest.ts";
import type { Descriptor } from "../oci/document.ts";
import type { PinnedContent } from "../oci/verified-blob.ts";
import { addSignatures, type Envelope } from "../trust/dsse.ts";
import type { KeyId } from "../trust/keys.ts";
import type { OpenBoundImage } from "./bind-apps.ts";
import { blobsOf, type CollectedTargets, collectTargets } from "./collect-targets.ts";
import { leavingOut } from "./copy-image.ts";
import { type DeltaKind, type DeltaPlan, type DeltaSource, planDeltas, writeDeltas } from "./delta/write-deltas.ts";
import { type FoundRelease, readReleases } from "./existing-releases.ts";
import type { SourceImage } from "./layout-images.ts";
import { openSources } from "./open-sources.ts";
import { bootcWarnings, type PlannedTarget } from "./plan-release.ts";
import type { ReleasePorts } from "./ports.ts";
import { findPresent } from "./present-blobs.ts";
import { prepareContents, prepareRelease, publishRelease } from "./publish-release.ts";
import { prepareRoots } from "./publish-roots.ts";
import { verifyWritten } from "./read-back.ts";
import { outlineRelease, type ReleaseDraft, type ReleaseOutline } from "./release-draft.ts";
import { findSame } from "./sequence.ts";
import { verifySignerRoles } from "./signer-roles.ts";

export interface CreatedRelease {
  readonly statement: Statement;
  readonly payloadDigest: Digest;
  readonly manifestDigest: Digest;
  readonly signedBy: readonly KeyId[];
  readonly warnings: readonly string[];
}

export interface UnsignedRelease {
  readonly statement: Statement;
  readonly payloadDigest: Digest;
  /** Without signatures: for the holders of keys. */
  readonly envelope: Envelope;
  readonly warnings: readonly string[];
}

/**
 * Makes the release and publishes it. The same inputs, keys and `createdAt` give the same bytes.
 * @throws ReleaseError, BundleError, OciError, TreeError, ComposefsError, TrustError, HostError
 */
export async function createRelease(draft: ReleaseDraft, ports: ReleasePorts): Promise<CreatedRelease> {
  const keyIds = draft.signers.map((signer) => signer.publicKey.keyId);
  if (draft.root !== undefined) verifySignerRoles(keyIds, draft.root);
  return onMedium(draft, ports, (work) => writeRelease(work, ports));
}

/**
 * Puts everything that the release names onto the medium, and not the release: it is published when its signatures are
 * brought back (`attachRelease`). Errors as those of {@link createRelease}.
 */
export async function createUnsigned(draft: ReleaseDraft, ports: ReleasePorts): Promise<UnsignedRelease> {
  return onMedium(draft, ports, async (work) => {
    const contents = await writeContents(work, ports);
    const { entries, documents } = await prepareContents(work.writer, contents.statement);
    const roots = await prepareRoots(work.writer, draft.carriedRoots);
    await readBack(work, [...contents.written, ...documents, ...roots.documents], ports);
    ports.signal.throwIfAborted();
    await work.writer.publish(...roots.entries, ...entries, ...contents.packEntries);
    await work.writer.sync();
    const { statement, payloadDigest, envelope, warnings } = contents;
    return { statement, payloadDigest, envelope, warnings };
  });
}

async function onMedium<T>(draft: ReleaseDraft, ports: ReleasePorts, act: (work: Work) => Promise<T>): Promise<T> {
  await using sources = await openSources(draft, ports);
  await using writer = await openMediumWriter(draft.destination, { exec: ports.exec });
  const existing = (await readReleases(await openMedium(draft.destination, ports.signal))).releases;
  const outline = outlineRelease(draft, sources, existing);
  const delta = draft.delta && (await planDeltas(draft.delta, outline.planned.map(kindOf(draft)), ports.signal));
  const isCarried = ({ digest }: PinnedContent) => !delta?.leftOut.has(digest);
  await writer.checkRoom(outline.planned.flatMap(imagesOf).flatMap(blobsOf).filter(isCarried));
  try {
    return await act({ draft, outline, existing, writer, openBound: sources.openBound, delta });
  } catch (error) {
    // Blobs without a release would only take room. Should sweeping fail too (the medium is gone), what failed first
    // is what the person must hear of.
    await writer.collectGarbage().catch(() => undefined);
    throw error;
  }
}

interface Work {
  readonly draft: ReleaseDraft;
  readonly outline: ReleaseOutline;
  readonly existing: readonly FoundRelease[];
  readonly writer: MediumWriter;
  readonly openBound: OpenBoundImage;
  readonly delta: DeltaPlan | undefined;
}

/** What a delta has to know of a target. */
export function kindOf({ withTree }: Pick<ReleaseDraft, "withTree">): (planned: PlannedTarget) => DeltaKind {
  return ({ compatible, architecture, image: { manifest } }) => {
    return { compatible, architecture, layers: manifest.layers.map(({ digest }) => digest), hasTree: withTree };
  };
}

interface Contents extends UnsignedRelease {
  /** The same release, when the medium holds it already. */
  readonly same: FoundRelease | undefined;
  readonly written: readonly PinnedContent[];
  /** What index.json will say of the packs of a delta. */
  readonly packEntries: readonly Descriptor[];
}

async function writeRelease(work: Work, ports: ReleasePorts): Promise<CreatedRelease> {
  const { draft, writer } = work;
  const { statement, payloadDigest, envelope: unsigned, same, written, ...rest } = await writeContents(work, ports);
  const envelope = await addSignatures(same?.release.envelope ?? unsigned, draft.signers);
  const roots = await prepareRoots(writer, draft.carriedRoots);
  const prepared = await prepareRelease(writer, statement, envelope);
  await readBack(work, [...written, ...prepared.documents, ...roots.documents], ports);
  ports.signal.throwIfAborted();
  await publishRelease(
    writer,
    { ...prepared, entries: [...roots.entries, ...prepared.entries, ...rest.packEntries] },
    same,
  );
  const signedBy = envelope.signatures.map(({ keyId }) => keyId);
  return { statement, payloadDigest, manifestDigest: prepared.manifestDigest, signedBy, warnings: rest.warnings };
}

/** Images and trees, and the statement that pins them. */
async function writeContents(work: Work, ports: ReleasePorts): Promise<Contents> {
  const { draft, outline, existing, writer, openBound, delta } = work;
  const written: PinnedContent[] = [];
  const sink = await sinkInto(work, written, ports);
  const systemSink = delta && leavingOut(sink, delta.leftOut);
  const checkRoom = (images: readonly SourceImage[]) => writer.checkRoom(images.flatMap(blobsOf));
  const collected = await collectTargets(outline.planned, { ...draft, sink, systemSink, openBound, checkRoom }, ports);
  for (const { bytes, statement } of collected.trees.values()) {
    await writer.writeDocument(bytes, statement.image.mediaType);
    written.push(statement.image);
  }
  const statement: Statement = { ...outline.heading, targets: [...collected.targets] };
  const payload = formatStatement(statement);
  const packs = delta && (await writeDeltas(writer, statement, delta, sourceOf(outline, collected), ports));
  written.push(...(packs?.documents ?? []));
  const payloadDigest = digestOf(payload);
  return {
    statement,
    payloadDigest,
    envelope: { payloadType: STATEMENT_PAYLOAD_TYPE, payload, signatures: [] },
    warnings: [...collected.warnings, ...warningsFor(draft, outline)],
    same: findSame(statement, payloadDigest, existing),
    written,
    packEntries: packs?.entries ?? [],
  };
}

/** The layers of a target where its image came from, and what its new tree names. */
function sourceOf({ planned }: ReleaseOutline, { trees }: CollectedTargets) {
  return async ({ image }: Target): Promise<DeltaSource> => {
    const source = planned.find((each) => each.image.descriptor.digest === image.digest)?.image;
    if (source === undefined) throw new TypeError("every target comes from an image");
    const made = trees.get(image.digest);
    const tree = made && { digest: parseImageDigest(made.statement.composefs), objects: made.objects };
    return { layout: source.reader, layers: source.manifest.layers, tree };
  };
}

async function readBack({ draft, writer }: Work, blobs: readonly PinnedContent[], ports: ReleasePorts): Promise<void> {
  if (draft.verifyWritten === true) await verifyWritten(writer.layout, blobs, ports);
}

async function sinkInto({ draft, outline, writer, delta }: Work, written: PinnedContent[], ports: ReleasePorts) {
  const { signal } = ports;
  // Without read-back the person has chosen speed over certainty: what has the right size is taken as it is.
  const trustContent = draft.verifyWritten === false;
  const isCarried = ({ digest }: PinnedContent) => !delta?.leftOut.has(digest);
  const planned = outline.planned.flatMap(imagesOf).flatMap(blobsOf).filter(isCarried);
  const looked = new Set(trustContent ? [] : planned.map(({ digest }) => digest));
  const present = trustContent ? new Set<Digest>() : await findPresent(writer.layout, planned, ports);
  return {
    async hasBlob(blob: PinnedContent) {
      if (present.has(blob.digest)) return true;
      return !looked.has(blob.digest) && (await writer.hasBlob(blob, { trustContent, signal }));
    },
    async writeBlob(chunks: AsyncIterable<Buffer>, expected: PinnedContent) {
      await writer.writeBlob(chunks, expected);
      present.add(expected.digest);
      written.push(expected);
    },
  };
}

function imagesOf({ image, apps }: ReleaseOutline["planned"][number]) {
  return [image, ...apps.map((app) => app.image)];
}

/** Only a target without a tree needs a bootc host. */
export function warningsFor(
  draft: Pick<ReleaseDraft, "withTree">,
  { planned, heading }: ReleaseOutline,
): readonly string[] {
  if (draft.withTree) return [];
  return [...new Set(planned.flatMap(({ image }) => bootcWarnings(image, heading.version)))];
}
