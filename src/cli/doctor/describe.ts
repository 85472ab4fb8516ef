/** Findings for people: a line for each with what to do below it, and one line that sums up. */
import { formatTable } from "../format-table.ts";
import type { MachineFacts, Role } from "./facts.ts";
import { AREAS, countVerdicts, type Finding, isReady } from "./finding.ts";
import { INSTALL } from "./tool-rules.ts";

/** @param all also what has no part in what this machine does, and settings at their defaults */
export function describeFindings(
  { roles, distribution }: Pick<MachineFacts, "roles" | "distribution">,
  findings: readonly Finding[],
  all: boolean,
): string {
  const shown = all ? findings : findings.filter(({ verdict }) => verdict !== "not needed");
  const areas = AREAS.flatMap((area) => describeArea(area, shown));
  const packages = distribution === "other" ? [] : packagesFor(findings);
  const toGet =
    packages.length === 0 ? [] : [`to get all of it: ${INSTALL[distribution as "debian"]} ${packages.join(" ")}`];
  return [...areas, "", ...toGet, summarise(roles, findings)].join("\n");
}

function describeArea(area: Finding["area"], findings: readonly Finding[]): readonly string[] {
  const here = findings.filter((finding) => finding.area === area);
  if (here.length === 0) return [];
  const [, ...lines] = formatTable(
    ["", "", "", ""],
    here.map(({ verdict, name, detail, why }) => [verdict, name, detail, why]),
  );
  return [
    `${area}:`,
    ...here.flatMap(({ remedy }, index) => [
      `  ${lines[index]}`,
      ...(remedy === null ? [] : [`      help: ${remedy}`]),
    ]),
  ];
}

/** Of everything that is missing, and of what is optional. */
function packagesFor(findings: readonly Finding[]): readonly string[] {
  return [...new Set(findings.flatMap(({ packages }) => packages ?? []))].toSorted();
}

function summarise(roles: readonly Role[], findings: readonly Finding[]): string {
  const counts = Object.entries(countVerdicts(findings)).filter(([, count]) => count > 0);
  const what = roles.map((role) => `a ${role}`).join(" and ");
  const verdict = isReady(findings) ? `ready to be ${what}` : `not ready to be ${what}`;
  return `${verdict}: ${counts.map(([name, count]) => `${count} ${name}`).join(", ")}`;
}
