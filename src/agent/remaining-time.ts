/** How long work in bytes will take yet, from how fast it went of late. */
import type { WorkProgress } from "./status-file.ts";

/** Long enough to even out what a stick buffers, short enough to notice that it became slow. */
const WINDOW_MS = 20_000;
const MIN_WINDOW_MS = 3000; // before that the first burst would promise too much

interface Sample {
  readonly atMs: number;
  readonly doneBytes: number;
}

/** @returns whole seconds, or null while nobody can tell */
export type EstimateRemaining = (work: WorkProgress, nowMs: number) => number | null;

/** An estimate that begins anew with each phase of the work. Times are those of a clock that is never set. */
export function openRemainingTime(): EstimateRemaining {
  let phase: WorkProgress["phase"] | undefined;
  let samples: Sample[] = [];
  return (work, nowMs) => {
    const { doneBytes, totalBytes } = work;
    if (work.phase !== phase) samples = [];
    phase = work.phase;
    samples = [...samples.filter(({ atMs }) => nowMs - atMs <= WINDOW_MS), { atMs: nowMs, doneBytes }];
    const first = samples[0];
    if (first === undefined || nowMs - first.atMs < MIN_WINDOW_MS || doneBytes <= first.doneBytes) return null;
    const bytesPerMs = (doneBytes - first.doneBytes) / (nowMs - first.atMs);
    return Math.ceil(Math.max(0, totalBytes - doneBytes) / bytesPerMs / 1000);
  };
}
