/** How a person names a place in a registry: `docker://HOST[:PORT]/REPOSITORY[:TAG]`, the syntax of skopeo and podman. */
import { ReleaseError } from "../error.ts";

export interface RegistryReference {
  /** `HOST[:PORT]/REPOSITORY` */
  readonly repository: string;
  /** What bootc hosts follow. */
  readonly tag: string;
}

const DEFAULT_TAG = "latest"; // as everywhere where containers are named
/** A host has a dot, a port or the name localhost: skopeo takes `docker://kiosk/os` for an image on docker.io. */
const HOST = String.raw`localhost|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):\d+`;
const REPOSITORY = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"; // one component of it (distribution-spec 1.1)
const TAG = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const REFERENCE = new RegExp(`^docker://((?:${HOST})(?:/${REPOSITORY})+)(?::(${TAG}))?$`);
/** Tags of whole releases end so; a person may copy one from a list of tags. */
const WHOLE = /(?<=.)\.release$/;

/** @throws ReleaseError RELEASE_REGISTRY_REFERENCE_INVALID */
export function parseRegistryReference(text: string): RegistryReference {
  const [, repository, tag = DEFAULT_TAG] = REFERENCE.exec(text) ?? [];
  if (repository !== undefined) return { repository, tag: tag.replace(WHOLE, "") };
  throw new ReleaseError("RELEASE_REGISTRY_REFERENCE_INVALID", `no place in a registry: ${JSON.stringify(text)}`);
}
