/** Waiting as a parameter, so that tests need not. */
import { setTimeout } from "node:timers/promises";

/** Waits; ends early, without an error, when `signal` is aborted. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

export const sleepOnHost: Sleep = async (ms, signal) => {
  if (signal.aborted) return;
  await setTimeout(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
};
