/**
 * From images to a signed release on a medium. What can be refused without reading layers is refused before anything
 * is written; blobs are read back before index.json names them; what fails leaves nothing that index.json names.
 */
import { STATEMENT_PAYLOAD_TYPE } from "../bundle/media-type.ts";
import { openMedium } from "../bundle/medium.ts";
import { type MediumWriter, openMediumWriter } from "../bundle/medium-writer.ts";
import { formatStatement, type Statement } from "../bundle/statement.ts";
import { type Digest, digestOf } from "../oci/digest.ts";
import type { PinnedContent } from "../oci/verified-blob.ts";
import { addSignature, type Envelope } from "../trust/dsse.ts";
import type { KeyId } from "../trust/keys.ts";
import type { Signer } from "../trust/signer.ts";
import { blobsOf, collectTargets } from "./collect-targets.ts";
import { type FoundRelease, readReleases } from "./existing-releases.ts";
import { openSources } from "./open-sources.ts";
import { bootcWarnings } from "./plan-release.ts";
import type { ReleasePorts } from "./ports.ts";
import { prepareRelease } from "./publish-release.ts";
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

/**
 * Makes the release and publishes it. The same inputs, keys and `createdAt` give the same bytes.
 * @throws ReleaseError, BundleError, OciError, TreeError, ComposefsError, TrustError, HostError
 */
export async function createRelease(draft: ReleaseDraft, ports: ReleasePorts): Promise<CreatedRelease> {
  const keyIds = draft.signers.map((signer) => signer.publicKey.keyId);
  if (draft.root !== undefined) verifySignerRoles(keyIds, draft.root);
  await using sources = await openSources(draft, ports);
  await using writer = await openMediumWriter(draft.destination, { exec: ports.exec });
  const existing = (await readReleases(await openMedium(draft.destination))).releases;
  const outline = outlineRelease(draft, sources, existing);
  await writer.checkRoom(outline.planned.flatMap(imagesOf).flatMap(blobsOf));
  try {
    return await writeRelease({ draft, outline, existing, writer }, ports);
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
}

async function writeRelease(work: Work, ports: ReleasePorts): Promise<CreatedRelease> {
  const { draft, outline, existing, writer } = work;
  const written: PinnedContent[] = [];
  const collected = await collectTargets(
    outline.planned,
    { ...draft, sink: sinkInto(writer, written, draft, ports) },
    ports,
  );
  for (const { bytes, statement } of collected.trees.values()) {
    await writer.writeDocument(bytes, statement.image.mediaType);
    written.push(statement.image);
  }
  const statement: Statement = { ...outline.heading, targets: [...collected.targets] };
  const payload = formatStatement(statement);
  const payloadDigest = digestOf(payload);
  const same = findSame(statement, payloadDigest, existing);
  const unsigned: Envelope = { payloadType: STATEMENT_PAYLOAD_TYPE, payload, signatures: [] };
  const envelope = await sign(same?.release.envelope ?? unsigned, draft.signers);
  const prepared = await prepareRelease(writer, statement, envelope);
  if (draft.verifyWritten === true) await verifyWritten(writer.layout, [...written, ...prepared.documents], ports);
  ports.signal.throwIfAborted();
  await writer.publish(...prepared.entries);
  if (same !== undefined && same.release.manifestDigest !== prepared.manifestDigest) {
    await writer.unpublish(({ digest }) => digest === same.release.manifestDigest);
    await writer.collectGarbage();
  }
  await writer.sync();
  return {
    statement,
    payloadDigest,
    manifestDigest: prepared.manifestDigest,
    signedBy: envelope.signatures.map(({ keyId }) => keyId),
    warnings: [...collected.warnings, ...warningsFor(draft, outline)],
  };
}

function sinkInto(writer: MediumWriter, written: PinnedContent[], draft: ReleaseDraft, { signal }: ReleasePorts) {
  return {
    // Without read-back the person has chosen speed over certainty: what has the right size is taken as it is.
    hasBlob: (blob: PinnedContent) => writer.hasBlob(blob, { trustContent: draft.verifyWritten === false, signal }),
    async writeBlob(chunks: AsyncIterable<Buffer>, expected: PinnedContent) {
      await writer.writeBlob(chunks, expected);
      written.push(expected);
    },
  };
}

/** One by one: each signer may ask for a PIN. */
async function sign(envelope: Envelope, signers: readonly Signer[]): Promise<Envelope> {
  let signed = envelope;
  for (const signer of signers) signed = await addSignature(signed, signer);
  return signed;
}

function imagesOf({ image, apps }: ReleaseOutline["planned"][number]) {
  return [image, ...apps.map((app) => app.image)];
}

/** Only a target without a tree needs a bootc host. */
export function warningsFor(draft: ReleaseDraft, { planned, heading }: ReleaseOutline): readonly string[] {
  if (draft.withTree) return [];
  return [...new Set(planned.flatMap(({ image }) => bootcWarnings(image, heading.version)))];
}
