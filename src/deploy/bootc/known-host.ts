/** What bootc says of this host and what we have recorded of it, read together. */
import type { Host } from "../host-status.ts";
import type { KnownHost } from "./boot-facts.ts";
import { type BootcEngine, readBootId } from "./engine.ts";
import { readHost } from "./read-host.ts";
import { readRecord } from "./record.ts";

export async function readKnownHost(engine: BootcEngine): Promise<KnownHost> {
  return knownHost(engine, await readHost(engine.exec));
}

/** @param host as it was just read */
export function knownHost(engine: BootcEngine, host: Host): KnownHost {
  const record = readRecord(engine.paths.stateDirectory);
  return { host, record, bootId: readBootId(engine), tries: engine.tries };
}
