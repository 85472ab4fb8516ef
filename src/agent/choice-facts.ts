/** What a device is and knows, gathered for the choice among the releases of a medium. */
import type { DeviceIdentity } from "../bundle/applicability.ts";
import type { ChoiceFacts } from "./choose-from-medium.ts";
import { readFloors } from "./floors.ts";
import type { AgentPorts } from "./session.ts";
import { loadTrustRoot } from "./trust-root.ts";
import { peekVerdicts } from "./verdicts.ts";

/**
 * Reads only.
 * @throws AgentError AGENT_TRUST_ROOT_MISSING; TrustError for a root or a trust state that is damaged; HostError
 */
export async function readChoiceFacts(ports: AgentPorts): Promise<ChoiceFacts> {
  const { config, files, paths, agentVersion } = ports;
  const { compatible, architecture, id: deviceId } = config.device;
  const device: DeviceIdentity = { compatible, architecture, deviceId, agentVersion };
  return {
    root: await loadTrustRoot(files, config.trust),
    device,
    followName: config.follow.name,
    trustState: readFloors(paths.stateDirectory, await ports.backend.bootFacts()),
    verdicts: peekVerdicts(paths.stateDirectory),
    synchronisedNowUtc: await ports.synchronisedNowUtc(),
  };
}
