/**
 * The picture that people are shown of a run: status.json, kept in step with the journal.
 *
 * Nothing is decided by it, and nothing that goes wrong with it stops a run: a full or broken /run must not keep a
 * system from being confirmed.
 */
import type { DevicePaths } from "../config/device-paths.ts";
import type { BootFacts, DeployBackend } from "../deploy/port.ts";
import { CodedError } from "../error.ts";
import type { Clock } from "../host/clock.ts";
import { HostError } from "../host/error.ts";
import type { Journal } from "./journal.ts";
import { afterReceiptsWereWritten, areReceiptsAwaited, untilReceiptsAreWritten } from "./receipts-due.ts";
import { recentAttempts } from "./recent-attempts.ts";
import { openRemainingTime } from "./remaining-time.ts";
import { isAtRest } from "./states.ts";
import { type AgentStatus, describeJournal, peekStatus, type WorkProgress, writeStatus } from "./status-file.ts";

/** What is shown besides the journal. */
export interface Notice {
  /** One or two sentences: what is waited for, or what was found. */
  readonly message?: string | undefined;
  /** Why it is so, where the journal does not say. */
  readonly why?: string;
  readonly waits?: AgentStatus["waits"];
  readonly restart?: AgentStatus["restart"];
}

export interface Picture {
  show(journal: Journal, notice?: Notice): AgentStatus;
  /** Shows how far the work is, once a second. */
  showProgress(journal: Journal, work: WorkProgress): void;
}

interface PicturePorts {
  readonly backend: Pick<DeployBackend, "bootFacts">;
  readonly paths: Pick<DevicePaths, "stateDirectory" | "runtimeDirectory">;
  readonly clock: Clock;
  readonly monotonicMs: () => number;
}

const INTERVAL_MS = 1000; // people read no faster

/** Opens the picture of a run, and makes one where there is none, or only that of a run which was killed. */
export async function openPicture(ports: PicturePorts, journal: Journal, bootId: string | null): Promise<Picture> {
  const { stateDirectory, runtimeDirectory } = ports.paths;
  const systems = await describeSystems(ports.backend);
  const remaining = openRemainingTime();
  let shownMs = Number.NEGATIVE_INFINITY;
  let recent = recentAttempts(stateDirectory);

  const write = (now: Journal, more: Partial<AgentStatus>, notice: Notice = {}): AgentStatus => {
    const { message, why, waits = null, restart = null } = notice;
    const told = describeMedium(describeJournal(now, message), runtimeDirectory);
    const status = { ...told, ...systems, why: why ?? told.why, waits, restart, recent, ...more };
    ignoringHostErrors(() => writeStatus(runtimeDirectory, status));
    return status;
  };
  const earlier = ignoringHostErrors(() => peekStatus(runtimeDirectory));
  const isOfThisState = earlier?.state === journal.state && earlier.restart === null && earlier.progress === null;
  if (!isOfThisState) write(journal, isOfEarlierBoot(journal, bootId) ? { medium: "none" } : {});
  else ignoringHostErrors(() => endWaiting(runtimeDirectory, earlier));

  return {
    show(now, notice) {
      if (isAtRest(now.state)) recent = recentAttempts(stateDirectory);
      return write(now, { updatedAtUtc: ports.clock.nowUtc().toISOString() }, notice);
    },
    showProgress(now, work) {
      const nowMs = ports.monotonicMs();
      if (nowMs - shownMs < INTERVAL_MS) return;
      shownMs = nowMs;
      const progress = { ...work, remainingSeconds: remaining(work, nowMs) };
      write(now, { updatedAtUtc: ports.clock.nowUtc().toISOString(), progress });
    },
  };
}

/** A medium that is being written to must stay in, whatever the journal says of reading. */
function describeMedium(told: AgentStatus, runtimeDirectory: PicturePorts["paths"]["runtimeDirectory"]): AgentStatus {
  if (told.medium !== "may-be-removed" || !areReceiptsAwaited(runtimeDirectory)) return told;
  return { ...told, medium: "do-not-remove", message: untilReceiptsAreWritten(told.message) };
}

/** Receipts that were waited for and never written, because their unit is not there: the medium is not held for them. */
function endWaiting(runtimeDirectory: PicturePorts["paths"]["runtimeDirectory"], earlier: AgentStatus): void {
  const message = afterReceiptsWereWritten(earlier.message);
  if (message === earlier.message || areReceiptsAwaited(runtimeDirectory)) return;
  writeStatus(runtimeDirectory, { ...earlier, message, medium: "may-be-removed" });
}

/** Of a medium that was read before the machine was started, nobody knows whether it is in still. */
function isOfEarlierBoot(journal: Journal, bootId: string | null): boolean {
  return isAtRest(journal.state) && journal.bootId !== bootId;
}

type Systems = Pick<AgentStatus, "running" | "previous">;

async function describeSystems(backend: PicturePorts["backend"]): Promise<Systems> {
  try {
    return systemsOf(await backend.bootFacts());
  } catch (error) {
    if (error instanceof CodedError) return { running: null, previous: null }; // the run itself asks again, and says why
    throw error;
  }
}

function systemsOf({ booted, deployments }: BootFacts): Systems {
  const before = deployments.find(({ isBooted, state }) => !isBooted && state === "good");
  return { running: nameOf(booted?.release), previous: nameOf(before?.release) };
}

function nameOf(release: { readonly name: string; readonly version: string } | null | undefined) {
  return release ? { name: release.name, version: release.version } : null;
}

function ignoringHostErrors<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof HostError) return undefined;
    throw error;
  }
}
