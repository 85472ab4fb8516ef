/**
 * The second lock: what the backend says it has staged must be what was signed, before it can be booted.
 *
 * The first lock is the signature over the statement. Between the two lie the medium, the store and the backend; here
 * the digests that the backend itself reports are compared, both the OCI manifest's and the composefs image's.
 */
import type { DeployBackend, StagedDeployment } from "../deploy/port.ts";
import { AgentError } from "./error.ts";
import type { ChosenRelease } from "./release-facts.ts";

/** @throws AgentError AGENT_SECOND_LOCK; nothing is un-staged here */
export async function verifySecondLock(
  backend: DeployBackend,
  staged: StagedDeployment,
  { imageManifestDigest, imageDigest }: Pick<ChosenRelease, "imageManifestDigest" | "imageDigest">,
): Promise<void> {
  const host = await backend.status();
  const facts = await backend.bootFacts();
  const deployment = facts.deployments.find(({ id }) => id === staged.id);
  requireEqual("manifest digest of the staged deployment", imageManifestDigest, staged.manifestDigest);
  requireEqual("composefs digest of the staged deployment", imageDigest, staged.imageDigest);
  requireEqual("manifest digest in the host's status", imageManifestDigest, host.status.staged?.image?.imageDigest);
  requireEqual("composefs digest in the host's status", imageDigest, deployment?.imageDigest);
}

function requireEqual(what: string, signed: string, got: string | undefined): void {
  if (got === signed) return;
  throw new AgentError("AGENT_SECOND_LOCK", `${what}: signed is ${signed}, the backend has ${got ?? "none"}`);
}
