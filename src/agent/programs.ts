/**
 * Running the executables that an administrator or an image puts into a directory: health checks and hooks.
 *
 * Each has a deadline, after which it and everything that it started are ended. What it prints is kept, the end of it.
 */
import { readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { compareBytes } from "../config/device-files.ts";
import { errnoOf } from "../error.ts";
import { HostError, hostError } from "../host/error.ts";
import type { Exec } from "../host/exec.ts";
import { type AbsPath, below, parseAbsPath } from "../path.ts";

export type Program =
  | { readonly kind: "runnable"; readonly name: string; readonly file: AbsPath }
  /** A link to /dev/null: switched off, and hides its namesakes in directories of lower rank. */
  | { readonly kind: "masked"; readonly name: string }
  /** A file without execute permission. */
  | { readonly kind: "not-executable"; readonly name: string };

/** Where programs of the running system are. */
export interface ProgramFiles {
  /** The programs of a directory of the device in the order of their names; none when there is no such directory. */
  listPrograms(directory: AbsPath): Promise<readonly Program[]>;
  /** Added to the environment of each. */
  readonly env: Readonly<Record<string, string>>;
}

/** The programs of the machine that we run on. */
export const hostPrograms: ProgramFiles = { listPrograms: async (directory) => listPrograms(directory), env: {} };

const MASK = parseAbsPath("/dev/null");
const ANY_EXECUTE_BIT = 0o111;

/** The programs of a directory of this machine. @throws HostError */
export function listPrograms(directory: AbsPath): readonly Program[] {
  try {
    const names = readdirSync(directory).sort(compareBytes);
    return names.flatMap((name) => programOf(below(directory, name), name) ?? []);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return [];
    throw hostError(error, `listing ${directory}`);
  }
}

function programOf(file: AbsPath, name: string): Program | undefined {
  const stat = statThere(file);
  if (stat === undefined) return { kind: "not-executable", name };
  if (stat.isDirectory()) return undefined;
  if (!stat.isFile()) return realpathSync(file) === MASK ? { kind: "masked", name } : { kind: "not-executable", name };
  return (stat.mode & ANY_EXECUTE_BIT) === 0 ? { kind: "not-executable", name } : { kind: "runnable", name, file };
}

/** Undefined for a link that dangles or goes round in circles. */
function statThere(file: AbsPath): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    if (errnoOf(error) === "ELOOP") return undefined;
    throw error;
  }
}

/**
 * The programs of several directories as one list in the order of their names. A file of a directory below /etc or /run
 * hides the one of the same name in its twin (the same path below /usr/lib), as with systemd; files of directories that
 * are no twins never hide each other.
 */
export async function collectPrograms(
  files: ProgramFiles,
  directories: readonly AbsPath[],
): Promise<readonly (Program & { readonly directory: AbsPath })[]> {
  const found = new Map<string, Program & { readonly directory: AbsPath }>();
  for (const directory of directories) {
    const family = directory.replace(/^\/(etc|run|usr\/lib)\//, "");
    for (const program of await files.listPrograms(directory)) {
      const key = `${family}\0${program.name}`;
      if (!found.has(key)) found.set(key, { ...program, directory });
    }
  }
  return [...found.values()]
    .filter((program) => program.kind !== "masked")
    .sort((a, b) => compareBytes(a.name, b.name) || compareBytes(a.directory, b.directory));
}

export type ProgramResult =
  | { readonly kind: "exited"; readonly exitCode: number; readonly outputTail: string }
  | { readonly kind: "timed-out"; readonly outputTail: string }
  /** It could not be started, or a signal ended it. */
  | { readonly kind: "broken"; readonly why: string };

const OUTPUT_TAIL_CHARACTERS = 1000; // enough for the message that matters, small enough for a journal of many
const KILL_AFTER_SECONDS = 2;
const GRACE_MS = 10_000; // `timeout` itself ends the program; this is for a `timeout` that hangs
const TIMED_OUT_STATUS = 124; // coreutils; when it had to send SIGKILL it sends that to itself too
const ALL_STATUSES = Array.from({ length: 256 }, (_, status) => status);

export interface RunOptions {
  readonly timeoutSeconds: number;
  readonly env: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a program to its end or its deadline. That it fails is an answer, not an error.
 *
 * `timeout` puts the program into a process group of its own and ends the whole group: a check that waits for a child
 * would otherwise outlive its deadline with our pipe in its hands.
 * @throws whatever `signal` was aborted with
 */
export async function runProgram(
  exec: Exec,
  argv: readonly [string, ...string[]],
  { timeoutSeconds, env, signal }: RunOptions,
): Promise<ProgramResult> {
  try {
    const limited = ["timeout", "-k", `${KILL_AFTER_SECONDS}`, `${timeoutSeconds}`, ...argv] as const;
    const timeoutMs = (timeoutSeconds + KILL_AFTER_SECONDS) * 1000 + GRACE_MS;
    const options = { timeoutMs, env, cwd: "/", accept: ALL_STATUSES };
    const { exitCode, stdout, stderrTail } = await exec(
      limited,
      signal === undefined ? options : { ...options, signal },
    );
    const outputTail = `${stdout.toString("utf8")}${stderrTail}`.trim().slice(-OUTPUT_TAIL_CHARACTERS);
    if (exitCode === TIMED_OUT_STATUS) return { kind: "timed-out", outputTail };
    return { kind: "exited", exitCode, outputTail };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof HostError)) throw error;
    return wasKilled(error) ? { kind: "timed-out", outputTail: "" } : { kind: "broken", why: error.message };
  }
}

function wasKilled({ cause }: HostError): boolean {
  return cause instanceof Error && "signal" in cause && cause.signal === "SIGKILL";
}
