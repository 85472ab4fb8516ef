/**
 * Every system call that this process makes on a medium, counted and answered by whoever tests: an emulated medium below
 * all of our code, at node:fs itself, with a real directory below it in turn.
 *
 * Reading a medium takes five calls of node:fs/promises (lstat, open, fstat, read, close). They are answered one after
 * the other, in the order in which they were made. Whatever else is called with a path on the medium (a listing, a
 * write, a synchronous read) goes through and is told by `strangers`: there must be none.
 */
import fs from "node:fs";
import promises, { type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { relative } from "node:path";
import type { AbsPath } from "../../src/path.ts";

export type CallKind = "lstat" | "open" | "fstat" | "read" | "close";

export interface MediumCall {
  /** From 1, in the order in which calls are made. */
  readonly number: number;
  readonly kind: CallKind;
  readonly path: AbsPath;
  /** Where a read puts its bytes. */
  readonly into?: { readonly buffer: Buffer; readonly offset: number; readonly length: number };
}

/** In place of an answer: there never is one. */
export const STALLS = Symbol("stalls");

/** @param honest makes the call itself; a read of at most `maxBytes`, when that is given */
export type Answer = (call: MediumCall, honest: Ask) => Promise<unknown>;
export type Ask = (maxBytes?: number) => Promise<unknown>;

export interface MediumWatch {
  readonly calls: readonly MediumCall[];
  /** What was called on the medium besides the five calls, and where. */
  readonly strangers: readonly string[];
  /** Files of the medium that were left open, but for those whose calls stall. */
  readonly leftOpen: readonly string[];
}

export interface WatchOptions {
  /** Answers each call; the honest one unless given. */
  readonly answer?: Answer;
  /** Told when a call begins to stall. */
  readonly onStall?: () => void;
}

type Functions = Record<string, (...args: unknown[]) => unknown>;
const PROMISES = promises as unknown as Functions;
const REAL = { fs: { ...fs } as unknown as Functions, promises: { ...promises } as unknown as typeof promises };

const PATH_MAX = 4096; // longer buffers are contents

/** One at a time: the calls of a whole process go through here. */
let current: Watch | undefined;

/** Runs `use` and tells what it called on the medium that is mounted at `mountPoint`. */
export async function watchMedium<T>(
  mountPoint: AbsPath,
  use: () => Promise<T>,
  options: WatchOptions = {},
): Promise<MediumWatch & { readonly result: T }> {
  if (current !== undefined) throw new Error("another medium is being watched");
  install();
  const watch = new Watch(mountPoint, options);
  current = watch;
  try {
    const result = await use();
    return { result, calls: watch.calls, strangers: watch.strangers, leftOpen: await watch.end() };
  } finally {
    current = undefined;
    await watch.end();
  }
}

/** For who changes the medium from below while it is watched. */
export function unwatched<T>(act: () => T): T {
  const watch = current;
  current = undefined;
  try {
    return act();
  } finally {
    current = watch;
  }
}

class Watch {
  readonly calls: MediumCall[] = [];
  readonly strangers: string[] = [];
  readonly #mountPoint: AbsPath;
  readonly #options: WatchOptions;
  readonly #open = new Map<FileHandle, string>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(mountPoint: AbsPath, options: WatchOptions) {
    this.#mountPoint = mountPoint;
    this.#options = options;
  }

  isOn(path: unknown): path is AbsPath {
    const isName = typeof path === "string" || (Buffer.isBuffer(path) && path.length <= PATH_MAX);
    return isName && `${path}/`.startsWith(`${this.#mountPoint}/`);
  }

  lstat(path: AbsPath): Promise<unknown> {
    return this.#ask({ kind: "lstat", path }, () => REAL.promises.lstat(path));
  }

  async open(path: AbsPath, flags: number): Promise<FileHandle> {
    const answer = this.#ask({ kind: "open", path }, () => REAL.promises.open(path, flags));
    const handle = (await answer) as FileHandle;
    this.#open.set(handle, relative(this.#mountPoint, path));
    return this.#watched(handle, path);
  }

  async end(): Promise<readonly string[]> {
    const left = [...this.#open];
    this.#open.clear();
    for (const [handle] of left) await handle.close();
    return left.map(([, name]) => name);
  }

  #watched(handle: FileHandle, path: AbsPath): FileHandle {
    const calls = {
      stat: () => this.#ask({ kind: "fstat", path }, () => handle.stat()),
      read: (buffer: Buffer, offset: number, length: number, position: null) =>
        this.#ask({ kind: "read", path, into: { buffer, offset, length } }, (maxBytes = length) =>
          handle.read(buffer, offset, Math.min(length, maxBytes), position),
        ),
      close: () =>
        this.#ask({ kind: "close", path }, async () => {
          this.#open.delete(handle);
          await handle.close();
        }),
    };
    const stranger = (name: string) => {
      throw new Error(`nothing of ours calls ${name} of a file on a medium`);
    };
    return new Proxy(handle, {
      get: (_, name) => calls[name as keyof typeof calls] ?? (name === "then" ? undefined : stranger(String(name))),
    });
  }

  async #ask(call: Omit<MediumCall, "number">, honest: Ask): Promise<unknown> {
    const numbered = { number: this.calls.length + 1, ...call };
    this.calls.push(numbered);
    const { answer = (_, ask) => ask() } = this.#options;
    const answered = this.#last.then(() => answer(numbered, honest));
    this.#last = answered.catch(() => undefined);
    if ((await answered) !== STALLS) return answered;
    this.#options.onStall?.();
    return new Promise(() => undefined);
  }
}

let isInstalled = false;

/** Stands before the functions of node:fs, for good: while no medium is watched they are what they were. */
function install(): void {
  if (isInstalled) return;
  isInstalled = true;
  for (const functions of [fs as unknown as Functions, PROMISES]) {
    for (const [name, real] of Object.entries(functions)) {
      if (typeof real !== "function" || /^[A-Z_]/.test(name)) continue;
      const standIn = (...args: unknown[]) => {
        if (current !== undefined && args.some((arg) => current?.isOn(arg)))
          current.strangers.push(`${name} ${args[0]}`);
        return real(...args);
      };
      functions[name] = Object.assign(standIn, real);
    }
  }
  PROMISES["lstat"] = standInFor("lstat", (watch, path) => watch.lstat(path));
  PROMISES["open"] = standInFor("open", (watch, path, flags) => watch.open(path, flags as number));
  syncBuiltinESMExports();
}

function standInFor(name: "lstat" | "open", ask: (watch: Watch, path: AbsPath, flags: unknown) => Promise<unknown>) {
  return (...args: unknown[]) => {
    const [path, flags] = args;
    if (current?.isOn(path) === true) return ask(current, path, flags);
    return (REAL.promises[name] as unknown as Functions[string])(...args);
  };
}
