/**
 * Gathers the facts of a device for the doctor: the machine itself, or one that is simulated in a directory. Looks only,
 * and what this user may not see is undefined.
 */
import { statSync } from "node:fs";
import { readSynchronisedTime } from "../../agent/synchronised-time.ts";
import { trustStateFiles } from "../../agent/trust-memory.ts";
import { readTrustRoot } from "../../agent/trust-root.ts";
import type { AgentConfig } from "../../config/agent-config.ts";
import { type DeviceFiles, hostFiles } from "../../config/device-files.ts";
import { BOOTC_DEVICE_PATHS, type DevicePaths } from "../../config/device-paths.ts";
import { surveyAgentConfig } from "../../config/survey-agent-config.ts";
import { findCountingConfig } from "../../deploy/bootc/boot-counting.ts";
import { openBootedFiles } from "../../deploy/native/deployment-files.ts";
import { engineDirectory } from "../../deploy/native/layout.ts";
import { readSnapshot } from "../../deploy/native/snapshot.ts";
import { CodedError, errnoOf } from "../../error.ts";
import { readDiskSpace } from "../../host/disk-space.ts";
import { type AbsPath, below } from "../../path.ts";
import { type ObjectStore, openObjectStore } from "../../store/object-store.ts";
import { unsealedFiles } from "../../store/seal.ts";
import { hostStoreFilesystem } from "../../store/store-filesystem.ts";
import { SupportError } from "../../support/error.ts";
import { requireRecipients } from "../../support/export-archive.ts";
import { evaluateExpiry } from "../../trust/expiry.ts";
import { newestOf } from "../../trust/root-chain.ts";
import { INITIAL_TRUST_STATE } from "../../trust/state.ts";
import { readTrustCopies } from "../../trust/state-copies.ts";
import type { CliContext } from "../context.ts";
import { type Device, findDevice, type SysrootOption } from "../device.ts";
import { chooseBackend } from "../device-backend.ts";
import type { DeviceFacts, SpaceFacts, TrustFacts } from "./facts.ts";
import { probeUdevRule, probeUnits } from "./probe-units.ts";

/** @throws DeployError DEPLOY_NOT_BOOTED for a directory that holds no device that was booted */
export async function probeDevice(context: CliContext, options: SysrootOption): Promise<DeviceFacts> {
  const found = findDevice(context, options);
  const store = await openForLooking(context, found.paths);
  const files = found.paths.isSimulated ? openBootedFiles(found.paths, store, found.loader) : hostFiles;
  const config = await surveyAgentConfig(files);
  const backend =
    (await orUndefined(() => chooseBackend(context.exec, found, config.config?.deploy.backend ?? "auto"))) ?? "native";
  const paths = backend === "bootc" ? BOOTC_DEVICE_PATHS : found.paths;
  const isDeployed = backend === "bootc" || (await hasDeployments(found));
  const synchronised = await readSynchronisedTime(context.exec, context.clock);
  const { isSimulated } = paths;
  return {
    isSimulated,
    backend,
    isDeployed,
    config,
    trust: config.config === undefined ? undefined : await probeTrust(files, config.config.trust, paths, synchronised),
    badRecipient: await findBadRecipient(config.config?.support.recipients ?? []),
    loader: backend === "native" && isDeployed ? await orUndefined(() => found.loader.probe()) : undefined,
    countingGrub:
      backend === "bootc" ? await orUndefined(async () => findCountingConfig(paths.boot)?.config) : undefined,
    units: isSimulated ? [] : await probeUnits(files),
    hasUdevRule: isSimulated ? false : await probeUdevRule(files),
    store: await probeSpace(backend === "bootc" ? paths.stateDirectory : store.directory, paths.sysroot),
    boot: await probeSpace(paths.boot),
    isSealed: await orUndefined(() => probeSealed(context, store)),
    deviceKey: probeKey(below(paths.stateDirectory, "device.key")),
    isClockSynchronised: synchronised !== undefined,
  };
}

async function findBadRecipient(recipients: readonly string[]): Promise<SupportError | undefined> {
  try {
    if (recipients.length > 0) await requireRecipients(recipients);
    return undefined;
  } catch (error) {
    if (error instanceof SupportError) return error;
    throw error;
  }
}

/** The store as it is: opening it for work would sweep what an interrupted run has left. */
function openForLooking({ exec }: CliContext, paths: DevicePaths): Promise<ObjectStore> {
  const directory = engineDirectory(paths);
  const filesystem = {
    ...hostStoreFilesystem(exec, directory),
    remove: () => undefined,
    lock: async () => ({ [Symbol.asyncDispose]: async () => undefined }),
  };
  return openObjectStore(directory, { exec, fsVerity: "off", filesystem });
}

/** True as well when it cannot be told: the rules then say what could not be looked at. */
async function hasDeployments({ paths, loader }: Device): Promise<boolean> {
  const snapshot = await orUndefined(async () => readSnapshot(paths, loader));
  return snapshot === undefined || snapshot.deployments.length > 0 || snapshot.running.id !== undefined;
}

async function probeTrust(
  files: DeviceFiles,
  config: AgentConfig["trust"],
  paths: DevicePaths,
  synchronisedNowUtc: Date | undefined,
): Promise<TrustFacts> {
  try {
    const { state = INITIAL_TRUST_STATE } = readTrustCopies(trustStateFiles(paths));
    const { chain, ignored } = await readTrustRoot(files, config, state);
    const { version, document } = newestOf(chain);
    const { expiresAt } = document;
    const verdict = evaluateExpiry({ expiresAt, timeFloorUtc: state.timeFloorUtc, synchronisedNowUtc });
    return { kind: "root", version, expiresAt, isExpired: verdict.kind === "expired", ignored };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const { message, remedy, code } = error;
    return { kind: "problem", message, remedy, isForbidden: code === "HOST_PERMISSION" };
  }
}

/** Of the first of `places` that is there. */
async function probeSpace(...places: readonly AbsPath[]): Promise<SpaceFacts | undefined> {
  for (const path of places) {
    const space = await orUndefined(async () => readDiskSpace(path));
    if (space !== undefined) return { path, freeBytes: space.freeBytes, totalBytes: space.totalBytes };
  }
  return undefined;
}

/** Asks the kernel for the seal of one object: all of them were stored in the same way. */
async function probeSealed({ exec }: CliContext, store: ObjectStore): Promise<boolean | undefined> {
  const object = store.listObjectNames().next().value;
  if (object === undefined) return undefined;
  return (await unsealedFiles(exec, [store.objectFile(object)])).length === 0;
}

function probeKey(path: AbsPath): DeviceFacts["deviceKey"] {
  try {
    return { path, mode: statSync(path).mode & 0o777 };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return { path, mode: errno === "ENOENT" || errno === "ENOTDIR" ? "absent" : "forbidden" };
  }
}

/** What this user may not see, and what a missing tool would have told, is not known. */
async function orUndefined<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}
