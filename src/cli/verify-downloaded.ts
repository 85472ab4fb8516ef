/**
 * What `os upgrade --from-downloaded` checks before it makes a staged deployment the next boot: between the download and
 * this moment lie days, in which floors rise, the followed name changes, and disks rot.
 */
import { type DeviceTrust, readTrust } from "../agent/trust-memory.ts";
import { BundleError } from "../bundle/error.ts";
import { DeployError } from "../deploy/error.ts";
import type { DeploymentFacts, StagedDeployment } from "../deploy/port.ts";
import { StoreError, type StoreErrorCode } from "../store/error.ts";
import { verifyStore } from "../store/verify-store.ts";
import { TrustError } from "../trust/error.ts";
import { evaluateRollback, nameRefusal, rollbackRefusal } from "../trust/rollback-policy.ts";
import { byteProgress } from "./byte-progress.ts";
import type { CliContext } from "./context.ts";
import type { NativeDevice } from "./device.ts";
import type { Output } from "./output.ts";

/**
 * Requires that this device would still choose the release, and that all of its contents are whole on the disk. Reads only.
 * @throws DeployError DEPLOY_NOT_STAGED, DEPLOY_IMAGE_UNSIGNED; BundleError BUNDLE_NAME_NOT_FOLLOWED; TrustError
 *   TRUST_RELEASE_REVOKED, TRUST_KEY_REVOKED, TRUST_SEQUENCE_OLDER, TRUST_SEQUENCE_CONFLICT, TRUST_SEQUENCE_BELOW_MINIMUM,
 *   TRUST_NAME_NOT_PERMITTED; StoreError STORE_IMAGE_*, STORE_OBJECT_*; HostError
 */
export async function verifyDownloaded(
  { signal }: Pick<CliContext, "signal">,
  output: Pick<Output, "openProgress">,
  device: NativeDevice,
  { id }: StagedDeployment,
): Promise<void> {
  const { backend, config, store } = device;
  const facts = await backend.bootFacts();
  const deployment = facts.deployments.find((candidate) => candidate.id === id);
  if (deployment === undefined || deployment.imageDigest === null) {
    throw new DeployError("DEPLOY_NOT_STAGED", `${id} is not there`);
  }
  requireAcceptable(deployment, config.follow.name, await readTrust(device, facts));
  using progress = byteProgress(output, "checking what was downloaded");
  const { missing, corrupt, missingImages, corruptImages } = await verifyStore(store, [deployment.imageDigest], {
    signal,
    onProgress: progress.onProgress,
  });
  const damage: readonly (readonly [StoreErrorCode, string, Iterable<string>])[] = [
    ["STORE_IMAGE_MISSING", "is not there", missingImages],
    ["STORE_IMAGE_CORRUPT", "is damaged", corruptImages],
    ["STORE_OBJECT_MISSING", "is not there", missing.keys()],
    ["STORE_OBJECT_CORRUPT", "is damaged", corrupt.keys()],
  ];
  for (const [code, what, [digest]] of damage) {
    if (digest !== undefined) throw new StoreError(code, `${digest} of the staged deployment ${id} ${what}`);
  }
}

function requireAcceptable(
  { id, release, payloadDigest }: DeploymentFacts,
  followName: string,
  { root, state }: DeviceTrust,
): void {
  if (release === null || payloadDigest === null) {
    throw new DeployError("DEPLOY_IMAGE_UNSIGNED", `the staged deployment ${id} is of no signed release`);
  }
  const { name, version, sequence } = release;
  const title = `the staged release ${name} ${version} (sequence ${sequence})`;
  if (name !== followName) {
    throw new BundleError("BUNDLE_NAME_NOT_FOLLOWED", `${title} is not what this device follows: "${followName}"`);
  }
  if (root.document.revokedReleases.includes(payloadDigest)) {
    throw new TrustError("TRUST_RELEASE_REVOKED", `${title} is revoked by root version ${root.version}`);
  }
  if (state.disregarded.includes(payloadDigest)) {
    throw new TrustError("TRUST_KEY_REVOKED", `${title} was signed by keys that a root has replaced since`);
  }
  const verdict = evaluateRollback(state, { name, sequence, payloadDigest }, root);
  const refusal = nameRefusal(state, name, title, root) ?? rollbackRefusal(verdict, title, root);
  if (refusal !== undefined) throw refusal;
}
