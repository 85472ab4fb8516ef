/**
 * Enabling units in an image that is only being built: the links that `systemctl enable` would make, from the units'
 * [Install] sections. Works without systemd, and for another root.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Item } from "./plan.ts";

const KINDS = { WantedBy: "wants", RequiredBy: "requires" } as const;

/** The links of all units in `directory`, as systemctl makes them: absolute, below /etc, where an administrator can remove them. */
export function unitLinks(directory: string): readonly Item[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap(({ name }) => linksOf(name, readFileSync(join(directory, name), "utf8")));
}

/** The links that enable one unit. */
function linksOf(unit: string, text: string): readonly Item[] {
  const install = text.split(/^\[Install\]$/m)[1] ?? "";
  return [...install.matchAll(/^(WantedBy|RequiredBy)=(.*)$/gm)].flatMap(([, key, targets]) =>
    (targets ?? "")
      .split(/\s+/)
      .filter((target) => target !== "")
      .map((target) => ({
        kind: "link",
        path: `etc/systemd/system/${target}.${KINDS[key as keyof typeof KINDS]}/${unit}`,
        target: `/usr/lib/systemd/system/${unit}`,
      })),
  );
}
