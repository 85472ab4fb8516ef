/**
 * The agent's log for the systemd journal: states, refusals and notes become entries of their own, with a MESSAGE_ID and
 * fields (docs/signals.md); the rest goes to stderr as before.
 *
 * An entry that the journal does not take goes to stderr, as do all that follow. The journal can never hold an update
 * up: entries are sent one after the other while the agent works on, each with a time limit.
 */
import type { HistoryNote } from "../agent/history.ts";
import { EVENT_MESSAGE_IDS, NOTE_MESSAGE_IDS, STATE_MESSAGE_IDS } from "../agent/message-ids.ts";
import type { AgentState } from "../agent/states.ts";
import type { AgentStatus } from "../agent/status-file.ts";
import { statusVariables } from "../agent/status-variables.ts";
import type { JournalFields, SendToJournal } from "../host/systemd-journal.ts";
import type { AgentLog } from "./agent-log.ts";

const PRIORITY = { warning: "4", notice: "5", info: "6" } as const; // syslog(3)
const PROGRAM = "bootferry-agent";

/** @param stderr what to say where the journal does not listen; owned from here on */
export function openJournalLog(send: SendToJournal, stderr: AgentLog): AgentLog {
  let queue = Promise.resolve();
  let isTaken = true;
  let told: AgentStatus | undefined;

  const entry = (fields: JournalFields, instead: () => void) => {
    queue = queue.then(async () => {
      isTaken &&= await send({ SYSLOG_IDENTIFIER: PROGRAM, ...fields });
      if (!isTaken) instead();
    });
  };
  return {
    ...stderr,
    warn(sentence, error) {
      const { message, code, remedy } = error;
      const about = { BOOTFERRY_CODE: code, BOOTFERRY_REMEDY: remedy };
      const MESSAGE = `${sentence} ${message} [${code}]`;
      entry({ MESSAGE_ID: EVENT_MESSAGE_IDS["run-failed"], PRIORITY: PRIORITY.warning, MESSAGE, ...about }, () =>
        stderr.warn(sentence, error),
      );
    },
    onStatus(status) {
      if (told?.state === status.state && told.message === status.message) return;
      const MESSAGE_ID = told?.state === status.state ? EVENT_MESSAGE_IDS.waiting : STATE_MESSAGE_IDS[status.state];
      told = status;
      const fields = {
        MESSAGE_ID,
        PRIORITY: priorityOf(status),
        MESSAGE: sentenceOf(status),
        ...statusVariables(status),
      };
      entry(fields, () => stderr.onStatus(status));
      for (const refusal of status.refusals) entry(refusalEntry(refusal), () => undefined); // stderr has had them
    },
    onNote(about, message) {
      const fields = { MESSAGE_ID: NOTE_MESSAGE_IDS[about], PRIORITY: PRIORITY.notice, MESSAGE: message };
      entry({ ...fields, BOOTFERRY_ABOUT: about satisfies HistoryNote["about"] }, () => stderr.onNote(about, message));
    },
    async [Symbol.asyncDispose]() {
      await queue;
      await stderr[Symbol.asyncDispose]();
    },
  };
}

const WORTH_A_LOOK: readonly AgentState[] = ["refused", "failed", "rolled-back", "unassessed"];

function priorityOf({ state }: AgentStatus): string {
  if (WORTH_A_LOOK.includes(state)) return PRIORITY.warning;
  return state === "confirmed" || state === "rebooting" ? PRIORITY.notice : PRIORITY.info;
}

function sentenceOf({ message, code }: AgentStatus): string {
  return code === null ? message : `${message} [${code}]`;
}

function refusalEntry({ message, code, remedy }: AgentStatus["refusals"][number]): JournalFields {
  const about = { BOOTFERRY_CODE: code, BOOTFERRY_REMEDY: remedy };
  const MESSAGE = `${message} [${code}]`;
  return { MESSAGE_ID: EVENT_MESSAGE_IDS["release-not-used"], PRIORITY: PRIORITY.warning, MESSAGE, ...about };
}
