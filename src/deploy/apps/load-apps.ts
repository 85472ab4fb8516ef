/**
 * From copies into the container storage, each image under the very name that the system's quadlets ask for, before the
 * system is staged.
 *
 *     record → skopeo copy → look whether it is what was signed
 *
 * Recorded first: what a power cut interrupts is ours to remove. What the storage has already, whoever brought it, is left
 * as it is, and stays somebody else's.
 */
import { HostError } from "../../host/error.ts";
import { DeployError } from "../error.ts";
import { copyReference } from "./app-copies.ts";
import { changeAppRecord, readAppRecord } from "./app-record.ts";
import { copyIntoStorage, digestInStorage, removeFromStorage } from "./app-tools.ts";
import type { AppPin, AppPorts } from "./port.ts";

/** Idempotent. @throws DeployError DEPLOY_APP_NOT_LOADED; HostError; the reason of the signal */
export async function loadApps(ports: AppPorts, apps: readonly AppPin[], signal?: AbortSignal): Promise<void> {
  for (const app of apps) {
    signal?.throwIfAborted();
    if ((await digestInStorage(ports, app.name)) !== app.digest) await loadApp(ports, app, signal);
  }
}

async function loadApp(ports: AppPorts, app: AppPin, signal: AbortSignal | undefined): Promise<void> {
  const { name, digest } = app;
  await makeWay(ports, app);
  changeAppRecord(ports.directory, (record) => ({
    ...record,
    loaded: [...record.loaded.filter((pin) => pin.name !== name), app],
  }));
  try {
    await copyIntoStorage(ports, copyReference(ports.directory, digest), name, signal);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    throw new DeployError("DEPLOY_APP_NOT_LOADED", `${name} was not loaded: ${error.message}`, { cause: error });
  }
  const got = await digestInStorage(ports, name);
  if (got === digest) return;
  const message = `${name} was loaded: expected ${digest}, got ${got ?? "nothing"}`;
  throw new DeployError("DEPLOY_APP_NOT_LOADED", message);
}

/** An image of ours that loses its name to another would stay without one, for nobody to find. */
async function makeWay(ports: AppPorts, { name }: AppPin): Promise<void> {
  const before = readAppRecord(ports.directory).loaded.find((pin) => pin.name === name);
  if (before !== undefined && (await digestInStorage(ports, name)) === before.digest) {
    await removeFromStorage(ports, before);
  }
}
