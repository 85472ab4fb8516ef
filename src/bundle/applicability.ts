/** Whether a release has something for this device (bundle-format/spec.md, section 6). Pure. */
import type { CodedError } from "../error.ts";
import { compareAgentVersions } from "./agent-version.ts";
import { BundleError, type BundleErrorCode } from "./error.ts";
import type { Statement, Target } from "./statement.ts";

/** What a device says of itself. */
export interface DeviceIdentity {
  readonly compatible: string;
  /** GOARCH, with its variant after a slash: `amd64`, `arm/v7`. */
  readonly architecture: string;
  /** Undefined on devices that have no name of their own: they take no release that lists devices. */
  readonly deviceId?: string | undefined;
  /** Of the bootferry that runs there. */
  readonly agentVersion: string;
}

export type Applicability =
  | { readonly kind: "applies"; readonly target: Target }
  | { readonly kind: "not-for-us"; readonly reason: CodedError };

/** The target of the device, or the nearest reason why there is none. */
export function evaluateApplicability(statement: Statement, device: DeviceIdentity): Applicability {
  const { minAgent } = statement.requires;
  if (minAgent !== undefined && compareAgentVersions(device.agentVersion, minAgent) < 0) {
    return notForUs("BUNDLE_AGENT_TOO_OLD", statement, `wants bootferry ${minAgent} or newer`, device.agentVersion); // BF-6.7
  }
  const ofKind = statement.targets.filter(({ compatible }) => compatible === device.compatible);
  if (ofKind.length === 0) {
    const kinds = list(statement.targets.map(({ compatible }) => compatible));
    return notForUs("BUNDLE_COMPATIBLE_MISMATCH", statement, `is for ${kinds}`, device.compatible);
  }
  const ofArchitecture = ofKind.filter(({ architecture }) => architecture === device.architecture);
  if (ofArchitecture.length === 0) {
    const architectures = list(ofKind.map(({ architecture }) => architecture));
    return notForUs("BUNDLE_ARCHITECTURE_MISMATCH", statement, `is for ${architectures}`, device.architecture);
  }
  const target = ofArchitecture.find(({ devices }) => devices === null || devices.includes(device.deviceId ?? ""));
  if (target !== undefined) return { kind: "applies", target };
  return notForUs(
    "BUNDLE_DEVICE_NOT_LISTED",
    statement,
    "is for the devices that it lists",
    device.deviceId ?? "without a name",
  );
}

function notForUs(code: BundleErrorCode, statement: Statement, wants: string, is: string): Applicability {
  const { name, version, sequence } = statement;
  const message = `release ${name} ${version} (sequence ${sequence}) ${wants}; this device is ${is}`;
  return { kind: "not-for-us", reason: new BundleError(code, message) };
}

function list(values: readonly string[]): string {
  return [...new Set(values)].join(", ");
}
