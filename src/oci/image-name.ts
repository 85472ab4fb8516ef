/**
 * Names of container images as container storages keep them: `REGISTRY/REPOSITORY:TAG` or `REGISTRY/REPOSITORY@DIGEST`
 * (the reference grammar of distribution, which podman, skopeo and bootc share).
 *
 * Names without a registry are no names here: which image they mean depends on the machine that reads them.
 */
import { DIGEST_PATTERN, type Digest } from "./digest.ts";

export interface ImageName {
  /** With the registry: `docker.io/acme/ui`. */
  readonly repository: string;
  readonly version:
    | { readonly kind: "tag"; readonly tag: string }
    | { readonly kind: "digest"; readonly digest: Digest };
}

const MAX_NAME_CHARACTERS = 255; // as the `name` of an app in a release (BF-4.5)
const REGISTRY = /^(?:localhost|[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)+|[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*:\d{1,5})$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[0-9A-Za-z_][0-9A-Za-z_.-]{0,127}$/;

/**
 * A name without a tag means `latest`; a tag beside a digest means nothing, as for podman.
 * @returns undefined for what is no full name
 */
export function parseImageName(text: string): ImageName | undefined {
  if (text.length > MAX_NAME_CHARACTERS) return undefined;
  const [named = "", digest, ...more] = text.split("@");
  if (more.length > 0 || (digest !== undefined && !DIGEST_PATTERN.test(digest))) return undefined;
  const [registry = "", ...path] = named.split("/");
  const [last = "", tag, ...colons] = (path.pop() ?? "").split(":");
  const components = [...path, last];
  const isNamed = REGISTRY.test(registry) && components.every((component) => COMPONENT.test(component));
  if (!isNamed || colons.length > 0 || (tag !== undefined && !TAG.test(tag))) return undefined;
  const repository = [registry, ...components].join("/");
  if (digest !== undefined) return { repository, version: { kind: "digest", digest: digest as Digest } };
  return { repository, version: { kind: "tag", tag: tag ?? "latest" } };
}

export function formatImageName({ repository, version }: ImageName): string {
  return version.kind === "tag" ? `${repository}:${version.tag}` : `${repository}@${version.digest}`;
}
