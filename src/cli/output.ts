/**
 * What commands say: the result on stdout (text, or JSON with `--json`), talk and progress on stderr.
 *
 * `--quiet` silences talk and progress, never the result, a warning or an error. Colour only on a terminal without
 * `NO_COLOR` (no-color.org; node:util's styleText looks for both).
 */
import { styleText } from "node:util";
import type { Clock } from "../host/clock.ts";
import { openProgress, type Progress } from "./progress.ts";
import type { TextSink } from "./text-sink.ts";

export interface OutputOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export interface Output {
  /** The one result of a command: `data` as JSON, or what `text` makes for people. */
  result(data: unknown, text: () => string): void;
  /** What is being done, for people; silenced by --quiet. */
  note(text: string): void;
  /** Something that may be wrong; shown even with --quiet. */
  warn(text: string): void;
  /** A bar on a terminal, plain lines otherwise, nothing with --quiet. Close it before other talk. */
  openProgress(label: string, totalBytes: number): Progress;
}

export interface OutputPorts {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly clock: Clock;
  readonly options: OutputOptions;
}

export function openOutput({ stdout, stderr, clock, options }: OutputPorts): Output {
  return {
    result(data, text) {
      stdout.write(options.json ? `${JSON.stringify(data, null, 2)}\n` : endLine(text()));
    },
    note(text) {
      if (!options.quiet) stderr.write(endLine(text));
    },
    warn(text) {
      stderr.write(`${style("yellow", "warning:", stderr)} ${endLine(text)}`);
    },
    openProgress: (label, totalBytes) =>
      openProgress({ label, totalBytes, sink: options.quiet ? undefined : stderr, clock }),
  };
}

/** `text` in a colour when `sink` is a terminal that wants it. */
export function style(colour: "red" | "yellow" | "bold", text: string, sink: TextSink): string {
  return sink.isTTY ? styleText(colour, text, { stream: sink }) : text;
}

function endLine(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
