/**
 * Who counts the tries of a new deployment, and goes back when they are used up.
 *
 * GRUB, where its configuration has greenboot's snippet: while `boot_success=0` it counts `boot_counter` down in grubenv,
 * and from 0 on it boots the second entry. We set both when a deployment is let go, and take them back when it has proved
 * itself, as greenboot does. Where greenboot's own services are enabled they do all that, and we touch nothing.
 *
 * Nobody else counts: systemd-boot would, if the entry of a staged deployment were named +N in loader/entries.staged, but
 * no bootc was seen to leave such a name alone, so that it is not done. There we count the boots ourselves
 * (settle-boot.ts): bounded too, as long as a boot comes as far as the agent.
 */
import { readFileSync } from "node:fs";
import { errnoOf } from "../../error.ts";
import { HostError, hostError } from "../../host/error.ts";
import { type AbsPath, below } from "../../path.ts";
import type { Host } from "../host-status.ts";
import type { BootcEngine } from "./engine.ts";
import type { RecordedImage } from "./record.ts";

export type CountedBy = RecordedImage["countedBy"];

/** Of Fedora and its kin, and of Debian: the directory below the boot partition, and the tool. */
const FLAVOURS = [
  { directory: "grub2", tool: "grub2-editenv" },
  { directory: "grub", tool: "grub-editenv" },
] as const;
const GREENBOOT_UNITS = ["greenboot-healthcheck.service", "greenboot-grub2-set-counter.service"];
const TOOL_TIMEOUT_MS = 30_000;

/** Has the tries of what boots next counted, where somebody can. @returns who does */
export async function armCounting(engine: BootcEngine, host: Host): Promise<CountedBy> {
  const grub = findCountingGrub(engine, host);
  if (grub === undefined) return "us";
  if (await isGreenbootEnabled(engine)) return "greenboot";
  try {
    await grub.edit("set", `boot_counter=${engine.tries}`, "boot_success=0");
    return "grub";
  } catch (error) {
    if (error instanceof HostError) return "us"; // a boot partition that is mounted read-only, or no tool
    throw error;
  }
}

/** Takes back what {@link armCounting} has set; only where it said `grub`. @throws HostError */
export async function disarmCounting(engine: BootcEngine, host: Host): Promise<void> {
  const grub = findCountingGrub(engine, host);
  await grub?.edit("set", "boot_success=1"); // by itself it ends the counting
  await grub?.edit("unset", "boot_counter");
}

interface CountingGrub {
  readonly edit: (verb: "set" | "unset", ...variables: readonly string[]) => Promise<void>;
}

function findCountingGrub({ exec, paths }: BootcEngine, { status }: Host): CountingGrub | undefined {
  const bootloader = status.booted?.composefs?.bootloader ?? "grub"; // ostree hosts have no other
  if (bootloader !== "grub") return undefined;
  const found = findCountingConfig(paths.boot);
  if (found === undefined) return undefined;
  return {
    async edit(...words) {
      await exec([found.tool, found.environment, ...words], { timeoutMs: TOOL_TIMEOUT_MS });
    },
  };
}

/** The configuration of GRUB that counts in greenboot's way, and what it counts in; undefined when there is none. */
export function findCountingConfig(
  boot: AbsPath,
): { readonly config: AbsPath; readonly environment: AbsPath; readonly tool: string } | undefined {
  for (const { directory, tool } of FLAVOURS) {
    const files = below(boot, directory);
    const config = below(files, "grub.cfg");
    const environment = below(files, "grubenv");
    if (!countsInGreenbootsWay(readText(config))) continue;
    if (readText(environment) !== "") return { config, environment, tool }; // GRUB cannot make the file itself
  }
  return undefined;
}

/** The snippet of greenboot (08_greenboot.cfg) and of Fedora's GRUB (01_fallback_counting), which is the same. */
function countsInGreenbootsWay(config: string): boolean {
  const asks = /\[ -n "\$\{?boot_counter\}?" -a "\$\{?boot_success\}?" = "0" \]/.test(config);
  return asks && /\bset default=1\b/.test(config) && /\bdecrement boot_counter\b/.test(config);
}

async function isGreenbootEnabled({ exec }: BootcEngine): Promise<boolean> {
  for (const unit of GREENBOOT_UNITS) {
    const argv = ["systemctl", "is-enabled", "--quiet", unit] as const;
    const { exitCode } = await exec(argv, { timeoutMs: TOOL_TIMEOUT_MS, acceptsAll: true });
    if (exitCode === 0) return true;
  }
  return false;
}

/** Empty when it is not there. */
function readText(path: AbsPath): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return "";
    throw hostError(error, `reading ${path}`);
  }
}
