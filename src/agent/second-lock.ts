/**
 * The second lock: what the backend says it has staged must be what was signed, before it can be booted.
 *
 * The first lock is the signature over the statement. Between the two lie the medium, the store and the backend; here
 * the digests that the backend itself reports are compared: the OCI manifest's, and the composefs image's where the backend
 * deploys from the signed tree. One that does not says none; what it claimed would have to be the signed one.
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
  requireEqual("manifest digest in the host's status", imageManifestDigest, host.status.staged?.image?.imageDigest);
  requireEqual("manifest digest among the deployments", imageManifestDigest, deployment?.manifestDigest);
  for (const [what, claimed] of [
    ["composefs digest of the staged deployment", staged.imageDigest],
    ["composefs digest among the deployments", deployment?.imageDigest],
  ] as const) {
    if (backend.needsTree || (claimed ?? null) !== null) requireEqual(what, imageDigest, claimed);
  }
}

/** Both must be there: what nobody signed is equal to nothing. */
function requireEqual(what: string, signed: string | null, got: string | null | undefined): void {
  if (signed !== null && got === signed) return;
  const message = `${what}: signed is ${signed ?? "none"}, the backend has ${got ?? "none"}`;
  throw new AgentError("AGENT_SECOND_LOCK", message);
}
