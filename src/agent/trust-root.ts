/** The root that this device trusts: the newest of a chain of root documents in its configuration, else in its image. */
import type { AgentConfig } from "../config/agent-config.ts";
import type { DeviceFiles } from "../config/device-files.ts";
import { parseAbsPath } from "../path.ts";
import type { TrustedRoot } from "../trust/root.ts";
import { newestOf, parseRootFile } from "../trust/root-chain.ts";
import { AgentError } from "./error.ts";

const DEFAULT_FILES = ["/etc/bootferry/root.json", "/usr/lib/bootferry/root.json"].map(parseAbsPath);

/**
 * @throws AgentError AGENT_TRUST_ROOT_MISSING; TrustError and OciError as `parseRootFile`; ConfigError CONFIG_UNREADABLE
 */
export async function loadTrustRoot(files: DeviceFiles, config: AgentConfig["trust"]): Promise<TrustedRoot> {
  const candidates = config.root === undefined ? DEFAULT_FILES : [config.root];
  for (const file of candidates) {
    const bytes = await files.readFile(file);
    if (bytes !== undefined) return newestOf(parseRootFile(bytes));
  }
  throw new AgentError("AGENT_TRUST_ROOT_MISSING", `no root document in ${candidates.join(", ")}`);
}
