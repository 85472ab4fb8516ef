/**
 * Fetching images from registries and local stores through skopeo, into a scratch OCI layout.
 *
 * The raw manifest is asked for first: it says which architectures there are before anything is downloaded.
 */
import { CodedError } from "../error.ts";
import type { Exec } from "../host/exec.ts";
import { MAX_DOCUMENT_BYTES, parseIndex, parseManifest } from "../oci/document.ts";
import { isIndexMediaType } from "../oci/media-type.ts";
import { MAX_JSON_DEPTH, parseStrictJson } from "../oci/strict-json.ts";
import type { AbsPath } from "../path.ts";
import { type ArchitectureChoice, chooseArchitectures } from "./architecture.ts";
import type { ReleasePorts } from "./ports.ts";
import { registryError } from "./registry/registry-error.ts";
import { COPY_TIMEOUT_MS, INSPECT_TIMEOUT_MS, runSkopeo } from "./run-skopeo.ts";
import { whileGrowing } from "./watch-directory.ts";

/**
 * Copies the chosen platforms of `reference` into the layout `into`.
 * @returns the tags in `into`, one for each platform
 * @throws ReleaseError RELEASE_SKOPEO_MISSING, RELEASE_ARCHITECTURE_AMBIGUOUS, RELEASE_ARCHITECTURE_MISSING; HostError
 */
export async function fetchWithSkopeo(
  exec: Exec,
  reference: string,
  into: AbsPath,
  choice: ArchitectureChoice,
  { signal, openProgress }: Pick<ReleasePorts, "signal" | "openProgress">,
): Promise<readonly string[]> {
  const inspect = { timeoutMs: INSPECT_TIMEOUT_MS, signal };
  const { stdout } = await explained(reference, runSkopeo(exec, ["inspect", "--raw", reference], inspect));
  const architectures = architecturesOf(stdout, reference);
  const chosen = architectures === undefined ? [undefined] : chooseArchitectures(architectures, choice, reference);
  const tags: string[] = [];
  for (const architecture of chosen) {
    const override = architecture === undefined ? [] : ["--override-os", "linux", "--override-arch", architecture];
    const tag = architecture ?? "image";
    const copy = [...override, "copy", "--quiet", reference, `oci:${into}:${tag}`];
    const sizeBytes = await fetchedBytes(exec, reference, stdout, architecture, signal);
    using meter = openProgress(`fetching ${[reference, architecture].filter(Boolean).join(" ")}`, sizeBytes);
    const fetch = () => runSkopeo(exec, copy, { timeoutMs: COPY_TIMEOUT_MS, signal });
    await explained(
      reference,
      whileGrowing(into, fetch, (bytes) => meter.advance(bytes)),
    );
    tags.push(tag);
  }
  return tags;
}

/** What went wrong with a registry, in its own words and with a remedy that fits. */
async function explained<T>(reference: string, act: Promise<T>): Promise<T> {
  try {
    return await act;
  } catch (error) {
    throw reference.startsWith("docker://") ? registryError(error, `reading ${reference}`) : error;
  }
}

/** What a manifest announces; 0 when it cannot be told beforehand, as for images of several architectures outside of registries. */
async function fetchedBytes(
  exec: Exec,
  reference: string,
  raw: Buffer,
  architecture: string | undefined,
  signal: AbortSignal,
): Promise<number> {
  const what = `manifest of ${reference}`;
  try {
    if (architecture === undefined) return announcedBytes(raw, what);
    const entry = parseIndex(raw, what).manifests.find(({ platform }) => platform?.architecture === architecture);
    const [, repository] = /^(docker:\/\/[^@]+?)(?::[^/@]+)?(?:@.*)?$/.exec(reference) ?? [];
    if (entry === undefined || repository === undefined) return 0;
    const args = ["inspect", "--raw", `${repository}@${entry.digest}`];
    const { stdout } = await runSkopeo(exec, args, { timeoutMs: INSPECT_TIMEOUT_MS, signal });
    return announcedBytes(stdout, what);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return 0; // it is for show: the copy itself says what is wrong
  }
}

function announcedBytes(manifest: Buffer, what: string): number {
  const { layers } = parseManifest(manifest, what);
  return layers.reduce((sum, { size }) => sum + size, 0);
}

/** The architectures that an index names, or undefined for a single image. */
function architecturesOf(bytes: Buffer, reference: string): readonly string[] | undefined {
  const what = `manifest of ${reference}`;
  const json = parseStrictJson(bytes, what, { maxBytes: MAX_DOCUMENT_BYTES, maxDepth: MAX_JSON_DEPTH });
  const mediaType = typeof json === "object" && json !== null && "mediaType" in json ? json.mediaType : undefined;
  const isIndex =
    typeof mediaType === "string"
      ? isIndexMediaType(mediaType)
      : typeof json === "object" && json !== null && "manifests" in json;
  if (!isIndex) return undefined;
  const platforms = parseIndex(bytes, what).manifests.map((entry) => entry.platform);
  const linux = platforms.filter((platform) => platform?.os === "linux");
  return [...new Set(linux.flatMap((platform) => (platform === undefined ? [] : [platform.architecture])))];
}
