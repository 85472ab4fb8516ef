/** What bootc's status has no words for, for people: what boots next, and each deployment's state, pin and level. Pure. */
import { slotsOf, stateOf } from "./boot-facts.ts";
import type { Deployment, Snapshot } from "./snapshot.ts";

/** Lines below the output of `bootc status`; empty when nothing is deployed. */
export function formatDeployments(snapshot: Snapshot): string {
  const { deployments } = snapshot;
  if (deployments.length === 0) return "";
  const { next } = slotsOf(snapshot);
  const rows = deployments
    .toSorted((a, b) => b.serial - a.serial)
    .map((deployment) => [deployment.id, titleOf(deployment), describe(deployment)] as const);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(
    ([id, title, what]) => `  ${id.padEnd(widths[0] ?? 0)}  ${title.padEnd(widths[1] ?? 0)}  ${what}`,
  );
  const nextLine = next === undefined ? "unknown: no boot entry of a deployment" : `${next.id}, ${titleOf(next)}`;
  return `${[`Next boot: ${nextLine}`, "Deployments:", ...lines].join("\n")}\n`;
}

function titleOf({ origin: { release, image } }: Deployment): string {
  return release === null ? `${image.transport}:${image.image}` : `${release.name} ${release.version}`;
}

function describe(deployment: Deployment): string {
  const { isBooted, isPinned, origin } = deployment;
  return [
    ...(isBooted ? ["booted"] : []),
    describeState(deployment),
    ...(isPinned ? ["pinned"] : []),
    `fs-verity ${origin.verity}`,
  ].join(", ");
}

function describeState(deployment: Deployment): string {
  const counter = deployment.entries.find((entry) => entry.counter !== undefined)?.counter;
  switch (stateOf(deployment)) {
    case "staged":
      return "downloaded, not activated";
    case "armed": {
      if (deployment.isBooted) return "not assessed yet";
      return counter === undefined
        ? "waits for its first boot"
        : `waits for its first boot, ${counter.triesLeft} tries left`;
    }
    case "good":
      return "good";
    case "bad":
      return deployment.entries.length === 0 ? "cannot be booted: no boot entry" : "bad: its tries are used up";
  }
}
