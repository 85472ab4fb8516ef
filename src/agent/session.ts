/**
 * One run of the agent: its ports, its journal, and the one way from state to state.
 *
 * Invariants: a state is on disk before `enter` returns, and effects follow it; an attempt that has ended is in history
 * and in the verdicts, if not now then at the next start (`settle` completes what a power cut prevented).
 */
import { readFileSync } from "node:fs";
import type { MountedMedium } from "../bundle/medium.ts";
import type { AgentConfig } from "../config/agent-config.ts";
import type { DeviceFiles } from "../config/device-files.ts";
import type { DevicePaths } from "../config/device-paths.ts";
import type { DeployBackend } from "../deploy/port.ts";
import { errnoOf } from "../error.ts";
import type { Clock } from "../host/clock.ts";
import { hostError } from "../host/error.ts";
import type { Exec } from "../host/exec.ts";
import type { Sleep } from "../host/sleep.ts";
import type { DeviceLookup } from "../media/device-lookup.ts";
import type { AbsPath } from "../path.ts";
import { appendHistory, type HistoryNote, readHistory } from "./history.ts";
import { runHooks } from "./hooks.ts";
import {
  type EndedJournal,
  type FieldsOf,
  isEnded,
  isJournalDamaged,
  type Journal,
  type JournalIn,
  noJournal,
  readJournal,
  writeJournal,
} from "./journal.ts";
import { holdUnexplained } from "./lost-journal.ts";
import { type Notice, openPicture } from "./picture.ts";
import type { ProgramFiles } from "./programs.ts";
import { settleReceipts } from "./receipts.ts";
import type { Reason, ReleaseFacts } from "./release-facts.ts";
import { type AgentEvent, isAtRest, nextState, type TargetOf } from "./states.ts";
import type { AgentStatus, WorkProgress } from "./status-file.ts";
import { type EndedAttempt, readVerdicts, recordAttempt, type Verdicts, writeVerdicts } from "./verdicts.ts";

export interface AgentPorts {
  readonly backend: DeployBackend;
  readonly files: DeviceFiles;
  readonly programs: ProgramFiles;
  readonly exec: Exec;
  /** Block devices, for media that are no directories. */
  readonly devices: DeviceLookup;
  /** The medium that is mounted at a directory; the signal ends every wait for it. */
  readonly openMedium: (directory: AbsPath, signal?: AbortSignal) => Promise<MountedMedium>;
  readonly clock: Clock;
  /** Milliseconds of a clock that is never set. */
  readonly monotonicMs: () => number;
  readonly sleep: Sleep;
  readonly newAttemptId: () => string;
  /** The time, only when the clock is known to be synchronised. */
  readonly synchronisedNowUtc: () => Promise<Date | undefined>;
  readonly paths: DevicePaths;
  readonly config: AgentConfig;
  /** Of this bootferry. */
  readonly agentVersion: string;
  readonly signal?: AbortSignal | undefined;
  /** Told what status.json shows, whenever it changes but for progress. */
  readonly onStatus?: ((status: AgentStatus) => void) | undefined;
  /** Told what was put into history besides attempts. */
  readonly onNote?: ((about: HistoryNote["about"], message: string) => void) | undefined;
  readonly onProgress?: ((progress: WorkProgress) => void) | undefined;
}

export interface Session {
  readonly ports: AgentPorts;
  readonly journal: Journal;
  readonly verdicts: Verdicts;
  readonly bootId: string | null;
  /** Goes from state to state: journal first, then status and hooks. Beginning events name the medium, or null. */
  enter<Event extends AgentEvent>(
    event: Event,
    fields: FieldsOf<Event>,
    medium?: string | null,
  ): Promise<JournalIn<TargetOf<Event>>>;
  /** Ends the attempt; what is known of it is taken from the journal. */
  end(event: EndingEvent, ending?: Ending): Promise<void>;
  /** A line in history that is about no attempt. */
  note(about: HistoryNote["about"], message: string): void;
  /** Shows what is waited for, or what was found, without a change of state. */
  show(notice: Notice): void;
  /** The same for a notice that changes each second: only screens see it. */
  showQuietly(notice: Notice): void;
  showProgress(progress: WorkProgress): void;
}

type EndingEvent = "deployment-confirmed" | "fell-back-unhealthy" | "fell-back-unassessed" | "refused" | "failed";

export interface Ending {
  readonly reason?: Reason;
  readonly refusals?: readonly Reason[];
  /** Whether the device could have booted it; by default what the state says. */
  readonly wasBootable?: boolean;
}

/** Reads what earlier runs have left and completes their records. @throws HostError; DeployError with a lost journal */
export async function openSession(ports: AgentPorts): Promise<Session> {
  const { stateDirectory } = ports.paths;
  const nowUtc = () => ports.clock.nowUtc().toISOString();
  const note = (about: HistoryNote["about"], message: string) => {
    appendHistory(stateDirectory, { version: 1, kind: "note", atUtc: nowUtc(), about, message });
    ports.onNote?.(about, message);
  };
  const onDamaged = (why: string) => note("damaged-file", why);
  const bootId = readBootId(ports.paths.bootId);
  // Asked before the journal is set aside: when the backend cannot tell, the next run has to find it as it was.
  const lost = isJournalDamaged(stateDirectory) ? await ports.backend.bootFacts() : undefined;
  let journal: Journal = readJournal(stateDirectory, onDamaged) ?? noJournal();
  let verdicts = readVerdicts(stateDirectory, onDamaged);

  const settle = () => {
    verdicts = settleVerdicts(stateDirectory, verdicts, journal);
    settleHistory(stateDirectory, journal);
  };

  if (lost !== undefined) {
    const { verdicts: known, notes } = holdUnexplained(verdicts, lost, nowUtc());
    if (known !== verdicts) writeVerdicts(stateDirectory, known);
    verdicts = known;
    for (const text of notes) note("damaged-file", text);
  }
  settle();
  const picture = await openPicture(ports, journal, bootId);
  const show = (notice?: Notice): AgentStatus => {
    const status = picture.show(journal, notice);
    ports.onStatus?.(status);
    return status;
  };
  const session: Session = {
    ports,
    bootId,
    get journal() {
      return journal;
    },
    get verdicts() {
      return verdicts;
    },
    async enter(event, fields, medium) {
      const state = nextState(journal.state, event);
      if (state === undefined) throw new Error(`the agent's state ${journal.state} does not take the event ${event}`);
      const begins = isAtRest(journal.state);
      const now = nowUtc();
      const next = {
        version: 1,
        attempt: begins ? ports.newAttemptId() : journal.attempt,
        startedAtUtc: begins ? now : journal.startedAtUtc,
        updatedAtUtc: now,
        bootId,
        medium: begins ? (medium ?? null) : journal.medium,
        ...fields,
        state,
      } as unknown as JournalIn<TargetOf<typeof event>>; // the schema checks it when it is written
      journal = next as Journal;
      writeJournal(stateDirectory, journal);
      settle();
      const status = show();
      if (isEnded(journal)) await settleReceipts(session);
      for (const failure of await runHooks(ports, ports.config.hooks, status)) note("hook", failure);
      return next;
    },
    async end(event, { reason, refusals, wasBootable } = {}) {
      await session.enter(event, {
        release: "release" in journal ? journal.release : null,
        deployment: "deployment" in journal ? journal.deployment : null,
        health: "health" in journal ? journal.health : null,
        reason: reason ?? null,
        refusals: [...(refusals ?? [])],
        wasBootable: wasBootable ?? (journal.state === "rebooting" || journal.state === "assessing"),
      });
    },
    note,
    show(notice) {
      show(notice);
    },
    showQuietly(notice) {
      picture.show(journal, notice);
    },
    showProgress(progress) {
      ports.onProgress?.(progress);
      picture.showProgress(journal, progress);
    },
  };
  await settleReceipts(session);
  return session;
}

function readBootId(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null; // a simulated device that was never booted
    throw hostError(error, `reading ${path}`);
  }
}

function settleVerdicts(stateDirectory: DevicePaths["stateDirectory"], verdicts: Verdicts, journal: Journal): Verdicts {
  if (!isEnded(journal) || journal.release === null) return verdicts;
  const { attempt: id, updatedAtUtc: atUtc, release } = journal;
  const mayRetry = journal.state === "unassessed";
  const settled = recordAttempt(verdicts, release, { id, outcome: verdictOf(journal), mayRetry, atUtc });
  if (settled !== verdicts) writeVerdicts(stateDirectory, settled);
  return settled;
}

function verdictOf({ state, health, wasBootable }: EndedJournal): EndedAttempt["outcome"] {
  if (state === "confirmed" || state === "refused") return "other";
  if (health?.healthy === false) return "unhealthy";
  return state === "unassessed" || wasBootable ? "unfinished" : "other";
}

function settleHistory(stateDirectory: DevicePaths["stateDirectory"], journal: Journal): void {
  if (!isEnded(journal)) return;
  const { records } = readHistory(stateDirectory);
  if (records.some((record) => record.kind === "attempt" && record.attempt === journal.attempt)) return;
  const { attempt, startedAtUtc, updatedAtUtc: atUtc, state, medium, health, reason, refusals } = journal;
  appendHistory(stateDirectory, {
    ...{ version: 1, kind: "attempt", atUtc, attempt, startedAtUtc, state, medium, health, reason, refusals },
    release: journal.release === null ? null : releaseOf(journal.release),
    deployment: journal.deployment?.id ?? null,
  });
}

function releaseOf({ name, version, sequence, payloadDigest }: ReleaseFacts) {
  return { name, version, sequence, payloadDigest };
}
