/** Tells the quarantine what is going on with the medium of this run (quarantine.ts says what for). */
import { HostError } from "../host/error.ts";
import { enterPhase, leaveMedium } from "./quarantine.ts";
import type { Session } from "./session.ts";

export interface MediumGuard {
  /** It is about to be mounted. @throws AgentError AGENT_MEDIUM_QUARANTINED; HostError */
  opening(key: string, label: string | undefined): void;
  /** It was mounted and looked at without a crash; its contents are about to be read. @throws as `opening` */
  reading(): void;
  /** It was closed, or removed, and the machine still runs. */
  closed(): void;
}

/** For whoever only looks and writes nothing. */
export const NO_GUARD: MediumGuard = { opening: () => undefined, reading: () => undefined, closed: () => undefined };

/** @returns {@link NO_GUARD} on a machine that does not tell one boot from the next */
export function openGuard({ ports, bootId, note }: Session): MediumGuard {
  if (bootId === null) return NO_GUARD;
  const { backend, clock, paths } = ports;
  let medium: { readonly key: string; readonly label: string | undefined } | undefined;
  const enter = (phase: "opening" | "reading") => {
    if (medium === undefined) return;
    const { key, label } = medium;
    medium = undefined; // a medium in quarantine is not closed in order, it is not opened
    const objects = backend.countStored();
    const facts = { label, bootId, objects, atUtc: clock.nowUtc().toISOString() };
    enterPhase(paths.stateDirectory, key, phase, facts, (why) => note("damaged-file", why));
    medium = { key, label };
  };
  return {
    opening(key, label) {
      medium = { key, label };
      enter("opening");
    },
    reading: () => enter("reading"),
    closed() {
      if (medium === undefined) return;
      try {
        leaveMedium(paths.stateDirectory, medium.key);
      } catch (error) {
        if (!(error instanceof HostError)) throw error; // it counts as one crash at most, and the update is what matters
      }
    },
  };
}
