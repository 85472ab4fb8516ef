/**
 * The agent as a service, for machines without udev and systemd units: runs once for what an earlier run has left, then
 * for each medium that comes, one at a time.
 *
 * A medium that has to wait (an update waits for its reboot, the running system is not confirmed) is looked at again as
 * soon as that is over. One that leaves before its turn is forgotten.
 */
import { CodedError, EXIT } from "../error.ts";
import type { Sleep } from "../host/sleep.ts";
import type { AbsPath } from "../path.ts";
import { type MediumSource, pathOf } from "./medium-source.ts";
import type { Outcome, OutcomeKind } from "./outcome.ts";

export type Arrival =
  | { readonly kind: "arrived"; readonly source: MediumSource }
  | { readonly kind: "left"; readonly source: MediumSource };

export interface AgentWatchPorts {
  /** Where media come from. One that fails ends alone, and is told to `onError`. */
  readonly arrivals: readonly AsyncIterable<Arrival>[];
  /** One run of the agent, with or without a medium; takes and frees the lock. */
  readonly run: (medium: MediumSource | undefined) => Promise<Outcome>;
  readonly sleep: Sleep;
  readonly onOutcome: (medium: MediumSource | undefined, outcome: Outcome) => void;
  readonly onError: (error: CodedError) => void;
}

/** How often it is asked whether what is waited for is over: a window for the reboot, an idle device, another process. */
export const RETRY_MS = 60_000;

const WAITING: readonly OutcomeKind[] = ["waiting", "rebooting", "unhealthy"];

/** Works until `signal` is aborted, and then ends without an error: the next start goes on. */
export async function watchAgent(ports: AgentWatchPorts, signal: AbortSignal): Promise<void> {
  const queue = openQueue(ports, signal);
  const pumps = ports.arrivals.map(queue.pump);
  let next: "run without a medium" | "take media" | "wait" = "run without a medium";
  while (!signal.aborted) {
    if (next === "run without a medium") {
      next = (await runOnce(ports, undefined, signal)) === "waits" ? "wait" : "take media";
      if (next === "take media") queue.takeUp();
      continue;
    }
    const medium = queue.shift();
    if (medium !== undefined) {
      if ((await runOnce(ports, medium, signal)) === "ended") continue;
      queue.setAside(medium);
      next = "wait";
    } else if (next === "take media") await queue.arrival();
    else if ((await queue.arrival(RETRY_MS)) === "time is up") next = "run without a medium";
  }
  await Promise.all(pumps);
}

async function runOnce(
  ports: AgentWatchPorts,
  medium: MediumSource | undefined,
  signal: AbortSignal,
): Promise<"ended" | "waits"> {
  try {
    const outcome = await ports.run(medium);
    ports.onOutcome(medium, outcome);
    return WAITING.includes(outcome.kind) ? "waits" : "ended";
  } catch (error) {
    if (signal.aborted) return "ended";
    if (!(error instanceof CodedError)) throw error;
    ports.onError(error);
    // Whatever is wrong with the device itself may be mended meanwhile; a medium that cannot be read is not tried again.
    return medium === undefined || error.exitStatus === EXIT.busy ? "waits" : "ended";
  }
}

/** Media whose turn has not come, by path, oldest first; and those that wait for something else. */
function openQueue({ sleep, onError }: AgentWatchPorts, signal: AbortSignal) {
  const pending = new Map<AbsPath, MediumSource>();
  const aside = new Map<AbsPath, MediumSource>();
  let wake: () => void = () => undefined;
  let bug: { readonly error: unknown } | undefined;
  const receive = ({ kind, source }: Arrival) => {
    for (const media of [pending, aside]) media.delete(pathOf(source));
    if (kind === "arrived") pending.set(pathOf(source), source);
  };
  return {
    async pump(arrivals: AsyncIterable<Arrival>): Promise<void> {
      try {
        for await (const arrival of arrivals) {
          receive(arrival);
          wake();
        }
      } catch (error) {
        if (error instanceof CodedError) onError(error);
        else if (!signal.aborted) bug = { error };
        wake();
      }
    },
    shift(): MediumSource | undefined {
      if (bug !== undefined) throw bug.error;
      const first = pending.values().next().value;
      if (first !== undefined) pending.delete(pathOf(first));
      return first;
    },
    setAside: (medium: MediumSource) => void aside.set(pathOf(medium), medium),
    /** Those that were set aside have their turn again. */
    takeUp() {
      for (const source of aside.values()) receive({ kind: "arrived", source });
    },
    /** Returns when something has come, at the latest after `timeoutMs`. */
    async arrival(timeoutMs?: number): Promise<"arrival" | "time is up"> {
      const stop = new AbortController();
      const ended = AbortSignal.any([signal, stop.signal]);
      const arrived = new Promise<"arrival">((resolve) => {
        wake = () => resolve("arrival");
        signal.addEventListener("abort", wake, { once: true });
      });
      const late = timeoutMs === undefined ? [] : [sleep(timeoutMs, ended).then(() => "time is up" as const)];
      const what = await Promise.race([arrived, ...late]);
      signal.removeEventListener("abort", wake);
      stop.abort();
      return what;
    },
  };
}
