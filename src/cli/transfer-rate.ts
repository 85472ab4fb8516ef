/** How fast a piece of work goes, from what is seen of it now and then. */
import type { AgentStatus } from "../agent/status-file.ts";

const WINDOW_MS = 10_000; // shorter ones jump, longer ones lie
const MIN_SPAN_MS = 1000;

/** @param monotonicMs of a clock that is never set. @returns `8 MB/s`; null while nobody can tell */
export function openTransferRate(monotonicMs: () => number): (progress: AgentStatus["progress"]) => string | null {
  let seen: { readonly atMs: number; readonly doneBytes: number }[] = [];
  let phase: string | undefined;
  return (progress) => {
    const isOther = progress?.phase !== phase || (progress?.doneBytes ?? 0) < (seen.at(-1)?.doneBytes ?? 0);
    if (isOther) seen = [];
    phase = progress?.phase;
    if (progress === null) return null;
    const atMs = monotonicMs();
    seen = [...seen.filter((sample) => atMs - sample.atMs <= WINDOW_MS), { atMs, doneBytes: progress.doneBytes }];
    const [first] = seen;
    if (first === undefined || atMs - first.atMs < MIN_SPAN_MS) return null;
    return formatRate((progress.doneBytes - first.doneBytes) / ((atMs - first.atMs) / 1000));
  };
}

/** Powers of ten, as the amounts beside it (panel/view.ts). */
function formatRate(bytesPerSecond: number): string {
  const megabytes = bytesPerSecond / 1e6;
  return `${megabytes.toFixed(megabytes < 10 ? 1 : 0)} MB/s`;
}
