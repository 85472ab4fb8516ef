/**
 * Whether a bundle that somebody copies into a directory is all there: every blob that its index names, directly or through
 * indexes and manifests, has the size that its descriptor says. Reads documents only, a few KiB each.
 *
 * That a file has its size does not say that it has its bytes: a copy may reserve the space first. So the survey has a
 * fingerprint of all files by size and time of change; whoever asks twice, some time apart, and gets the same one knows
 * that nobody has written meanwhile. The bytes are digested when they are read, whatever is found here.
 */
import { lstat, readdir } from "node:fs/promises";
import { CodedError, errnoOf } from "../error.ts";
import { hostError } from "../host/error.ts";
import { type Digest, digestOf } from "../oci/digest.ts";
import { type Descriptor, MAX_DOCUMENT_BYTES, parseIndex } from "../oci/document.ts";
import type { LayoutReader } from "../oci/layout.ts";
import { isLayerMediaType } from "../oci/media-type.ts";
import { type AbsPath, below } from "../path.ts";
import { BundleError } from "./error.ts";
import { MEDIUM_DIRECTORY, openMedium } from "./medium.ts";
import { childrenOf } from "./reachable-blobs.ts";
import { readPacks } from "./read-packs.ts";

/** A release of a hundred targets with sixty layers each has a third of it. */
const MAX_BLOBS = 20_000;

export type BundleSurvey =
  /** There is no bundle. */
  | { readonly kind: "absent" }
  /** `why` ends the sentence "It is not complete: …". */
  | { readonly kind: "incomplete"; readonly why: string }
  | { readonly kind: "complete"; readonly fingerprint: Digest };

/**
 * Surveys the bundle in `directory`, which stands for a medium (it holds `bootferry/`).
 * @throws HostError when the directory cannot be read
 */
export async function surveyBundle(directory: AbsPath): Promise<BundleSurvey> {
  try {
    const { layout } = await openMedium(directory);
    const bytes = await layout.readTopFile("index.json", MAX_DOCUMENT_BYTES);
    const queue: Named[] = parseIndex(bytes, "index.json").manifests.map((entry) => ({ entry, by: undefined }));
    const seen = new Set<Digest>();
    const absent: Named[] = [];
    for (let named = queue.pop(); named !== undefined; named = queue.pop()) {
      const { entry } = named;
      if (seen.has(entry.digest)) continue;
      if (seen.size === MAX_BLOBS) return { kind: "incomplete", why: `it names over ${MAX_BLOBS} blobs` };
      seen.add(entry.digest);
      const sizeBytes = await layout.blobSizeBytes(entry.digest);
      if (sizeBytes === undefined) absent.push(named);
      else if (sizeBytes !== entry.size) return { kind: "incomplete", why: describeMissing(entry, sizeBytes) };
      else queue.push(...(await childrenOf(layout, entry)).map((child) => ({ entry: child, by: entry.digest })));
    }
    const missing = await findMissing(layout, absent);
    if (missing !== undefined) return { kind: "incomplete", why: describeMissing(missing, undefined) };
    return { kind: "complete", fingerprint: await fingerprint(below(directory, MEDIUM_DIRECTORY)) };
  } catch (error) {
    if (error instanceof BundleError && error.code === "BUNDLE_MEDIUM_FOREIGN") return { kind: "absent" };
    // A document that is half there is malformed, or has another digest; it is whole, or refused with its reason, later.
    if (error instanceof CodedError) return { kind: "incomplete", why: error.message };
    throw hostError(error, `looking through ${directory}`);
  }
}

/** A blob, and the manifest or index that names it. */
interface Named {
  readonly entry: Descriptor;
  readonly by: Digest | undefined;
}

/** Layers of an image that has an object pack are left out on purpose. */
async function findMissing(layout: LayoutReader, absent: readonly Named[]): Promise<Descriptor | undefined> {
  if (absent.length === 0) return undefined;
  const packed = new Set((await readPacks(layout)).packs.map(({ subject }) => subject.digest));
  return absent.find(({ entry, by }) => by === undefined || !packed.has(by) || !isLayerMediaType(entry.mediaType))
    ?.entry;
}

function describeMissing({ digest, size }: Descriptor, sizeBytes: number | undefined): string {
  return sizeBytes === undefined ? `blob ${digest} is not there` : `blob ${digest} has ${sizeBytes} of ${size} bytes`;
}

/** Of all files, also those that nothing names: a copy that goes on is a copy that goes on. */
async function fingerprint(layout: AbsPath): Promise<Digest> {
  const blobs = below(layout, "blobs", "sha256");
  const names = (await readdir(blobs)).sort();
  const files = [below(layout, "index.json"), below(layout, "oci-layout"), ...names.map((name) => below(blobs, name))];
  const lines: string[] = [];
  for (const file of files) lines.push(await describeFile(file));
  return digestOf(lines.join("\n"));
}

async function describeFile(file: AbsPath): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await lstat(file);
    return `${file} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return `${file} went away`; // while we looked: the next fingerprint differs
    throw error;
  }
}
