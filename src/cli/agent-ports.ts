/** What the agent needs of the device that a command has opened. */
import { randomUUID } from "node:crypto";
import type { AgentPorts } from "../agent/session.ts";
import { readSynchronisedTime } from "../agent/synchronised-time.ts";
import { openMedium } from "../bundle/medium.ts";
import { hostDevices } from "../media/device-lookup.ts";
import type { AgentLog } from "./agent-log.ts";
import { openAnnouncer } from "./announcer.ts";
import type { CliContext } from "./context.ts";
import type { ConfiguredDevice } from "./device.ts";

/**
 * @param agentVersion of this bootferry: releases may want a newer one
 * @param log hears what a run does; undefined for whoever only looks
 */
export function agentPorts(
  context: CliContext,
  device: ConfiguredDevice,
  agentVersion: string,
  log?: Pick<AgentLog, "onStatus" | "onNote" | "onProgress">,
): AgentPorts {
  const { exec, clock, signal } = context;
  const { paths, config, backend, files, programs } = device;
  return {
    ...{ backend, files, programs, exec, clock, paths, config, agentVersion, signal },
    devices: hostDevices,
    ...(log === undefined ? {} : { ...hears(log, device), onNote: log.onNote, onProgress: log.onProgress }),
    openMedium,
    monotonicMs: () => performance.now(),
    sleep: context.media.sleep,
    newAttemptId: randomUUID,
    synchronisedNowUtc: () => readSynchronisedTime(exec, clock),
  };
}

/** The log first. A simulated device has neither a splash screen nor terminals. */
function hears(log: Pick<AgentLog, "onStatus">, { paths, config }: ConfiguredDevice): Pick<AgentPorts, "onStatus"> {
  if (paths.isSimulated) return { onStatus: log.onStatus };
  const announce = openAnnouncer(paths.runtimeDirectory, config.announce);
  return {
    onStatus(status) {
      log.onStatus(status);
      announce(status);
    },
  };
}
