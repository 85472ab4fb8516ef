/** Turns whatever ended a command into words on stderr and an exit status (docs/errors.md lists the codes). */
import { constants } from "node:os";
import { CommanderError } from "commander";
import { CodedError, EXIT } from "../error.ts";
import type { CalledCommand } from "./called-command.ts";
import { CliError, type CliErrorCode } from "./error.ts";
import { style } from "./output.ts";
import { StoppedBySignal, type StopSignal } from "./stop-signal.ts";
import type { TextSink } from "./text-sink.ts";

const SIGNAL_STATUS_BASE = 128; // what a shell reports for a command that a signal ended

function signalStatus(name: StopSignal): number {
  return SIGNAL_STATUS_BASE + constants.signals[name];
}

/**
 * Prints `error: <message> [CODE]` and `help: <remedy>`.
 * @param called what the command line was for, as far as it is known
 * @returns the exit status of the process
 */
export function reportError(error: unknown, stderr: TextSink, signal: AbortSignal, called?: CalledCommand): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.done; // --help and --version end this way
    if (error.code === "commander.help") return EXIT.usage; // a group without a verb has printed its help instead
    return reportCoded(new CliError("CLI_USAGE", refusalText(error, called)), stderr, called);
  }
  // systemd stops the unit of a stick that was pulled out: that it was pulled out is what a person has to know.
  const isMediumGone = error instanceof CodedError && error.code === "MEDIA_REMOVED";
  if (signal.reason instanceof StoppedBySignal && !isMediumGone) {
    // Before coded errors: the terminal sends SIGINT to our children too, and "skopeo failed" would be beside the point.
    const { signalName } = signal.reason;
    stderr.write(`interrupted by ${signalName}: nothing unfinished was published; run the command again to go on\n`);
    return signalStatus(signalName);
  }
  if (error instanceof CodedError) return reportCoded(error, stderr, called);
  stderr.write(`${style("red", "error:", stderr)} ${error instanceof Error ? (error.stack ?? error) : error}\n`);
  stderr.write("help: This is a bug in bootferry. Please report it with the lines above and the command you ran.\n");
  return EXIT.bug;
}

/** commander looks for what is missing before it looks for what is misspelt, which is mostly the reason. */
function refusalText(error: CommanderError, called: CalledCommand | undefined): string {
  const text = error.message.replace(/^error: /, "").replaceAll("\n", " ") || "no such command";
  const isMissing = ["commander.missingMandatoryOptionValue", "commander.missingArgument"].includes(error.code);
  const unknown = isMissing ? (called?.unknownOptions ?? []) : [];
  return [text, ...unknown.map((option) => `unknown option '${option}'`)].join("; ");
}

function reportCoded(error: CodedError, stderr: TextSink, called: CalledCommand | undefined): number {
  const isUsage = error.code === ("CLI_USAGE" satisfies CliErrorCode) && called !== undefined;
  const remedy = isUsage ? error.remedy.replace("the command with --help", `\`${called.name} --help\``) : error.remedy;
  stderr.write(`${style("red", "error:", stderr)} ${error.message} [${error.code}]\n`);
  stderr.write(`${style("bold", "help:", stderr)} ${remedy}\n`);
  return error.exitStatus;
}
