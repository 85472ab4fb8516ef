/**
 * The boot loader port on U-Boot, which counts by `bootcount`, `bootlimit` and `upgrade_available`
 * (U-Boot doc/api/bootcount.rst; CONFIG_BOOTCOUNT_LIMIT with CONFIG_BOOTCOUNT_ENV).
 *
 * While upgrade_available is 1, U-Boot adds one to bootcount before each start and saves it; above bootlimit it runs
 * altbootcmd in place of bootcmd. It counts starts, not entries: `bootferry_entry` says which one they are about. Other
 * software declares a boot good by upgrade_available=0, as for Mender and SWUpdate.
 */
import { errnoOf } from "../error.ts";
import { HostError } from "../host/error.ts";
import type { Exec } from "../host/exec.ts";
import { type AbsPath, below } from "../path.ts";
import type { BootLoader } from "./boot-loader.ts";
import { BootError } from "./error.ts";
import type { Trial } from "./recorded-entries.ts";
import { openRecordedLoader } from "./recorded-loader.ts";
import { formatExtlinux, formatFallback } from "./u-boot-config.ts";
import type { UBootEnvironment } from "./u-boot-environment.ts";
import { readUBootEnvironment, writeUBootEnvironment } from "./u-boot-variables.ts";

export interface UBootLoaderOptions {
  readonly boot: AbsPath;
  readonly exec: Exec;
  /** Says where the environment is: /etc/fw_env.config. */
  readonly config: AbsPath;
}

const MAX_TRIES = 99;

/** That it is there says that the loader is U-Boot. */
export function uBootMarker(boot: AbsPath): AbsPath {
  return below(boot, "extlinux", "bootferry.conf");
}

export function openUBootLoader({ boot, exec, config }: UBootLoaderOptions): BootLoader {
  const recordFile = below(boot, "extlinux", "extlinux.conf");
  const tryRead = (): UBootEnvironment | undefined => {
    const environment = readOrExplain(config);
    return typeof environment === "string" ? undefined : environment;
  };
  /** Writes only what differs: flash wears. */
  const change = async (changes: Readonly<Record<string, string | undefined>>): Promise<void> => {
    const environment = tryRead();
    if (
      environment !== undefined &&
      Object.entries(changes).every(([name, value]) => environment.get(name) === value)
    ) {
      return;
    }
    await writeUBootEnvironment(exec, config, changes);
  };
  return openRecordedLoader(boot, exec, {
    kind: "u-boot",
    directory: below(boot, "extlinux"),
    recordFile,
    maxTries: MAX_TRIES,
    canPause: false,
    formatFiles: (entries) => [
      { path: uBootMarker(boot), text: formatFallback(entries) }, // first: what it names is there before and after
      { path: recordFile, text: formatExtlinux(entries) },
    ],
    readTrial() {
      const environment = tryRead();
      return environment && trialOf(environment);
    },
    startTrial: (name, tries) =>
      change({ bootcount: "0", bootlimit: String(tries), bootferry_entry: name, upgrade_available: "1" }),
    endTrial: () => change({ upgrade_available: "0" }),
    async stopCounting() {
      if (tryRead()?.get("upgrade_available") === "1") await change({ upgrade_available: "0" });
    },
    findProblem: async () => findProblem(config),
  });
}

function trialOf(environment: UBootEnvironment): Trial {
  const count = Number(environment.get("bootcount") ?? "0") || 0;
  const limit = Number(environment.get("bootlimit") ?? "0") || 0;
  return {
    entry: environment.get("bootferry_entry"),
    triesLeft: Math.max(0, limit - count),
    isGood: environment.get("upgrade_available") !== "1",
    isLost: count > limit,
  };
}

function findProblem(config: AbsPath): string | undefined {
  const environment = readOrExplain(config);
  if (typeof environment === "string") return environment;
  if (environment.get("altbootcmd") === undefined) return "U-Boot has no altbootcmd, with which it would fall back";
  return undefined;
}

/** The environment, or why it cannot be read. */
function readOrExplain(config: AbsPath): UBootEnvironment | string {
  try {
    return readUBootEnvironment(config);
  } catch (error) {
    if (error instanceof BootError) return `${error.message} (${config})`;
    const isAbsent = error instanceof HostError && errnoOf(error.cause) === "ENOENT";
    if (isAbsent) return `U-Boot's environment is not found: ${error.message}`;
    throw error;
  }
}
