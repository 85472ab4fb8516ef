/**
 * The composition root: everything that touches the outside is chosen here, once, and handed down.
 *
 * Commands take their ports from this object, so that tests can run them with others.
 */
import type { ExitStatus } from "../error.ts";
import { type Clock, systemClock } from "../host/clock.ts";
import { type Exec, execOnHost } from "../host/exec.ts";
import { type AbsPath, toAbsPath } from "../path.ts";
import { type MediaHost, mediaHost } from "./media-host.ts";
import { type Output, type OutputOptions, openOutput } from "./output.ts";
import type { TextSink } from "./text-sink.ts";

/** Standard input, with what only a terminal has. */
export interface TextSource extends NodeJS.ReadableStream {
  readonly isTTY?: boolean;
  setRawMode?(mode: boolean): unknown;
}

export interface CliContext {
  readonly exec: Exec;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: TextSource;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** What the verbs on media touch of this machine. */
  readonly media: MediaHost;
  /** A path that a person typed, made absolute. */
  path(text: string): AbsPath;
  openOutput(options: OutputOptions): Output;
  /** The status for a command that ends in order with a bad answer, such as a release that is not trusted. */
  setExitStatus(status: ExitStatus): void;
}

/** The context of a real process. */
export function processContext(process: NodeJS.Process, signal: AbortSignal): CliContext {
  const { stdin, stdout, stderr, env } = process;
  return {
    exec: execOnHost,
    clock: systemClock,
    env,
    stdin,
    stdout,
    stderr,
    signal,
    media: mediaHost(env),
    path: (text) => toAbsPath(text),
    openOutput: (options) => openOutput({ stdout, stderr, clock: systemClock, options }),
    setExitStatus(status) {
      process.exitCode = status;
    },
  };
}
