/**
 * The boot loader port on GRUB.
 *
 *     <boot>/grub/bootferry.cfg    what GRUB reads: the entries in boot order, and what each is worth
 *     <boot>/grub/grubenv          how many tries the counted one has left, in the words of greenboot
 *     <boot>/grub/grub.cfg         the integrator's: it sources bootferry.cfg
 */
import type { Exec } from "../host/exec.ts";
import { type AbsPath, below } from "../path.ts";
import type { BootLoader } from "./boot-loader.ts";
import { readOptional } from "./entry-files.ts";
import { BootError } from "./error.ts";
import { flushJournal } from "./flush-journal.ts";
import { formatGrubConfig, MAX_GRUB_TRIES } from "./grub-config.ts";
import {
  BOOT_COUNTER,
  BOOT_SUCCESS,
  COUNTED_ENTRY,
  formatGrubEnvironment,
  type GrubEnvironment,
  parseGrubEnvironment,
} from "./grub-environment.ts";
import { findGrubProblem } from "./grub-problem.ts";
import { publishFile } from "./publish-file.ts";
import type { Trial } from "./recorded-entries.ts";
import { openRecordedLoader } from "./recorded-loader.ts";

export interface GrubLoaderOptions {
  readonly boot: AbsPath;
  readonly exec: Exec;
}

export function grubFile(boot: AbsPath, name: "bootferry.cfg" | "grubenv" | "grub.cfg"): AbsPath {
  return below(boot, "grub", name);
}

export function openGrubLoader({ boot, exec }: GrubLoaderOptions): BootLoader {
  const recordFile = grubFile(boot, "bootferry.cfg");
  const environmentFile = grubFile(boot, "grubenv");
  /** What other programs keep in the environment stays; a damaged one is begun anew. */
  const change = async (changes: Readonly<Record<string, string | undefined>>): Promise<void> => {
    const changed = new Map([...(tryReadGrubEnvironment(boot) ?? []), ...Object.entries(changes)]);
    const kept = [...changed].flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
    const bytes = formatGrubEnvironment(new Map(kept));
    if (readOptional(environmentFile)?.equals(bytes)) return;
    await publishFile(exec, environmentFile, bytes);
    await flushJournal(exec, boot);
  };
  return openRecordedLoader(boot, exec, {
    kind: "grub",
    directory: below(boot, "grub"),
    recordFile,
    maxTries: MAX_GRUB_TRIES,
    canPause: true,
    formatFiles: (entries) => [{ path: recordFile, text: formatGrubConfig(entries) }],
    readTrial() {
      const environment = tryReadGrubEnvironment(boot);
      return environment && trialOf(environment);
    },
    startTrial: (name, tries) => change({ [BOOT_COUNTER]: String(tries), [BOOT_SUCCESS]: "0", [COUNTED_ENTRY]: name }),
    endTrial: () => change({ [BOOT_COUNTER]: undefined, [BOOT_SUCCESS]: "1" }),
    stopCounting: async () => undefined, // bootferry.cfg does not ask
    findProblem: async () => findGrubProblem(boot),
  });
}

/** Undefined when there is none that GRUB could read. @throws HostError */
export function tryReadGrubEnvironment(boot: AbsPath): GrubEnvironment | undefined {
  try {
    return parseGrubEnvironment(readOptional(grubFile(boot, "grubenv")) ?? Buffer.alloc(0));
  } catch (error) {
    if (error instanceof BootError) return undefined;
    throw error;
  }
}

/** greenboot declares success by `boot_success=1`, and takes `boot_counter` away. GRUB leaves no trace of a fallback. */
function trialOf(environment: GrubEnvironment): Trial {
  const count = environment.get(BOOT_COUNTER) ?? "";
  return {
    entry: environment.get(COUNTED_ENTRY),
    triesLeft: /^[0-9]$/.test(count) ? Number(count) : 0, // as the chain of bootferry.cfg; greenboot's -1 is used up too
    isGood: environment.get(BOOT_SUCCESS) === "1" || count === "",
    isLost: false,
  };
}
