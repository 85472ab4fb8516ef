/**
 * How a person names an image: containers-transports(5), the syntax of skopeo, podman and bootc.
 *
 * Layouts and archives are read by us; every other transport is skopeo's. A path holds no colon there either: the
 * first one starts the tag.
 */
import { type AbsPath, toAbsPath } from "../path.ts";
import { ReleaseError } from "./error.ts";

export type SourceReference =
  | { readonly kind: "layout"; readonly directory: AbsPath; readonly tag: string | undefined }
  | { readonly kind: "archive"; readonly file: AbsPath; readonly tag: string | undefined }
  | { readonly kind: "skopeo"; readonly reference: string };

const SKOPEO_PREFIXES = ["docker://", "containers-storage:", "docker-daemon:", "docker-archive:"] as const;
const TAG_PATTERN = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/; // OCI distribution-spec 1.1, "Pulling manifests"

/**
 * @param base where relative paths start
 * @throws ReleaseError RELEASE_SOURCE_INVALID
 */
export function parseSourceReference(text: string, base: AbsPath): SourceReference {
  if (SKOPEO_PREFIXES.some((prefix) => text.startsWith(prefix) && text.length > prefix.length)) {
    return { kind: "skopeo", reference: text };
  }
  const match = /^(oci|oci-archive):([^:]+)(?::(.+))?$/.exec(text);
  const path = match?.[2];
  if (match === null || path === undefined) {
    throw new ReleaseError("RELEASE_SOURCE_INVALID", `not an image reference: ${JSON.stringify(text)}${guess(text)}`);
  }
  const tag = match[3];
  if (tag !== undefined && !TAG_PATTERN.test(tag)) {
    throw new ReleaseError("RELEASE_SOURCE_INVALID", `not a tag: ${JSON.stringify(tag)} in ${JSON.stringify(text)}`);
  }
  return match[1] === "oci"
    ? { kind: "layout", directory: toAbsPath(path, base), tag }
    : { kind: "archive", file: toAbsPath(path, base), tag };
}

/** What was most likely meant by a word without a transport. */
function guess(text: string): string {
  if (text.includes(":/") || text === "") return "";
  const meant = /\.(?:tar|tgz|tar\.\w+)$/.test(text) ? `oci-archive:${text}` : `oci:${text}`;
  return `; a layout or archive of that name would be ${meant}, an image of a registry docker://HOST/NAME:TAG`;
}
