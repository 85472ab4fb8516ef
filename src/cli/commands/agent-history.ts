/** `bootferry agent history`: what the agent of a device did, oldest first. */
import { type Command, Option } from "commander";
import { type HistoryRecord, readHistory } from "../../agent/history.ts";
import { describeRelease } from "../../agent/release-facts.ts";
import type { CliContext } from "../context.ts";
import { addSysrootOption, findDevice, type SysrootOption } from "../device.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions, wholeNumber } from "../options.ts";
import type { OutputOptions } from "../output.ts";

interface Options extends OutputOptions, SysrootOption {
  readonly limit?: number;
}

export function registerAgentHistory(parent: Command, context: CliContext): void {
  const command = parent
    .command("history")
    .summary("what the agent did: updates, refusals, fallbacks, their reasons")
    .description("Shows what the agent of this device did, oldest first. The device keeps some hundred updates.")
    .addOption(new Option("--limit <count>", "only the last COUNT records").argParser(wholeNumber(1)))
    .action((options: Options) => {
      const output = context.openOutput(options);
      const { records: all, unreadableLines } = readHistory(findDevice(context, options).paths.stateDirectory);
      const records = options.limit === undefined ? all : all.slice(-options.limit);
      output.result(
        { records, unreadableLines },
        () => records.map(describeRecord).join("\n") || "nothing has happened yet",
      );
      if (unreadableLines > 0) output.warn(`${unreadableLines} lines of the history could not be read`);
    });
  addSysrootOption(command);
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Why did the last update not work?", command: "bootferry agent history --limit 1" },
      { does: "For a program", command: "bootferry agent history --json" },
    ],
  });
}

function describeRecord(record: HistoryRecord): string {
  const time = record.atUtc.replace(/\.\d+Z$/, "Z");
  switch (record.kind) {
    case "note":
      return `${time}  ${record.about}: ${record.message}`;
    case "attempt": {
      const { state, release, medium, reason } = record;
      const from = medium === null ? "" : ` from ${medium}`;
      const what = release === null ? "no release chosen" : describeRelease(release);
      const why = reason === null ? "" : `\n    ${reason.message} [${reason.code}]\n    help: ${reason.remedy}`;
      return `${time}  ${state}: ${what}${from}${why}`;
    }
  }
}
