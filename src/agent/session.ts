/**
 * One run of the agent: its ports, and what it can do with its journal (open-session.ts does it). Types alone.
 */
import type { MountedMedium } from "../bundle/medium.ts";
import type { AgentConfig } from "../config/agent-config.ts";
import type { DeviceFiles } from "../config/device-files.ts";
import type { DevicePaths } from "../config/device-paths.ts";
import type { DeployBackend } from "../deploy/port.ts";
import type { Clock } from "../host/clock.ts";
import type { Exec } from "../host/exec.ts";
import type { Sleep } from "../host/sleep.ts";
import type { DeviceLookup } from "../media/device-lookup.ts";
import type { AbsPath } from "../path.ts";
import type { HistoryNote } from "./history.ts";
import type { FieldsOf, Journal, JournalIn } from "./journal.ts";
import type { Notice } from "./picture.ts";
import type { ProgramFiles } from "./programs.ts";
import type { Reason } from "./release-facts.ts";
import type { AgentEvent, TargetOf } from "./states.ts";
import type { AgentStatus, WorkProgress } from "./status-file.ts";
import type { Verdicts } from "./verdicts.ts";

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
