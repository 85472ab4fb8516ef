/** Judges the list of tools (tools.ts) for a machine. Pure. */
import type { Distribution, MachineFacts, Role } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { type Need, TOOLS, type Tool } from "./tools.ts";

export const INSTALL = { debian: "apt install", fedora: "dnf install" } as const;

type Demand = "required" | "optional" | "none";

export function judgeTools(facts: MachineFacts): readonly Finding[] {
  return TOOLS.map((tool) => judgeTool(tool, facts));
}

function judgeTool(tool: Tool, facts: MachineFacts): Finding {
  const base = { area: "tools", name: tool.names.join(" or "), detail: "", why: tool.why } as const;
  const demand = strongest(facts.roles.map((role) => demandOf(tool[role], role, facts)));
  if (demand === "none") return { ...base, verdict: "not needed", remedy: null };
  if (tool.names.some(facts.hasTool)) return { ...base, verdict: "found", remedy: null };
  const verdict = demand === "required" ? "missing" : "optional";
  return { ...base, verdict, ...howToGet(tool, facts.distribution) };
}

function strongest(demands: readonly Demand[]): Demand {
  return demands.includes("required") ? "required" : demands.includes("optional") ? "optional" : "none";
}

function demandOf(need: Need | undefined, role: Role, facts: MachineFacts): Demand {
  if (need === undefined) return "none";
  if (need === "always") return "required";
  if (need === "optional") return "optional";
  if (role === "workstation" || facts.device === undefined) return "none"; // what is left are matters of devices
  const { device } = facts;
  const { config } = device.config;
  const requiredIf = (condition: boolean): Demand => (condition ? "required" : "none");
  switch (need) {
    case "machine":
      return requiredIf(!device.isSimulated);
    case "bootc":
      return requiredIf(device.backend === "bootc");
    case "optional with bootc":
      return device.backend === "bootc" ? "optional" : "none";
    case "grub or u-boot":
      return requiredIf(device.loader?.kind === "grub" || device.loader?.kind === "u-boot");
    case "u-boot":
      return requiredIf(device.loader?.kind === "u-boot");
    case "seals":
      if (device.backend === "bootc" || config?.store["fs-verity"] === "off") return "none";
      return config?.store["fs-verity"] === "required" ? "required" : "optional";
    case "encrypted media":
      if (device.isSimulated) return "none";
      return config?.media.luks["key-file"] === undefined ? "optional" : "required";
  }
}

function howToGet(tool: Tool, distribution: Distribution): Pick<Finding, "remedy" | "packages"> {
  const names = (text: string | null) => text?.split(", ") ?? [];
  if (distribution === "other") {
    const both = `Debian: ${tool.debian ?? "no package"}; Fedora: ${tool.fedora ?? "no package"}`;
    return { remedy: `Install the package with it (${both}).` };
  }
  const packages = names(tool[distribution]);
  const command = INSTALL[distribution];
  const isDebian = distribution === "debian";
  if (packages.length > 0) return { remedy: `${command} ${packages.join(" ")}`, packages };
  return { remedy: `${isDebian ? "Debian" : "Fedora"} has no package with ${tool.names[0]}.` };
}
