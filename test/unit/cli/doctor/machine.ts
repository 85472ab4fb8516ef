/** Machines for the doctor that nobody has: all is well with them but for what a test changes. */

import { examine } from "../../../../src/cli/doctor/examine.ts";
import type { DeviceFacts, MachineFacts } from "../../../../src/cli/doctor/facts.ts";
import type { Finding } from "../../../../src/cli/doctor/finding.ts";
import type { AgentConfig } from "../../../../src/config/agent-config.ts";
import { parseAgentConfig } from "../../../../src/config/load-agent-config.ts";
import type { ConfigSurvey } from "../../../../src/config/survey-agent-config.ts";
import { parseAbsPath } from "../../../../src/path.ts";

const FILE = parseAbsPath("/etc/bootferry/agent.toml");

/** The configuration of a device, with these lines after the two that every device has. */
export function configured(lines = ""): ConfigSurvey {
  const text = `device.compatible = "acme"\nfollow.name = "os"\n${lines}`;
  const config: AgentConfig = parseAgentConfig(Buffer.from(text), FILE);
  return { config, problems: [], files: [FILE], keys: [{ key: "device.compatible", value: "acme", from: FILE }] };
}

const unit = (name: string, isForEnabling: boolean) => ({ name, isForEnabling, isEnabled: true, isMasked: false });

export const UNITS: DeviceFacts["units"] = [
  unit("bootferry-inserted@.service", false),
  unit("bootferry-media@.service", false),
  unit("bootferry-agent.service", true),
  unit("bootferry-health.service", true),
  unit("bootferry-boot-deadline.timer", true),
  unit("bootferry-finalize.service", false),
];

export function device(changes: Partial<DeviceFacts> = {}): DeviceFacts {
  return {
    isSimulated: false,
    backend: "native",
    isDeployed: true,
    config: configured(),
    trust: { kind: "root", version: 3, expiresAt: "2030-01-01T00:00:00Z", isExpired: false, ignored: [] },
    loader: { kind: "systemd-boot", problem: undefined },
    countingGrub: undefined,
    units: UNITS,
    hasUdevRule: true,
    store: { path: "/sysroot/bootferry", freeBytes: 2 ** 31, totalBytes: 2 ** 32 },
    boot: { path: "/boot", freeBytes: 2 ** 29, totalBytes: 2 ** 30 },
    badRecipient: undefined,
    isSealed: true,
    deviceKey: { path: "/var/lib/bootferry/device.key", mode: 0o600 },
    isClockSynchronised: true,
    ...changes,
  };
}

export function machine(changes: Partial<MachineFacts> = {}): MachineFacts {
  return {
    roles: changes.device === undefined ? ["workstation"] : ["device"],
    distribution: "debian",
    bootferry: { version: "1.0.0", nodeVersion: "24.1.0", executable: "/usr/bin/bootferry", hasZstd: true },
    hasTool: () => true,
    kernel: {
      release: "6.12.48+deb13-amd64",
      sealsExt4: true,
      features: {
        erofs: "module",
        overlay: "loaded",
        loop: "module",
        vfat: "module",
        exfat: "module",
        dm_crypt: "module",
      },
    },
    user: { isRoot: true, name: "root", groups: ["root"] },
    access: [],
    media: [],
    device: undefined,
    ...changes,
  };
}

/** What the doctor finds of one thing. Fails when it says nothing of it, or says it twice. */
export function finding(facts: MachineFacts, name: string): Finding {
  const found = examine(facts).filter((candidate) => candidate.name === name);
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} findings are called ${name}`);
  return found[0];
}

export function without(...tools: readonly string[]): MachineFacts["hasTool"] {
  return (name) => !tools.includes(name);
}
