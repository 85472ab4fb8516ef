/**
 * The device that a command works on: this machine, or one that lives in a directory (`--sysroot`).
 *
 * Opened in the order in which a command needs it: looking takes neither lock nor store, and works on a device without
 * configuration.
 */
import { type Command, Option } from "commander";
import { openAgentLock } from "../agent/agent-lock.ts";
import { hostPrograms, listPrograms, type ProgramFiles } from "../agent/programs.ts";
import type { BootLoader } from "../boot/boot-loader.ts";
import { openDeviceLoader } from "../boot/device-loader.ts";
import type { AgentConfig } from "../config/agent-config.ts";
import { type DeviceFiles, hostFiles } from "../config/device-files.ts";
import {
  BOOTC_DEVICE_PATHS,
  type DevicePaths,
  HOST_DEVICE_PATHS,
  simulatedDevicePaths,
} from "../config/device-paths.ts";
import { ConfigError } from "../config/error.ts";
import { loadAgentConfig, parseAgentConfig } from "../config/load-agent-config.ts";
import { openBootcBackend } from "../deploy/bootc/backend.ts";
import { makeEngine, openNativeBackend } from "../deploy/native/backend.ts";
import { requireBooted } from "../deploy/native/boot-facts.ts";
import { type DeploymentFiles, openBootedFiles } from "../deploy/native/deployment-files.ts";
import type { Engine } from "../deploy/native/engine.ts";
import { engineDirectory } from "../deploy/native/layout.ts";
import { readSnapshot } from "../deploy/native/snapshot.ts";
import type { DeployBackend } from "../deploy/port.ts";
import { type ObjectStore, openObjectStore } from "../store/object-store.ts";
import type { CliContext } from "./context.ts";
import { chooseBackend, requireNativeBooted } from "./device-backend.ts";
import { requireDirectory } from "./read-input.ts";

export interface SysrootOption {
  readonly sysroot?: string;
}

/** `--sysroot`, for every command of a device. */
export function addSysrootOption(command: Command): Command {
  return command.addOption(
    new Option("--sysroot <directory>", "work on the simulated device in this directory, not on this machine"),
  );
}

/** `--config` and `--sysroot`, for the commands that work as agent.toml says. */
export function addConfiguredDeviceOptions(command: Command): Command {
  command.addOption(new Option("--config <file>", "a configuration in place of the device's agent.toml"));
  return addSysrootOption(command);
}

/** A device to look at. */
export interface Device {
  readonly paths: DevicePaths;
  readonly loader: BootLoader;
}

/** A device of our own engine with its deployments and files, whatever its configuration says: that may be what is broken. */
interface UnconfiguredDevice extends Device {
  readonly store: ObjectStore;
  readonly engine: Engine;
  readonly backend: DeployBackend;
  readonly files: DeviceFiles;
}

/** A device with its configuration, whatever deploys on it; what changes it needs its lock, see {@link openDevice}. */
export interface ConfiguredDevice {
  readonly paths: DevicePaths;
  readonly backend: DeployBackend;
  readonly files: DeviceFiles;
  readonly programs: ProgramFiles;
  readonly config: AgentConfig;
}

/** A device to work on, with its lock held. */
export interface OpenDevice extends ConfiguredDevice, AsyncDisposable {}

/** A device of our own engine to work on, with its lock held. */
export interface NativeDevice extends ConfiguredDevice, UnconfiguredDevice, AsyncDisposable {}

/** A device of our own engine to mend or to go back on, with its lock held. */
export interface RescuedDevice extends UnconfiguredDevice, AsyncDisposable {}

export interface DeviceOptions extends SysrootOption {
  /** A configuration file of this machine in place of the device's. */
  readonly config?: string;
  /** How long to wait for whoever works on the device. */
  readonly lockTimeout?: number;
}

/** @throws HostError HOST_NOT_FOUND for a simulated device in a directory that is not there */
export function findDevice(context: CliContext, { sysroot }: SysrootOption): Device {
  const directory = sysroot === undefined ? undefined : requireDirectory(context.path(sysroot));
  const paths = directory === undefined ? HOST_DEVICE_PATHS : simulatedDevicePaths(directory);
  return { paths, loader: openDeviceLoader(paths, context.exec) };
}

/**
 * Takes the device's lock and reads the configuration of the running deployment.
 * @throws HostError HOST_BUSY; DeployError DEPLOY_NOT_BOOTED; StoreError; ConfigError
 */
export async function openDevice(context: CliContext, options: DeviceOptions): Promise<OpenDevice> {
  const device = findDevice(context, options);
  // Before anything is made there: the directory may be a misspelt one.
  if (device.paths.isSimulated) await requireNativeBooted(context.exec, device);
  return withLock(context, options, () => configureDevice(context, options));
}

/**
 * The same for a verb of our own engine.
 * @throws as {@link openDevice}; DeployError DEPLOY_NOT_NATIVE on a bootc host
 */
export async function openNativeDevice(context: CliContext, options: DeviceOptions): Promise<NativeDevice> {
  const device = findDevice(context, options);
  await requireNativeBooted(context.exec, device);
  return withLock(context, options, () => configureNative(context, device, options));
}

/**
 * Takes the device's lock and opens its store, without its configuration: going back and mending have to work on a
 * device whose configuration or image is damaged.
 * @throws HostError HOST_BUSY; DeployError DEPLOY_NOT_BOOTED, DEPLOY_NOT_NATIVE
 */
export async function openDeviceForRescue(context: CliContext, options: SysrootOption): Promise<RescuedDevice> {
  const device = findDevice(context, options);
  await requireNativeBooted(context.exec, device);
  return withLock(context, options, async () => {
    const { exec, clock } = context;
    const store = await openObjectStore(engineDirectory(device.paths), { exec, fsVerity: "on" }); // where it can
    const engineOptions = { paths: device.paths, store, exec, clock };
    return {
      ...device,
      store,
      files: device.paths.isSimulated ? openBootedFiles(device.paths, store, device.loader) : hostFiles,
      engine: makeEngine(engineOptions),
      backend: openNativeBackend(engineOptions),
    };
  });
}

async function withLock<T extends object>(
  context: CliContext,
  options: SysrootOption & Pick<DeviceOptions, "lockTimeout">,
  open: () => Promise<T>,
): Promise<T & AsyncDisposable> {
  const lock = await openAgentLock(findDevice(context, options).paths.runtimeDirectory, {
    timeoutSeconds: options.lockTimeout ?? 0,
    signal: context.signal,
  });
  try {
    return { ...(await open()), [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose]() };
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Reads the configuration of the running deployment and opens what deploys, without the lock: for looking.
 * @throws DeployError DEPLOY_NOT_BOOTED; StoreError; ConfigError
 */
export async function configureDevice(context: CliContext, options: DeviceOptions): Promise<ConfiguredDevice> {
  const device = findDevice(context, options);
  if (device.paths.isSimulated) return configureNative(context, device, options);
  const config = await readConfig(context, hostFiles, options.config);
  const kind = await chooseBackend(context.exec, device, config.deploy.backend);
  return kind === "bootc" ? configureBootc(context, config) : configureNative(context, device, options);
}

/**
 * The files and the configuration of the running deployment, for whoever neither deploys nor reads what is deployed.
 * @throws ConfigError; as {@link configureDevice} for a simulated one
 */
export async function readDevice(
  context: CliContext,
  options: DeviceOptions,
): Promise<Pick<ConfiguredDevice, "paths" | "files" | "programs" | "config">> {
  const { paths } = findDevice(context, options);
  if (paths.isSimulated) return configureDevice(context, options);
  const config = await readConfig(context, hostFiles, options.config);
  return { paths, files: hostFiles, programs: hostPrograms, config };
}

function configureBootc({ exec }: CliContext, config: AgentConfig): ConfiguredDevice {
  const paths = BOOTC_DEVICE_PATHS;
  const backend = openBootcBackend({ paths, exec, tries: config.install.tries });
  return { paths, backend, files: hostFiles, programs: hostPrograms, config };
}

async function configureNative(context: CliContext, device: Device, options: DeviceOptions) {
  const { paths, loader } = device;
  const { exec, clock } = context;
  if (!paths.isSimulated) requireBooted(readSnapshot(paths, loader)); // no store is made where none is used
  // Files are read through a store of any level; the one that the configuration wants can be opened only after it.
  const reading = await openObjectStore(engineDirectory(paths), { exec, fsVerity: "off" });
  const simulated = paths.isSimulated ? openBootedFiles(paths, reading, loader) : undefined;
  const files = simulated ?? hostFiles;
  const config = await readConfig(context, files, options.config);
  const store = await openObjectStore(engineDirectory(paths), { exec, fsVerity: config.store["fs-verity"] });
  const engineOptions = { paths, store, exec, clock, tries: config.install.tries };
  return {
    ...{ paths, loader, store, files, config },
    programs: simulated === undefined ? hostPrograms : simulatedPrograms(paths, simulated),
    engine: makeEngine(engineOptions),
    backend: openNativeBackend(engineOptions),
  };
}

async function readConfig(context: CliContext, files: DeviceFiles, named: string | undefined): Promise<AgentConfig> {
  if (named === undefined) return loadAgentConfig(files);
  const file = context.path(named);
  const bytes = await hostFiles.readFile(file);
  if (bytes === undefined) throw new ConfigError("CONFIG_NOT_FOUND", `${file} is not there`);
  return parseAgentConfig(bytes, file);
}

/** Programs of a simulated device run on this host; their environment says where the device is. */
function simulatedPrograms(paths: DevicePaths, files: DeploymentFiles): ProgramFiles {
  return {
    env: { BOOTFERRY_SYSROOT: paths.sysroot },
    async listPrograms(directory) {
      const copy = files.materialise(directory);
      return copy === undefined ? [] : listPrograms(copy);
    },
  };
}
