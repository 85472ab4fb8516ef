/**
 * Names of deployments: `<first 12 digits of the composefs image digest>.<serial>`, as `0123456789ab.7`.
 *
 * The serial rises with each deployment of a device, so that the newest has the highest, whatever its release is called.
 */
import { DeployError } from "./error.ts";

declare const deploymentId: unique symbol;

/** `0123456789ab.7`; safe as a file name on vfat and as a word of the kernel command line. */
export type DeploymentId = string & { readonly [deploymentId]: true };

const PATTERN = /^[0-9a-f]{12}\.(?<serial>[1-9][0-9]{0,14})$/;
const PREFIX_DIGITS = 12;

/** @throws DeployError DEPLOY_ORIGIN_INVALID */
export function parseDeploymentId(text: string): DeploymentId {
  if (!PATTERN.test(text))
    throw new DeployError("DEPLOY_ORIGIN_INVALID", `not a deployment id: ${JSON.stringify(text)}`);
  return text as DeploymentId;
}

export function isDeploymentId(text: string): text is DeploymentId {
  return PATTERN.test(text);
}

/** @param imageDigestHex the 64 digits of the composefs image digest */
export function formatDeploymentId(imageDigestHex: string, serial: number): DeploymentId {
  return parseDeploymentId(`${imageDigestHex.slice(0, PREFIX_DIGITS)}.${serial}`);
}

export function serialOf(id: DeploymentId): number {
  return Number(id.slice(PREFIX_DIGITS + 1));
}
