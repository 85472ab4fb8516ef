/** Why GRUB would not boot what bootferry.cfg says, or could not count its tries. */
import { lstatSync } from "node:fs";
import { type AbsPath, below } from "../path.ts";
import { readOptional } from "./entry-files.ts";
import { BootError } from "./error.ts";
import { parseGrubEnvironment } from "./grub-environment.ts";

/** A sentence, or undefined. @throws HostError */
export function findGrubProblem(boot: AbsPath): string | undefined {
  return findConfigProblem(boot) ?? findEnvironmentProblem(boot);
}

/** After our file, nothing may choose again; before it, no entry may shift the numbers of ours. */
function findConfigProblem(boot: AbsPath): string | undefined {
  const path = below(boot, "grub", "grub.cfg");
  const lines = (readOptional(path)?.toString("utf8") ?? "").split("\n").map((line) => line.trim());
  const source = lines.findIndex((line) => /^(source|\.|configfile)\s.*\/bootferry\.cfg["']?$/.test(line));
  if (source < 0) return `${path} does not source bootferry.cfg`;
  const entry = lines.slice(0, source).find((line) => /^(menuentry|submenu|blscfg)\b/.test(line));
  if (entry !== undefined) return `${path} has menu entries before it sources bootferry.cfg`;
  const choice = lines.slice(source + 1).find((line) => /^(set\s+)?(default|fallback)=|^blscfg\b/.test(line));
  return choice === undefined ? undefined : `${path} says ${JSON.stringify(choice)} after bootferry.cfg has chosen`;
}

/** GRUB writes the blocks of the file itself: it cannot make one, let one grow, or follow a link to another disk. */
function findEnvironmentProblem(boot: AbsPath): string | undefined {
  const path = below(boot, "grub", "grubenv");
  const bytes = readOptional(path);
  if (bytes === undefined) return `${path} is missing, so that GRUB cannot count`;
  if (!lstatSync(path).isFile()) return `${path} is no regular file, so that GRUB cannot count in it`;
  try {
    parseGrubEnvironment(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof BootError) return `GRUB cannot count: ${error.message}`;
    throw error;
  }
}
