/**
 * Bundles that are copied into a spool directory, each as soon as it is complete.
 *
 *     SPOOL/bootferry/…         a bundle, as at the top of a medium
 *     SPOOL/<name>/bootferry/…  the same; names that begin with a dot are passed over, for whoever copies and renames
 *
 * A bundle is complete when two looks, {@link SETTLE_MS} apart, find every blob that its index names with its size, and
 * all files the same by size and times. A copy that is slower than that between two writes is not fooled by it either: the
 * blob that it writes has not its size yet, and where space was reserved first the digest tells, nothing is harmed, and the
 * bundle is looked at again when it changes.
 */
import { readdir } from "node:fs/promises";
import type { BundleSurvey } from "../bundle/survey-bundle.ts";
import { errnoOf } from "../error.ts";
import { hostError } from "../host/error.ts";
import type { Sleep } from "../host/sleep.ts";
import { type HintSource, openFirstSource } from "../media/hint-source.ts";
import { type AbsPath, below } from "../path.ts";
import type { Arrival } from "./watch.ts";

export const SETTLE_MS = 10_000;
const TICKS_BETWEEN_LOOKS = 6; // a look a minute without a hint: network file systems give none

export interface SpoolPorts {
  readonly directory: AbsPath;
  readonly hints: HintSource;
  readonly sleep: Sleep;
  readonly survey: (directory: AbsPath) => Promise<BundleSurvey>;
  /** Told once for each reason that a bundle has to wait for. */
  readonly onIncomplete: (directory: AbsPath, why: string) => void;
}

/** What is known of a bundle from the looks before. */
interface Known {
  /** Of the last look: a fingerprint, or why it is not complete. */
  readonly seen: string;
  readonly isDone: boolean;
}

/** Yields complete bundles, each again when it changes, until `signal` is aborted. @throws HostError */
export async function* watchSpool(ports: SpoolPorts, signal: AbortSignal): AsyncGenerator<Arrival, void, undefined> {
  let isHinted = true;
  const hint = () => {
    isHinted = true;
  };
  await using _source = await openFirstSource([ports.hints], hint, signal);
  let known: ReadonlyMap<AbsPath, Known> = new Map();
  for (let tick = 0; !signal.aborted; tick++) {
    const isUnsettled = [...known.values()].some(({ isDone }) => !isDone);
    if (isHinted || isUnsettled || tick % TICKS_BETWEEN_LOOKS === 0) {
      isHinted = false;
      const now = new Map<AbsPath, Known>();
      for (const directory of await bundlesIn(ports.directory)) {
        const { state, isReady } = await look(ports, directory, known.get(directory));
        if (state !== undefined) now.set(directory, state);
        if (isReady) yield { kind: "arrived", source: { kind: "directory", directory } };
      }
      known = now;
    }
    await ports.sleep(SETTLE_MS, signal);
  }
}

async function look({ survey, onIncomplete }: SpoolPorts, directory: AbsPath, before: Known | undefined) {
  const found = await survey(directory);
  switch (found.kind) {
    case "absent":
      return { state: undefined, isReady: false };
    case "incomplete":
      if (before?.seen !== found.why) onIncomplete(directory, found.why);
      return { state: { seen: found.why, isDone: true }, isReady: false }; // the next hint, or the next minute, looks again
    case "complete": {
      const isSettled = before?.seen === found.fingerprint;
      return { state: { seen: found.fingerprint, isDone: isSettled }, isReady: isSettled && !before.isDone };
    }
  }
}

async function bundlesIn(spool: AbsPath): Promise<readonly AbsPath[]> {
  try {
    const entries = await readdir(spool, { withFileTypes: true });
    const directories = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
    return [spool, ...directories.map(({ name }) => below(spool, name)).sort()];
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return []; // it may come
    throw hostError(error, `looking through ${spool}`);
  }
}
