/**
 * The device that a command works on: this machine, or one that lives in a directory (`--sysroot`).
 *
 * Opened in the order in which a command needs it: looking takes neither lock nor store, and works on a device without
 * configuration.
 */
import { type Command, Option } from "commander";
import { openAgentLock } from "../agent/run-agent.ts";
import type { BootLoader } from "../boot/boot-loader.ts";
import type { AgentConfig } from "../config/agent-config.ts";
import { type DeviceFiles, hostFiles } from "../config/device-files.ts";
import { type DevicePaths, HOST_DEVICE_PATHS, simulatedDevicePaths } from "../config/device-paths.ts";
import { loadAgentConfig } from "../config/load-agent-config.ts";
import { makeEngine, openDeviceLoader, openNativeBackend } from "../deploy/native/backend.ts";
import { openBootedFiles } from "../deploy/native/deployment-files.ts";
import type { Engine } from "../deploy/native/engine.ts";
import { engineDirectory } from "../deploy/native/layout.ts";
import type { DeployBackend } from "../deploy/port.ts";
import { type ObjectStore, openObjectStore } from "../store/object-store.ts";
import type { CliContext } from "./context.ts";

export interface SysrootOption {
  readonly sysroot?: string;
}

/** `--sysroot`, for every command of a device. */
export function addSysrootOption(command: Command): Command {
  return command.addOption(
    new Option("--sysroot <directory>", "work on the simulated device in this directory, not on this machine"),
  );
}

/** A device to look at. */
export interface Device {
  readonly paths: DevicePaths;
  readonly loader: BootLoader;
}

/** A device to work on, with its lock held. */
export interface OpenDevice extends Device, AsyncDisposable {
  readonly store: ObjectStore;
  readonly engine: Engine;
  readonly backend: DeployBackend;
  readonly files: DeviceFiles;
  readonly config: AgentConfig;
}

export function findDevice(context: CliContext, { sysroot }: SysrootOption): Device {
  const paths = sysroot === undefined ? HOST_DEVICE_PATHS : simulatedDevicePaths(context.path(sysroot));
  return { paths, loader: openDeviceLoader(paths, context.exec) };
}

/**
 * Takes the device's lock, opens its store and reads the configuration of the running deployment.
 * @throws HostError HOST_BUSY; DeployError DEPLOY_NOT_BOOTED; StoreError; ConfigError
 */
export async function openDevice(context: CliContext, options: SysrootOption): Promise<OpenDevice> {
  const { paths, loader } = findDevice(context, options);
  const lock = await openAgentLock(paths.runtimeDirectory);
  try {
    const { exec, clock } = context;
    // Files are read through a store of any level; the one that the configuration wants can be opened only after it.
    const reading = await openObjectStore(engineDirectory(paths), { exec, fsVerity: "off" });
    const files = paths.isSimulated ? openBootedFiles(paths, reading, loader) : hostFiles;
    const config = await loadAgentConfig(files);
    const store = await openObjectStore(engineDirectory(paths), { exec, fsVerity: config.store["fs-verity"] });
    const engineOptions = { paths, store, exec, clock, tries: config.install.tries };
    return {
      ...{ paths, loader, store, files, config },
      engine: makeEngine(engineOptions),
      backend: openNativeBackend(engineOptions),
      [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose](),
    };
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}
