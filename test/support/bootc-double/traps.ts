/**
 * What goes wrong on a machine, one switch a trap. Kept in `traps.json`, so that a running machine can be changed.
 *
 * Traps that bootc sets of itself need no switch: a switch to the same reference does nothing, a plain upgrade unlocks,
 * an upgrade reads the layout again, a power cut loses what was staged, `status.type` is null on composefs, and so on.
 */
import { readFileSync, writeFileSync } from "node:fs";

export interface Traps {
  /** These verbs (`switch`, `upgrade` …) end well and do nothing. */
  readonly silentNoOps: readonly string[];
  /** These verbs fail before they do anything, with this message. */
  readonly failures: Readonly<Record<string, string>>;
  /** These verbs never end. */
  readonly hangs: readonly string[];
  /** Staging fails with this message when all is staged. */
  readonly failsAfterStaging: string | null;
  /** What is staged says that it has this manifest digest. */
  readonly stagesDigest: string | null;
  /** Another layout that takes the place of the one which bootc was given, right before bootc reads it. */
  readonly swapsLayoutFor: string | null;
  readonly hasNoSpace: boolean;
  readonly isBusy: boolean;
  readonly isUnprivileged: boolean;
  readonly isReadOnly: boolean;
  readonly isIncompatible: boolean;
  readonly hasEtcConflict: boolean;
  readonly hasNoPodman: boolean;
  /** As a service does: before 1.16.4 skopeo then runs as nobody. */
  readonly isStartedBySystemd: boolean;
  /** Long options that this build does not know. */
  readonly unknownOptions: readonly string[];
  /** The finaliser fails at shutdown. */
  readonly finalisationFails: boolean;
  readonly progress: "limited" | "absent" | "flood" | "surprising";
  /** The status has fields and values that nobody knows yet. */
  readonly hasSurprisingStatus: boolean;
  /** Images that the registry hands out; all else is out of reach. */
  readonly reachableImages: readonly string[];
}

const NO_TRAPS: Traps = {
  silentNoOps: [],
  failures: {},
  hangs: [],
  failsAfterStaging: null,
  stagesDigest: null,
  swapsLayoutFor: null,
  hasNoSpace: false,
  isBusy: false,
  isUnprivileged: false,
  isReadOnly: false,
  isIncompatible: false,
  hasEtcConflict: false,
  hasNoPodman: false,
  isStartedBySystemd: false,
  unknownOptions: [],
  finalisationFails: false,
  progress: "limited",
  hasSurprisingStatus: false,
  reachableImages: [],
};

export function readTraps(path: string): Traps {
  return { ...NO_TRAPS, ...(JSON.parse(readFileSync(path, "utf8")) as Partial<Traps>) };
}

export function writeTraps(path: string, traps: Partial<Traps>): void {
  writeFileSync(path, JSON.stringify(traps, null, 2));
}
