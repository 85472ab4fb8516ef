/** What the agent says while it works, on stderr: plain lines for people, JSON lines (pino) for a log collector. */
import { pino } from "pino";
import type { HistoryNote } from "../agent/history.ts";
import type { AgentState } from "../agent/states.ts";
import type { AgentStatus, WorkProgress } from "../agent/status-file.ts";
import type { CodedError } from "../error.ts";
import type { CliContext } from "./context.ts";
import type { Output } from "./output.ts";
import type { Progress } from "./progress.ts";

export interface AgentLog extends AsyncDisposable {
  /** One fixed sentence, with what varies in `fields`. */
  say(sentence: string, fields?: Readonly<Record<string, string>>): void;
  warn(sentence: string, error: CodedError): void;
  onStatus(status: AgentStatus): void;
  /** What was put into history besides attempts. */
  onNote(about: HistoryNote["about"], message: string): void;
  onProgress(progress: WorkProgress): void;
}

/** States that take a while; where the others lead to, the result says. */
const SAID_STATES: readonly AgentState[] = ["mounted", "storing", "stored", "assessing"];

export function plainLog(output: Output): AgentLog {
  let bar: (Progress & { readonly label: string }) | undefined;
  let doneBytes = 0;
  const close = () => {
    bar?.[Symbol.dispose]();
    bar = undefined;
  };
  return {
    say(sentence, fields = {}) {
      close();
      output.note([sentence, ...Object.values(fields)].join(" "));
    },
    warn(_, { message, code, remedy }) {
      close();
      output.warn(`${message} [${code}]`);
      output.warn(remedy);
    },
    onStatus({ state, message, restart }) {
      close();
      if (SAID_STATES.includes(state) || restart !== null) output.note(message);
    },
    onNote(about, message) {
      close();
      output.note(`${about}: ${message}`);
    },
    onProgress(progress) {
      if (bar?.label !== progress.label) {
        close();
        bar = Object.assign(output.openProgress(progress.label, progress.totalBytes), { label: progress.label });
        doneBytes = 0;
      }
      bar.advance(progress.doneBytes - doneBytes);
      doneBytes = progress.doneBytes;
    },
    [Symbol.asyncDispose]: async () => close(),
  };
}

const PROGRESS_INTERVAL_MS = 10_000; // a journal wants a sign of life, not a film

export function jsonLog({ stderr, clock }: CliContext): AgentLog {
  const timestamp = () => `,"time":"${clock.nowUtc().toISOString()}"`;
  const log = pino({ name: "bootferry-agent", base: null, timestamp }, { write: (line) => void stderr.write(line) });
  let toldMs = Number.NEGATIVE_INFINITY;
  return {
    say: (sentence, fields = {}) => log.info(fields, sentence),
    warn: (sentence, { message, code, remedy }) => log.warn({ message, code, remedy }, sentence),
    onStatus({ state, message, release, code, remedy }) {
      const fields = { state, message, release, code, remedy };
      if (code === null) log.info(fields, "state entered");
      else log.warn(fields, "state entered");
    },
    onNote: (about, message) => log.info({ about, message }, "noted"),
    onProgress(progress) {
      const nowMs = clock.nowUtc().getTime();
      if (Math.abs(nowMs - toldMs) < PROGRESS_INTERVAL_MS) return;
      toldMs = nowMs;
      log.info(progress, "progress");
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
