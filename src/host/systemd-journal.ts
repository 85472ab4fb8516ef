/**
 * Entries with fields for the systemd journal, by util-linux's `logger --journald` (Node has no datagram sockets of the
 * kind that journald listens at). systemd.journal-fields(7)
 *
 * `logger` is gone before journald has looked up which unit it belonged to, so each entry names us by OBJECT_PID:
 * journald adds our unit, and `journalctl --unit` finds the entry.
 */
import type { Exec } from "./exec.ts";

/** Field names and their values; MESSAGE is what people read. */
export type JournalFields = Readonly<Record<string, string>>;

/** Hands one entry to the journal; false when there is none that took it. Never throws for want of a journal. */
export type SendToJournal = (fields: JournalFields) => Promise<boolean>;

const SEND_TIMEOUT_MS = 5000; // journald answers in milliseconds, or hangs
const MAX_VALUE_CHARACTERS = 8192; // the longest message of ours
const FIELD_NAME = /^[A-Z][A-Z0-9_]{0,63}$/;

/** The journal of this machine. @param pid the process that the entries are about */
export function journalOnHost(exec: Exec, pid: number): SendToJournal {
  return async (fields) => {
    const stdin = Buffer.from(formatJournalEntry({ ...fields, OBJECT_PID: String(pid) }));
    try {
      await exec(["logger", "--journald"], { timeoutMs: SEND_TIMEOUT_MS, stdin });
      return true;
    } catch {
      return false; // no logger, one without --journald, nobody who listens; whatever it is, a log must not end an update
    }
  };
}

/**
 * One entry as `logger --journald` reads it: a line a field. A value becomes one line, since a second one would be taken
 * for a field; empty values are left out.
 * @throws TypeError for a name that journald would drop
 */
export function formatJournalEntry(fields: JournalFields): string {
  return Object.entries(fields)
    .map(([name, value]) => {
      if (!FIELD_NAME.test(name)) throw new TypeError(`not a field of the journal: ${JSON.stringify(name)}`);
      return [
        name,
        value
          .replace(/\p{Cc}+ */gu, " ")
          .trim()
          .slice(0, MAX_VALUE_CHARACTERS),
      ] as const;
    })
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}
