/** Which units of bootferry are installed and enabled, from the files that say so: systemd need not run. */
import type { DeviceFiles } from "../../config/device-files.ts";
import { CodedError } from "../../error.ts";
import { type AbsPath, below, parseAbsPath } from "../../path.ts";
import type { UnitFacts } from "./facts.ts";

const paths = (...directories: readonly string[]) => directories.map(parseAbsPath);

/** In the order in which systemd looks (systemd.unit(5)). */
const UNIT_DIRECTORIES = paths(
  "/etc/systemd/system",
  "/run/systemd/system",
  "/usr/lib/systemd/system",
  "/lib/systemd/system",
);
const RULE_DIRECTORIES = paths("/etc/udev/rules.d", "/run/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d");
const RULE = "70-bootferry.rules";
const UNIT = /^bootferry-.*\.(service|timer|path|socket)$/;

export async function probeUnits(files: DeviceFiles): Promise<readonly UnitFacts[]> {
  const found = new Map<string, AbsPath>();
  const enabled = new Set<string>();
  for (const directory of UNIT_DIRECTORIES) {
    for (const name of await files.listDirectory(directory)) {
      if (UNIT.test(name) && !found.has(name)) found.set(name, below(directory, name));
      if (!/\.(wants|requires)$/.test(name)) continue;
      for (const unit of await files.listDirectory(below(directory, name))) enabled.add(unit);
    }
  }
  const facts: UnitFacts[] = [];
  for (const [name, path] of found) {
    const text = await readOrMasked(files, path);
    const isForEnabling = text !== undefined && /^\[Install\]$/m.test(text);
    facts.push({ name, isForEnabling, isEnabled: enabled.has(name), isMasked: text === undefined });
  }
  return facts.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The first one that is there counts; an empty one switches the rule off. */
export async function probeUdevRule(files: DeviceFiles): Promise<boolean> {
  for (const directory of RULE_DIRECTORIES) {
    if (!(await files.listDirectory(directory)).includes(RULE)) continue;
    return ((await readOrMasked(files, below(directory, RULE))) ?? "") !== "";
  }
  return false;
}

/** Undefined for a link to /dev/null, which is no regular file. */
async function readOrMasked(files: DeviceFiles, path: AbsPath): Promise<string | undefined> {
  try {
    const text = (await files.readFile(path))?.toString("utf8");
    return text === "" ? undefined : text;
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}
