/**
 * Wires a process to the program and turns its end into an exit status.
 *
 * The first SIGINT or SIGTERM aborts through an AbortSignal, so that nothing half-published stays behind; the second
 * one ends the process at once. The exit status is set and not forced: pending output is flushed.
 *
 * What the commands are made of is loaded when a command is wanted: a Node that is too old could not link it, and
 * `--version`, which packages and monitoring ask for, has to answer at once.
 */
import type { Command } from "commander";
import { errnoOf } from "../error.ts";
import { findCalled } from "./called-command.ts";
import { requireNode } from "./require-node.ts";
import { StoppedBySignal, type StopSignal } from "./stop-signal.ts";
import { isVersionWanted } from "./version-wanted.ts";

/** What package.json says of this program. */
export interface ProgramManifest {
  readonly version: string;
  /** The Node that it needs, as `>=24`. */
  readonly engines: { readonly node: string };
}

export async function runProcess(process: NodeJS.Process, { version, engines }: ProgramManifest): Promise<void> {
  const signal = abortedBySignals(process);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error) => {
      if (errnoOf(error) !== "EPIPE") throw error; // EPIPE: the reader has gone (`| head`); the work itself goes on
    });
  }
  let program: Command | undefined;
  try {
    requireNode(process.versions.node, engines.node);
    if (isVersionWanted(process.argv)) {
      process.stdout.write(`${version}\n`);
      return;
    }
    const { processContext } = await import("./context.ts");
    const { buildProgram } = await import("./program.ts");
    program = await buildProgram(processContext(process, signal), version, process.argv[2] ?? "");
    await program.parseAsync(process.argv);
  } catch (error) {
    const { reportError } = await import("./report-error.ts");
    const called = program && findCalled(program, process.argv.slice(2));
    process.exitCode = reportError(error, process.stderr, signal, called);
  }
}

function abortedBySignals(process: NodeJS.Process): AbortSignal {
  const abort = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    // Not `once`: execa's signal-exit kills the process when no other listener than its own is left.
    process.on(name, () => {
      if (abort.signal.aborted) endBy(process, name);
      abort.abort(new StoppedBySignal(name));
    });
  }
  return abort.signal;
}

/** At once: process.exit would wait for a read that stalls on a medium, as long as the kernel does. */
function endBy(process: NodeJS.Process, name: StopSignal): void {
  process.removeAllListeners(name);
  process.kill(process.pid, name);
}
