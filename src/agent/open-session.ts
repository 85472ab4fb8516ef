/**
 * Opening a run of the agent: its journal, and the one way from state to state.
 *
 * Invariants: a state is on disk before `enter` returns, and effects follow it; an attempt that has ended is in history, in
 * the verdicts and among the receipts, if not now then at the next start (`settle` completes what a power cut prevented).
 */
import { readFileSync } from "node:fs";
import type { DevicePaths } from "../config/device-paths.ts";
import { errnoOf } from "../error.ts";
import { hostError } from "../host/error.ts";
import { appendHistory, type HistoryNote, readHistory } from "./history.ts";
import { runHooks } from "./hooks.ts";
import {
  type EndedJournal,
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
import { settleReceipts } from "./receipts.ts";
import type { ReleaseFacts } from "./release-facts.ts";
import type { AgentPorts, Session } from "./session.ts";
import { isAtRest, nextState, type TargetOf } from "./states.ts";
import type { AgentStatus } from "./status-file.ts";
import { type EndedAttempt, readVerdicts, recordAttempt, type Verdicts, writeVerdicts } from "./verdicts.ts";

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
