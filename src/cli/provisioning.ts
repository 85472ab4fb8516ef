/** The configuration that a new device gets: a file, or the two keys that have no default. */
import type { AgentConfig } from "../config/agent-config.ts";
import { parseAgentConfig } from "../config/load-agent-config.ts";
import type { CliContext } from "./context.ts";
import { CliError } from "./error.ts";
import { readInputFile } from "./read-input.ts";

export interface ProvisioningOptions {
  readonly agentConfig?: string;
  readonly name?: string;
  readonly compatible?: string;
}

export interface Provisioning {
  readonly config: AgentConfig;
  /** The file as the device gets it. */
  readonly agentToml: Uint8Array;
}

/** @throws CliError CLI_USAGE; ConfigError; HostError */
export function readProvisioning(context: CliContext, options: ProvisioningOptions): Provisioning {
  const { agentConfig, name, compatible } = options;
  if (agentConfig !== undefined) {
    if (name !== undefined || compatible !== undefined) {
      throw new CliError("CLI_USAGE", "--agent-config says what --name and --compatible would: give one or the other");
    }
    const path = context.path(agentConfig);
    const agentToml = readInputFile(path);
    return { config: parseAgentConfig(agentToml, path), agentToml };
  }
  if (name === undefined || compatible === undefined) {
    throw new CliError("CLI_USAGE", "give --agent-config, or --name and --compatible");
  }
  const text = `[device]\ncompatible = ${JSON.stringify(compatible)}\n\n[follow]\nname = ${JSON.stringify(name)}\n`;
  const agentToml = Buffer.from(text);
  return { config: parseAgentConfig(agentToml, context.path("agent.toml")), agentToml };
}
