/**
 * Taking out of the container storage what we have loaded and no deployment needs any more.
 *
 * An image whose name somebody has given to another one meanwhile is no longer ours. What cannot be removed, for a
 * container uses it or a tool is missing, stays recorded and is tried again: it keeps nothing else from going on.
 */
import { HostError } from "../../host/error.ts";
import { changeAppRecord, readAppRecord } from "./app-record.ts";
import { digestInStorage, isAbsent, removeFromStorage } from "./app-tools.ts";
import type { AppPin, AppPorts } from "./port.ts";

/**
 * @param needed what belongs to deployments that there are, or that are about to be made
 * @returns the names that are gone
 * @throws HostError for our own record alone
 */
export async function pruneApps(ports: AppPorts, needed: readonly AppPin[]): Promise<readonly string[]> {
  const isNeeded = (app: AppPin) => needed.some(({ name }) => name === app.name);
  const gone: string[] = [];
  for (const app of readAppRecord(ports.directory).loaded) {
    if (isNeeded(app) || !(await isGone(ports, app))) continue;
    gone.push(app.name);
    changeAppRecord(ports.directory, (record) => ({
      ...record,
      loaded: record.loaded.filter(({ name }) => name !== app.name),
    }));
  }
  return gone;
}

async function isGone(ports: AppPorts, app: AppPin): Promise<boolean> {
  try {
    const digest = await digestInStorage(ports, app.name);
    if (digest === undefined) return await isAbsent(ports, app.name);
    return digest !== app.digest || (await removeFromStorage(ports, app));
  } catch (error) {
    if (error instanceof HostError) return false;
    throw error;
  }
}
