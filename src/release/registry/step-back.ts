/** Whether a tag may move to a release: bootc follows a tag wherever it goes, and has no floor of its own. */
import { CodedError } from "../../error.ts";
import { ReleaseError } from "../error.ts";
import type { FoundRelease } from "../existing-releases.ts";
import type { ReleasePorts } from "../ports.ts";
import { openScratch } from "../scratch-directory.ts";
import { readRegistryRelease } from "./read-registry-release.ts";
import type { Registry } from "./registry.ts";

/**
 * Refuses when the registry says that it holds a newer release of the name under the tag, another one of the same sequence, or
 * one of another name. The registry is believed: one that lies gains that nothing is pushed to it.
 * @throws ReleaseError RELEASE_REGISTRY_TAG_TAKEN, and as the registry does; HostError
 */
export async function refuseStepBack(
  registry: Registry,
  tag: string,
  { statement, payloadDigest }: FoundRelease,
  { signal, scratchDirectory }: Pick<ReleasePorts, "signal" | "scratchDirectory">,
): Promise<void> {
  const there = await readStanding(registry, tag, scratchDirectory, signal);
  if (there === undefined || there.payloadDigest === payloadDigest) return;
  const { name, version, sequence } = there.statement;
  if (name === statement.name && sequence < statement.sequence) return;
  const standing = `${tag} in ${registry.repository} holds ${name}@${version} (sequence ${sequence})`;
  const pushed = `${statement.name}@${statement.version} (sequence ${statement.sequence})`;
  throw new ReleaseError("RELEASE_REGISTRY_TAG_TAKEN", `${standing}, which ${pushed} does not follow`);
}

/** What can be read there. A registry that answers nothing ends the push before it has begun. */
async function readStanding(
  registry: Registry,
  tag: string,
  scratchDirectory: ReleasePorts["scratchDirectory"],
  signal: AbortSignal,
): Promise<FoundRelease | undefined> {
  await using scratch = await openScratch(scratchDirectory);
  try {
    return (await readRegistryRelease(registry, tag, scratch.directory, signal)).found;
  } catch (error) {
    if (error instanceof CodedError && !FATAL.has(error.code)) return undefined;
    throw error;
  }
}

/** The push would fail of these too. Not so of a missing password: some registries want one for what is not there yet. */
const FATAL: ReadonlySet<string> = new Set([
  "RELEASE_SKOPEO_MISSING",
  "RELEASE_REGISTRY_UNREACHABLE",
  "RELEASE_REGISTRY_TLS",
  "RELEASE_REGISTRY_FAILED",
  "HOST_NO_SPACE",
]);
