/**
 * What the agent says while it works: plain lines for people; JSON lines (pino) for a journal or a log collector.
 *
 * JSON is chosen by --log-json, or when systemd captures our stderr (JOURNAL_STREAM, systemd.exec(5)).
 */
import { type Command, Option } from "commander";
import { pino } from "pino";
import type { AgentState } from "../agent/states.ts";
import type { AgentStatus } from "../agent/status-file.ts";
import type { CodedError } from "../error.ts";
import type { CliContext } from "./context.ts";
import type { Output } from "./output.ts";
import type { Progress } from "./progress.ts";

export interface AgentLog extends Disposable {
  /** One fixed sentence, with what varies in `fields`. */
  say(sentence: string, fields?: Readonly<Record<string, string>>): void;
  warn(sentence: string, error: CodedError): void;
  onStatus(status: AgentStatus): void;
  onProgress(progress: NonNullable<AgentStatus["progress"]>): void;
}

/** `--log-json`, of the commands that log. */
export function addLogOption(command: Command): Command {
  return command.addOption(new Option("--log-json", "log JSON lines on stderr (the default under systemd)"));
}

/** States that take a while; where the others lead to, the result says. */
const SAID_STATES: readonly AgentState[] = ["mounted", "storing", "stored", "assessing"];

export function openAgentLog(context: CliContext, output: Output, options: { readonly logJson?: boolean }): AgentLog {
  const { env, stderr } = context;
  const isJournal = env["JOURNAL_STREAM"] !== undefined && stderr.isTTY !== true;
  return (options.logJson ?? isJournal) ? jsonLog(context) : plainLog(output);
}

function plainLog(output: Output): AgentLog {
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
    onStatus({ state, message }) {
      close();
      if (SAID_STATES.includes(state)) output.note(message);
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
    [Symbol.dispose]: close,
  };
}

const PROGRESS_INTERVAL_MS = 10_000; // a journal wants a sign of life, not a film

function jsonLog({ stderr, clock }: CliContext): AgentLog {
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
    onProgress(progress) {
      const nowMs = clock.nowUtc().getTime();
      if (Math.abs(nowMs - toldMs) < PROGRESS_INTERVAL_MS) return;
      toldMs = nowMs;
      log.info(progress, "progress");
    },
    [Symbol.dispose]: () => undefined,
  };
}
