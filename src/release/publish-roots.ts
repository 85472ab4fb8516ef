/** Puts root documents onto a medium, each an artifact of its own (bundle-format/spec.md, BF-5.5), so that devices can follow. */
import { EMPTY_CONFIG, formatRootManifest } from "../bundle/artifact.ts";
import { openMedium } from "../bundle/medium.ts";
import { type MediumWriter, openMediumWriter } from "../bundle/medium-writer.ts";
import { listRoots } from "../bundle/read-root.ts";
import type { Descriptor } from "../oci/document.ts";
import { MEDIA_TYPE } from "../oci/media-type.ts";
import type { AbsPath } from "../path.ts";
import { ENVELOPE_MEDIA_TYPE, formatEnvelope } from "../trust/dsse.ts";
import type { TrustedRoot } from "../trust/root.ts";
import { rootEntry } from "./index-entries.ts";
import type { ReleasePorts } from "./ports.ts";
import type { PreparedContents } from "./publish-release.ts";

/** Writes the artifacts of `roots`; {@link MediumWriter.publish} comes next. */
export async function prepareRoots(writer: MediumWriter, roots: readonly TrustedRoot[]): Promise<PreparedContents> {
  const entries: Descriptor[] = [];
  const documents: Descriptor[] = [];
  for (const { envelope, version } of roots) {
    const config = await writer.writeDocument(EMPTY_CONFIG, MEDIA_TYPE.empty);
    const layer = await writer.writeDocument(formatEnvelope(envelope), ENVELOPE_MEDIA_TYPE);
    const manifest = await writer.writeDocument(formatRootManifest(layer, version), MEDIA_TYPE.manifest);
    documents.push(config, layer, manifest);
    entries.push(rootEntry(version, manifest));
  }
  return { entries, documents };
}

/**
 * Publishes `roots` on a medium, or in a directory that becomes one. Doing it again changes nothing; a copy with other
 * signatures is replaced.
 * @throws BundleError; OciError; HostError
 */
export async function publishRoots(
  mountPoint: AbsPath,
  roots: readonly TrustedRoot[],
  ports: Pick<ReleasePorts, "exec">,
): Promise<void> {
  await using writer = await openMediumWriter(mountPoint, ports);
  const there = (await listRoots(await openMedium(mountPoint))).roots;
  const { entries } = await prepareRoots(writer, roots);
  await writer.publish(...entries);
  const published = new Set(entries.map(({ digest }) => digest));
  const copies = there.filter(
    ({ root, manifestDigest }) => !published.has(manifestDigest) && roots.some(({ digest }) => digest === root.digest),
  );
  if (copies.length > 0) {
    await writer.unpublish(({ digest }) => copies.some(({ manifestDigest }) => manifestDigest === digest));
    await writer.collectGarbage();
  }
  await writer.sync();
}
