/**
 * What a screen shows of a device's status, in one language: the same words for the page, the console, `wall` and a
 * splash screen. Pure: a status in, words out; nothing is read and no clock is asked.
 */
import type { AgentStatus } from "../agent/status-file.ts";
import type { Sentences, Words } from "./words/words.ts";

/** What it means for who looks at it. Never shown by colour alone: each has its symbol and its words. */
export type Tone =
  /** Nothing goes on. */
  | "rest"
  /** It works; leave it alone. */
  | "busy"
  /** It is about to do something, or waits. */
  | "soon"
  | "good"
  | "bad";

export type SymbolName = "rest" | "look" | "copy" | "install" | "ready" | "restart" | "check" | "good" | "back" | "bad";

/** A text that may be in another language than the screen. */
export interface Phrase {
  readonly text: string;
  readonly tag: string;
}

export interface Screen {
  /** The language of all words but those of a {@link Phrase}. */
  readonly tag: string;
  readonly tone: Tone;
  readonly symbol: SymbolName;
  /** A few words. */
  readonly headline: string;
  /** What is added to the headline: how long it will take yet. */
  readonly remaining: string | null;
  /** One or two sentences. */
  readonly detail: string;
  readonly stick: { readonly text: string; readonly isNeeded: boolean } | null;
  readonly progress: { readonly percent: number; readonly text: string } | null;
  /** Why, for technicians. */
  readonly reason: Phrase | null;
  readonly code: string | null;
  /** What to do. */
  readonly action: Phrase | null;
  /** `kiosk-os 42.3.0` */
  readonly running: string | null;
  /** When it came to be so, in UTC; null while it goes on. */
  readonly since: string | null;
  readonly history: readonly HistoryLine[];
  /** For screen readers, which read it out at each change: it changes with the scene, not with each per cent. */
  readonly announcement: string;
  /** All of it that fits a line: `Copying 42 % · about 3 min left · Do not remove the stick`. */
  readonly line: string;
}

export interface HistoryLine {
  readonly at: string;
  readonly tone: Tone;
  readonly symbol: SymbolName;
  readonly text: string;
  readonly reason: Phrase | null;
  readonly action: Phrase | null;
}

interface Scene extends Sentences {
  readonly tone: Tone;
  readonly symbol: SymbolName;
}

/** What `status` looks like in the language of `words`. */
export function describeScreen(status: AgentStatus, words: Words): Screen {
  const progress = describeProgress(status, words);
  const scene = sceneOf(status, words);
  const headline = progress === null ? scene.headline : `${scene.headline} ${words.percent(progress.percent)}`;
  const left = status.progress?.remainingSeconds ?? null;
  const remaining = left === null ? null : words.remaining(left);
  const stick = describeStick(status, words);
  const reason = inEnglish(status.why);
  const because = scene.tone === "bad" && reason !== null ? words.because(reason.text) : "";
  const facts = [`${headline}${because}`, remaining, stick?.text ?? null];
  return {
    ...{ tag: words.tag, tone: scene.tone, symbol: scene.symbol, headline, remaining, detail: scene.detail },
    ...{ stick, progress, reason, code: status.code },
    action: describeRemedy(status.code, status.remedy, words),
    running: status.running === null ? null : `${status.running.name} ${status.running.version}`,
    since: isOver(status) ? words.caption.since(formatTime(status.updatedAtUtc)) : null,
    history: status.recent.map((attempt) => describeAttempt(attempt, words)),
    announcement: announce(status, words, stick),
    line: facts.filter((fact) => fact !== null).join(" · "),
  };
}

const ANNOUNCED_SECONDS = 10;
const ANNOUNCED_PERCENT = 25;

function announce(status: AgentStatus, words: Words, stick: Screen["stick"]): string {
  const { restart } = status;
  const inSeconds = Math.ceil((restart?.inSeconds ?? 0) / ANNOUNCED_SECONDS) * ANNOUNCED_SECONDS;
  const { headline, detail } = sceneOf(
    restart === null ? status : { ...status, restart: { ...restart, inSeconds } },
    words,
  );
  const percent = describeProgress(status, words)?.percent;
  const quarter = percent === undefined ? 0 : Math.floor(percent / ANNOUNCED_PERCENT) * ANNOUNCED_PERCENT;
  return [quarter === 0 ? headline : `${headline} ${words.percent(quarter)}`, detail, stick?.text ?? ""]
    .join(" ")
    .trim();
}

function sceneOf(status: AgentStatus, words: Words): Scene {
  const { headline, detail, ...signs } = sceneIn(status, words);
  return { ...signs, headline: asBeginning(headline), detail: asBeginning(detail) };
}

/** A sentence may begin with what stands in for a version. */
function asBeginning(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function sceneIn(status: AgentStatus, words: Words): Scene {
  const version = status.release?.version ?? words.newSystem;
  const running = status.running?.version ?? words.systemBefore;
  const before = status.previous?.version ?? words.systemBefore;
  switch (status.state) {
    case "idle":
      if (status.medium === "none") return { tone: "rest", symbol: "rest", ...words.idle };
      return { tone: "rest", symbol: "look", ...words.nothingNew };
    case "detected":
    case "mounted":
      return { tone: "busy", symbol: "look", ...words.checkingStick };
    case "verified":
    case "storing":
      return { tone: "busy", symbol: "copy", ...storingScene(status, words, version) };
    case "stored":
      return { tone: "busy", symbol: "install", ...words.installing(version) };
    case "staged":
      return stagedScene(status, words, { version, running });
    case "rebooting":
      return status.why === null
        ? { tone: "soon", symbol: "restart", ...words.restarting(version, running) }
        : { tone: "bad", symbol: "back", ...words.goingBack(version, before) };
    case "assessing":
      return status.why === null
        ? { tone: "busy", symbol: "check", ...words.assessing(version, before) }
        : { tone: "bad", symbol: "bad", ...words.notWell(version) };
    case "confirmed":
      return { tone: "good", symbol: "good", ...words.updated(version) };
    case "rolled-back":
      return { tone: "bad", symbol: "back", ...words.wentBack(running, version) };
    case "unassessed":
      return { tone: "bad", symbol: "back", ...words.wentBackUnchecked(running, version) };
    case "refused":
      return { tone: "bad", symbol: "bad", ...words.refused(running) };
    case "failed":
      return { tone: "bad", symbol: "bad", ...failedSentences(status, words, { version, running }) };
  }
}

function storingScene({ progress, medium }: AgentStatus, words: Words, version: string): Sentences {
  if (progress?.phase === "checking") return words.comparing(version);
  return medium === "none" ? words.checkingKept(version) : words.copying(version);
}

interface Versions {
  readonly version: string;
  /** What it goes back to when the new one is not well. */
  readonly running: string;
}

function stagedScene({ restart, waits }: AgentStatus, words: Words, { version, running }: Versions): Scene {
  if (restart !== null) {
    return { tone: "soon", symbol: "restart", ...words.restartingIn(restart.inSeconds, version, running) };
  }
  return { tone: "soon", symbol: "ready", ...words.ready(version, waits?.for ?? null, waits?.window ?? "") };
}

function failedSentences({ code }: AgentStatus, words: Words, { version, running }: Versions): Sentences {
  if (code === "MEDIA_REMOVED") return words.stickRemoved(running);
  return code === "AGENT_UNHEALTHY" ? words.notWellAndKept(version) : words.failed(running);
}

function describeProgress({ progress }: AgentStatus, words: Words): Screen["progress"] {
  if (progress === null || progress.totalBytes <= 0) return null;
  const { doneBytes, totalBytes } = progress;
  // 100 % is said when the next state begins: what is written last takes its time.
  const percent = Math.min(99, Math.max(0, Math.floor((100 * doneBytes) / totalBytes)));
  return { percent, text: words.bytesOf(formatMegabytes(doneBytes), formatMegabytes(totalBytes)) };
}

/** Of what a person compares with the label of a stick: powers of ten, and no fractions. */
function formatMegabytes(bytes: number): string {
  return bytes < 10_000_000_000 ? `${Math.ceil(bytes / 1e6)} MB` : `${Math.ceil(bytes / 1e9)} GB`;
}

function describeStick({ medium, code }: AgentStatus, words: Words): Screen["stick"] {
  if (medium === "none" || code === "MEDIA_REMOVED") return null;
  const isNeeded = medium === "do-not-remove";
  return { text: isNeeded ? words.doNotRemove : words.canRemove, isNeeded };
}

function inEnglish(text: string | null): Phrase | null {
  return text === null ? null : { text, tag: "en" };
}

function describeRemedy(code: string | null, remedy: string | null, words: Words): Phrase | null {
  const known = code !== null && Object.hasOwn(words.remedies, code) ? words.remedies[code] : undefined;
  return known === undefined ? inEnglish(remedy) : { text: known, tag: words.tag };
}

function isOver({ state }: AgentStatus): boolean {
  return ["confirmed", "rolled-back", "unassessed", "refused", "failed"].includes(state);
}

function describeAttempt(attempt: AgentStatus["recent"][number], words: Words): HistoryLine {
  const { atUtc, state, release, code, message, remedy } = attempt;
  const [tone, symbol] = ATTEMPT_SIGNS[state];
  return {
    ...{ at: formatTime(atUtc), tone, symbol },
    text: words.attempt[state](release?.version ?? words.someRelease),
    reason: inEnglish(message),
    action: describeRemedy(code, remedy, words),
  };
}

const ATTEMPT_SIGNS: Readonly<Record<AgentStatus["recent"][number]["state"], readonly [Tone, SymbolName]>> = {
  confirmed: ["good", "good"],
  "rolled-back": ["bad", "back"],
  unassessed: ["bad", "back"],
  refused: ["bad", "bad"],
  failed: ["bad", "bad"],
};

/** `2026-11-20 10:05 UTC`: the device may stand anywhere, and its records are in UTC. */
function formatTime(atUtc: string): string {
  return `${atUtc.slice(0, 16).replace("T", " ")} UTC`;
}
