#!/usr/bin/env -S node --max-semi-space-size=4
/**
 * The `bootferry` command: wires a process to the program and turns its end into an exit status.
 *
 * The first SIGINT or SIGTERM aborts through an AbortSignal, so that nothing half-published stays behind; the second
 * one ends the process at once. The exit status is set and not forced: pending output is flushed.
 *
 * V8's young generation is kept to 4 MiB: with its default of 64 MiB, images of 60,000 files took 300 MB and not 220.
 */
import { readFileSync } from "node:fs";
import { errnoOf } from "../error.ts";
import { processContext } from "./context.ts";
import { buildProgram } from "./program.ts";
import { reportError, StoppedBySignal, type StopSignal } from "./report-error.ts";
import { requireNode } from "./require-node.ts";

/** At once: process.exit would wait for a read that stalls on a medium, as long as the kernel does. */
function endBy(name: StopSignal): void {
  process.removeAllListeners(name);
  process.kill(process.pid, name);
}

const PACKAGE_JSON = new URL("../../package.json", import.meta.url); // two levels up from src/cli and from dist/cli

const abort = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  // Not `once`: execa's signal-exit kills the process when no other listener than its own is left.
  process.on(name, () => {
    if (abort.signal.aborted) endBy(name);
    abort.abort(new StoppedBySignal(name));
  });
}
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error) => {
    if (errnoOf(error) !== "EPIPE") throw error; // EPIPE: the reader has gone (`| head`); the work itself goes on
  });
}

const { version, engines } = JSON.parse(readFileSync(PACKAGE_JSON, "utf8"));
const context = processContext(process, abort.signal);
try {
  requireNode(process.versions.node, engines.node); // before the commands are loaded: an older Node cannot link them
  const program = await buildProgram(context, version, process.argv[2] ?? "");
  await program.parseAsync(process.argv);
} catch (error) {
  process.exitCode = reportError(error, process.stderr, abort.signal);
}
