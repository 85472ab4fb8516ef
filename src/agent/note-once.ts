/** Notes about receipts: the same trouble at each start, or with each stick, is told once. */
import { CodedError } from "../error.ts";
import { readHistory } from "./history.ts";
import type { Session } from "./session.ts";

/** Never fails: a full disk takes no note, and an update does not depend on it. */
export function noteOnce({ ports, note }: Pick<Session, "ports" | "note">, message: string): void {
  try {
    const { records } = readHistory(ports.paths.stateDirectory);
    if (records.some((record) => record.kind === "note" && record.message === message)) return;
    note("receipt", message);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
  }
}
