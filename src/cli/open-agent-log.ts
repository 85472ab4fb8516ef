/**
 * Which log an agent writes: plain lines for people; JSON lines when asked for; entries with fields for the systemd
 * journal, when systemd captures our stderr (JOURNAL_STREAM, systemd.exec(5)).
 */
import { type Command, Option } from "commander";
import { journalOnHost } from "../host/systemd-journal.ts";
import { type AgentLog, jsonLog, plainLog } from "./agent-log.ts";
import type { CliContext } from "./context.ts";
import { openJournalLog } from "./journal-log.ts";
import type { Output } from "./output.ts";

/** `--log-json`, of the commands that log. */
export function addLogOption(command: Command): Command {
  return command.addOption(
    new Option("--log-json", "log JSON lines on stderr, also where systemd would take entries with fields"),
  );
}

export function openAgentLog(context: CliContext, output: Output, options: { readonly logJson?: boolean }): AgentLog {
  const { env, stderr, exec } = context;
  if (options.logJson) return jsonLog(context);
  const isJournal = env["JOURNAL_STREAM"] !== undefined && stderr.isTTY !== true;
  return isJournal ? openJournalLog(journalOnHost(exec, process.pid), jsonLog(context)) : plainLog(output);
}
