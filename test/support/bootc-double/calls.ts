/** The log of what was run on a machine. */
import { appendFileSync, readFileSync } from "node:fs";
import type { MachineFiles } from "./state.ts";

export interface LoggedCall {
  readonly argv: readonly string[];
  /** It ran while systemd-inhibit kept the machine from going down. */
  readonly isInhibited: boolean;
}

export function logCall({ calls }: MachineFiles, call: LoggedCall): void {
  appendFileSync(calls, `${JSON.stringify(call)}\n`);
}

export function readCalls({ calls }: MachineFiles): readonly LoggedCall[] {
  const lines = readFileSync(calls, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as LoggedCall);
}
