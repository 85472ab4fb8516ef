/**
 * The device's status as it changes: `status.json` in the runtime directory, the only file that the panel reads.
 *
 * The file is replaced as a whole by whoever runs the agent; it is absent after a boot, and its directory may be replaced
 * too. The kernel's notices make changes visible at once, and a look each second makes up for those that do not come.
 *
 * Invariants: who subscribes is told each change once; nothing is watched while nobody subscribes.
 */
import { type FSWatcher, statSync, watch } from "node:fs";
import { noJournal } from "../agent/journal.ts";
import { type AgentStatus, describeJournal, peekStatus, statusFile } from "../agent/status-file.ts";
import { errnoOf } from "../error.ts";
import { HostError } from "../host/error.ts";
import type { AbsPath } from "../path.ts";

/** What is seen of the device: its status, or nothing since the file cannot be read. */
export type Sight = { readonly kind: "seen"; readonly status: AgentStatus } | { readonly kind: "lost" };

export interface StatusFeed {
  /** Looks now. */
  look(): Sight;
  /** @returns ends it */
  subscribe(listener: (sight: Sight) => void): () => void;
}

const LOOK_INTERVAL_MS = 1000;
const STALE_COUNTDOWN_MS = 8000; // it is written each second; whoever counted was killed
const DAMAGED_LOOKS = 5; // a file that somebody is writing is whole again by then

/** @param monotonicMs of a clock that is never set */
export function openStatusFeed(runtimeDirectory: AbsPath, monotonicMs: () => number): StatusFeed {
  const read = openReader(runtimeDirectory, monotonicMs);
  const listeners = new Set<(sight: Sight) => void>();
  let told = "";
  let stop: (() => void) | undefined;

  const look = () => {
    const sight = read();
    const text = JSON.stringify(sight);
    if (text !== told) for (const listener of [...listeners]) listener(sight);
    told = text;
    return sight;
  };
  return {
    look,
    subscribe(listener) {
      told = JSON.stringify(read());
      listeners.add(listener);
      stop ??= watchDirectory(runtimeDirectory, look);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        stop?.();
        stop = undefined;
      };
    },
  };
}

function openReader(runtimeDirectory: AbsPath, monotonicMs: () => number): () => Sight {
  let last: Sight = { kind: "seen", status: describeJournal(noJournal()) };
  let damagedLooks = 0;
  let changedMs = monotonicMs();
  let text = "";
  return () => {
    const status = peek(runtimeDirectory);
    if (status === "lost") return { kind: "lost" };
    if (status === "damaged") {
      damagedLooks += 1;
      return damagedLooks < DAMAGED_LOOKS ? last : { kind: "lost" };
    }
    damagedLooks = 0;
    const seen = JSON.stringify(status);
    if (seen !== text) changedMs = monotonicMs();
    text = seen;
    const isStale = status.restart !== null && monotonicMs() - changedMs > STALE_COUNTDOWN_MS;
    last = { kind: "seen", status: isStale ? { ...status, restart: null } : status };
    return last;
  };
}

/** No file is the picture of a device that has done nothing since it was started. */
function peek(runtimeDirectory: AbsPath): AgentStatus | "damaged" | "lost" {
  try {
    const status = peekStatus(runtimeDirectory);
    if (status !== undefined) return status;
    const isThere = statSync(statusFile(runtimeDirectory), { throwIfNoEntry: false }) !== undefined;
    return isThere ? "damaged" : describeJournal(noJournal());
  } catch (error) {
    if (error instanceof HostError || errnoOf(error) !== undefined) return "lost";
    throw error;
  }
}

/** Calls `look` on each notice and each second. @returns ends it */
function watchDirectory(directory: AbsPath, look: () => void): () => void {
  let watcher: FSWatcher | undefined;
  let watched: number | undefined;
  const close = () => {
    watcher?.close();
    watcher = undefined;
  };
  const watchAgain = () => {
    const inode = inodeOf(directory);
    if (watcher !== undefined && inode === watched) return;
    close();
    if (inode === undefined) return;
    watched = inode;
    try {
      watcher = watch(directory, { persistent: false }, look).on("error", close);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error; // EMFILE, ENOSPC …: the look each second is what remains
    }
  };
  watchAgain();
  const timer = setInterval(() => {
    watchAgain();
    look();
  }, LOOK_INTERVAL_MS);
  return () => {
    clearInterval(timer);
    close();
  };
}

function inodeOf(directory: AbsPath): number | undefined {
  try {
    return statSync(directory, { throwIfNoEntry: false })?.ino;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined; // not ours to enter: then its file cannot be read either, which is what is told
  }
}
