/** All rules, in the order of the areas. Pure: what a machine is like comes in as facts. */
import { judgeConfig, judgeSupport, judgeTrust } from "./config-rules.ts";
import { judgeLoader, judgeState, judgeUnits } from "./device-rules.ts";
import type { MachineFacts } from "./facts.ts";
import { AREAS, type Finding } from "./finding.ts";
import { judgeBootferry, judgeKernel, judgePermissions } from "./system-rules.ts";
import { judgeTools } from "./tool-rules.ts";

const RULES: readonly ((facts: MachineFacts) => readonly Finding[])[] = [
  judgeBootferry,
  judgeTools,
  judgeKernel,
  judgePermissions,
  judgeUnits,
  judgeLoader,
  judgeConfig,
  judgeSupport,
  judgeTrust,
  judgeState,
  judgeMedia,
];

export function examine(facts: MachineFacts): readonly Finding[] {
  const findings = RULES.flatMap((rule) => rule(facts));
  return findings.toSorted((a, b) => AREAS.indexOf(a.area) - AREAS.indexOf(b.area));
}

/** What is plugged in, and whether the agent would take it: for a person who wonders why nothing happens. */
function judgeMedia({ media, device }: MachineFacts): readonly Finding[] {
  const { labels, filesystems } = device?.config.config?.media ?? {
    labels: ["BOOTFERRY"],
    filesystems: ["vfat", "exfat"],
  };
  return media.map(({ path, filesystem, label, disk }): Finding => {
    const isOurs = label !== null && labels.includes(label);
    const isOpened = filesystem === "crypto_LUKS" || [...filesystems].some((name) => name === filesystem);
    const what =
      filesystem === null ? "nothing on it" : `${filesystem}${label === null ? ", no label" : ` "${label}"`}`;
    return {
      area: "media",
      name: path,
      verdict: isOurs && isOpened ? "found" : "not needed",
      detail: `${disk}; ${what}`,
      why: isOurs
        ? isOpened
          ? "a medium of bootferry"
          : "its label is that of a medium, its file system is none that is opened"
        : "no medium of bootferry by its label",
      remedy: isOurs && !isOpened ? `Format it anew, or list ${filesystem} in [media] filesystems.` : null,
    };
  });
}
