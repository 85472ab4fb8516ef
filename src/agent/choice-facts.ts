/** What a device is and knows, gathered for the choice among the releases of a medium. */
import type { DeviceIdentity } from "../bundle/applicability.ts";
import type { DeploymentFacts } from "../deploy/port.ts";
import type { Digest } from "../oci/digest.ts";
import type { ChoiceFacts } from "./choose-from-medium.ts";
import type { AgentPorts } from "./session.ts";
import { presentPayloads, readTrust } from "./trust-memory.ts";
import { peekVerdicts } from "./verdicts.ts";

/**
 * Reads only.
 * @throws AgentError AGENT_TRUST_ROOT_MISSING; TrustError for a root that is damaged or a trust state of a newer bootferry; HostError
 */
export async function readChoiceFacts(ports: AgentPorts): Promise<ChoiceFacts> {
  const { config, paths, agentVersion } = ports;
  const { compatible, architecture, id: deviceId } = config.device;
  const device: DeviceIdentity = { compatible, architecture, deviceId, agentVersion };
  const bootFacts = await ports.backend.bootFacts();
  const { root, state } = await readTrust(ports, bootFacts);
  return {
    ...{ root, device, followName: config.follow.name, trustState: state },
    verdicts: peekVerdicts(paths.stateDirectory),
    synchronisedNowUtc: await ports.synchronisedNowUtc(),
    deployedPayloads: payloadsThere(bootFacts.deployments),
    presentPayloads: presentPayloads(bootFacts),
  };
}

/** Without what only waits for its first boot: an attempt that is cut there chooses its release once more. */
function payloadsThere(deployments: readonly DeploymentFacts[]): ReadonlySet<Digest> {
  const there = deployments.filter(({ isBooted, state }) => isBooted || state === "good");
  return new Set(there.flatMap(({ payloadDigest }) => payloadDigest ?? []));
}
