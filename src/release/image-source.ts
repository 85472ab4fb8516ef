/**
 * An image, wherever it comes from, as blobs of an OCI layout: in place for `oci:`, through a scratch directory else.
 */
import type { Exec } from "../host/exec.ts";
import { openLayout } from "../oci/layout.ts";
import type { AbsPath } from "../path.ts";
import { type ArchitectureChoice, chooseArchitectures } from "./architecture.ts";
import { ReleaseError } from "./error.ts";
import { readLayoutImages, type SourceImage } from "./layout-images.ts";
import { extractOciArchive } from "./oci-archive.ts";
import type { ReleasePorts } from "./ports.ts";
import { openScratch } from "./scratch-directory.ts";
import { fetchWithSkopeo } from "./skopeo.ts";
import { parseSourceReference } from "./source-reference.ts";

export interface ImageSource extends AsyncDisposable {
  /** As the person wrote it, for messages. */
  readonly label: string;
  /** One for each chosen platform. */
  readonly images: readonly SourceImage[];
}

export interface ImageSourceOptions {
  readonly exec: Exec;
  /** Where relative paths start. */
  readonly workingDirectory: AbsPath;
  /** A directory for scratch layouts, each in a sub-directory that disposing removes. */
  readonly scratchDirectory: AbsPath;
  readonly architectures: ArchitectureChoice;
  readonly signal: AbortSignal;
  readonly openProgress: ReleasePorts["openProgress"];
}

/**
 * Opens `label`; what had to be fetched is removed again when the source is disposed.
 * @throws ReleaseError RELEASE_SOURCE_…, RELEASE_ARCHIVE_INVALID, RELEASE_SKOPEO_MISSING, RELEASE_ARCHITECTURE_…,
 *   RELEASE_IMAGE_INCONSISTENT; OciError; HostError
 */
export async function openImageSource(label: string, options: ImageSourceOptions): Promise<ImageSource> {
  const reference = parseSourceReference(label, options.workingDirectory);
  const { exec, architectures } = options;
  if (reference.kind === "layout") {
    const images = choose(await readLayoutImages(openLayout(reference.directory), reference.tag), label, architectures);
    return { label, images, [Symbol.asyncDispose]: async () => undefined };
  }
  const scratch = await openScratch(options.scratchDirectory);
  try {
    const layout = openLayout(scratch.directory);
    if (reference.kind === "archive") {
      await extractOciArchive(reference.file, scratch.directory, options);
      const images = choose(await readLayoutImages(layout, reference.tag), label, architectures);
      return { label, images, [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose]() };
    }
    const tags = await fetchWithSkopeo(exec, reference.reference, scratch.directory, architectures, options);
    const images: SourceImage[] = [];
    for (const tag of tags) images.push(...(await readLayoutImages(layout, tag)));
    return { label, images, [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose]() };
  } catch (error) {
    await scratch[Symbol.asyncDispose]();
    throw error;
  }
}

function choose(images: readonly SourceImage[], label: string, choice: ArchitectureChoice): readonly SourceImage[] {
  const available = images.map((image) => image.config.architecture);
  const architectures = chooseArchitectures(available, choice, label);
  const chosen = images.filter((image) => architectures.includes(image.config.architecture));
  if (chosen.length === architectures.length) return chosen;
  const platforms = chosen.map(({ config }) => [config.architecture, config.variant].filter(Boolean).join("/"));
  const message = `${label} holds several images for one architecture: ${platforms.join(", ")}`;
  throw new ReleaseError("RELEASE_SOURCE_AMBIGUOUS", message);
}
