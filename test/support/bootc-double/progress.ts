/**
 * `--progress-fd N` (progress_jsonl.rs): JSON lines into a pipe, and nothing but a pipe. Intermediate events are lost
 * above 5 a second; a pipe that nobody reads blocks the update; one that nobody has open any more ends the progress.
 */
import { fstatSync, writeSync } from "node:fs";
import { errnoOf } from "../../../src/error.ts";
import { canonicalJson } from "./canonical-json.ts";
import { BootcFailure, type Machine, type Output } from "./context.ts";
import { pullEvent, SURPRISING_LINES, stepsEvent } from "./progress-events.ts";
import type { SourceImage } from "./source-image.ts";

export interface Progress {
  /** @param count of the layers that have been pulled */
  pulled(source: SourceImage, count: number): void;
  imported(source: SourceImage): void;
  staged(stepsDone: number, subtask: string, id: string): void;
}

const NO_PROGRESS: Progress = { pulled: () => undefined, imported: () => undefined, staged: () => undefined };

const FIRST_FREE_FD = 3;
const MIN_INTERVAL_MS = 200;
const FLOOD_EVENTS = 1000; // about 400 KB, several times what a pipe holds
const STAGING_STEPS = 3;

/** @throws BootcFailure when `fd` is no pipe */
export function openProgress(machine: Machine, fd: string | undefined, output: Output): Progress {
  if (fd === undefined) return NO_PROGRESS;
  const number = Number(fd);
  if (!Number.isInteger(number) || number < FIRST_FREE_FD)
    throw new BootcFailure(`Cannot use fd ${fd} for progress JSON`);
  if (!isPipe(number)) throw new BootcFailure("not a pipe");
  const { progress: manner } = machine.traps;
  if (manner === "absent") return NO_PROGRESS;
  const put = lineWriter(number, output);
  const isTooSoon = rateLimit();
  put(canonicalJson({ type: "Start", version: "0.1.0" }));
  if (manner === "surprising") SURPRISING_LINES.forEach(put);
  return {
    pulled(source, count) {
      const isLast = count === source.manifest.layers.length;
      const event = canonicalJson(pullEvent(machine.facts.backend, source, count));
      if (manner === "flood") for (let more = FLOOD_EVENTS; more > 0; more--) put(event);
      else if (!isTooSoon() || isLast) put(event);
    },
    imported({ manifestDigest }) {
      for (const steps of [0, 1])
        put(canonicalJson(stepsEvent("importing", manifestDigest, { steps, stepsTotal: 1 }, "importing", "importing")));
    },
    staged(steps, subtask, id) {
      put(canonicalJson(stepsEvent("staging", "staging", { steps, stepsTotal: STAGING_STEPS }, subtask, id)));
    },
  };
}

function isPipe(fd: number): boolean {
  try {
    return fstatSync(fd).isFIFO();
  } catch (error) {
    if (errnoOf(error) === "EBADF") return false;
    throw error;
  }
}

function rateLimit(): () => boolean {
  let lastAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = performance.now();
    if (nowMs - lastAtMs < MIN_INTERVAL_MS) return true;
    lastAtMs = nowMs;
    return false;
  };
}

/** Writes lines until nobody has the pipe open for reading any more; that is no failure of the command. */
function lineWriter(fd: number, { err }: Output): (line: string) => void {
  let isEnded = false;
  return (line) => {
    if (isEnded) return;
    try {
      writeWhole(fd, Buffer.from(`${line}\n`));
    } catch (error) {
      if (errnoOf(error) !== "EPIPE") throw error;
      isEnded = true;
      err("Failed to write to jsonl: Broken pipe (os error 32)\n");
    }
  };
}

/** Blocks while the pipe is full, whichever way it was opened. */
function writeWhole(fd: number, bytes: Buffer): void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if (errnoOf(error) !== "EAGAIN") throw error;
      Atomics.wait(never, 0, 0, 5);
    }
  }
}
