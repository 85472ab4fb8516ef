/** What `bootferry agent export-logs` knows of the device that it is run on, also of one that is broken. */
import { hostname } from "node:os";
import { readStatus } from "../agent/status-file.ts";
import type { AgentConfig } from "../config/agent-config.ts";
import { type DeviceFiles, hostFiles } from "../config/device-files.ts";
import type { DevicePaths } from "../config/device-paths.ts";
import { loadAgentConfig } from "../config/load-agent-config.ts";
import type { DeployBackend } from "../deploy/port.ts";
import { CodedError } from "../error.ts";
import { parseAbsPath } from "../path.ts";
import { collectSupport, type SupportCollection, type SupportSource } from "../support/collect.ts";
import { deviceSources } from "../support/device-sources.ts";
import type { CliContext } from "./context.ts";
import { configureDevice, type DeviceOptions, findDevice } from "./device.ts";

export interface LookedAtDevice {
  readonly paths: DevicePaths;
  readonly files: DeviceFiles;
  /** Undefined when the device has none that can be used; `problem` says why. */
  readonly config: AgentConfig | undefined;
  /** Undefined when nothing of ours or of bootc runs there. */
  readonly backend: DeployBackend | undefined;
  readonly problem: CodedError | undefined;
}

const NO_FILES: DeviceFiles = { readFile: async () => undefined, listDirectory: async () => [] };

/** As much of the device as can be opened; an archive is wanted most when that is little. */
export async function lookAtDevice(context: CliContext, options: DeviceOptions): Promise<LookedAtDevice> {
  try {
    return { ...(await configureDevice(context, options)), problem: undefined };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const { paths } = findDevice(context, options);
    const files = paths.isSimulated ? NO_FILES : hostFiles;
    return { paths, files, config: await configOf(files), backend: undefined, problem: error };
  }
}

async function configOf(files: DeviceFiles): Promise<AgentConfig | undefined> {
  try {
    return await loadAgentConfig(files);
  } catch (error) {
    if (error instanceof CodedError) return undefined; // `problem` is this, or came before it
    throw error;
  }
}

/** @throws CodedError what keeps the configuration from being read */
export function recipientsOf({ config, problem }: LookedAtDevice): readonly string[] {
  if (config === undefined && problem !== undefined) throw problem;
  return config?.support.recipients ?? [];
}

const DEFAULT_LABELS = ["BOOTFERRY"];

/** The labels of media on this device. */
export function labelsOf({ config }: LookedAtDevice): readonly string[] {
  return config?.media.labels ?? DEFAULT_LABELS;
}

interface CollectOptions {
  readonly version: string;
  readonly sinceUtc: Date | undefined;
}

export async function collectFromDevice(
  { exec, clock }: CliContext,
  { paths, files, config, backend, problem }: LookedAtDevice,
  { version, sinceUtc }: CollectOptions,
): Promise<SupportCollection> {
  const sources: readonly SupportSource[] = [
    { name: "status.json", read: async () => json(readStatus(paths.stateDirectory, paths.runtimeDirectory)) },
    { name: "os-status.json", read: async () => (backend === undefined ? undefined : json(await backend.status())) },
    { name: "device-problem", read: async () => (problem === undefined ? undefined : Promise.reject(problem)) },
    ...(await deviceSources({ exec, paths, files, sinceUtc })),
  ];
  const createdAtUtc = clock.nowUtc().toISOString();
  const device = config?.device.label ?? (await hostName(paths, files));
  return collectSupport(sources, { createdAtUtc, device, agentVersion: version });
}

async function hostName(paths: DevicePaths, files: DeviceFiles): Promise<string> {
  if (!paths.isSimulated) return hostname();
  const name = (await files.readFile(parseAbsPath("/etc/hostname")))?.toString("utf8").trim();
  return name === undefined || name === "" ? "device" : name;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
