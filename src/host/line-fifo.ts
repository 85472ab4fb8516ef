/**
 * A FIFO that a child writes lines to, for programs that want a real pipe: what Node gives a child as a pipe is a pair of
 * sockets, and some refuse it (tokio's `pipe::Sender`).
 *
 * The reader never stops reading: a full pipe would block the child. What it reads is a courtesy of the child, so lines
 * may be lost at its end and too long ones are.
 */
import { closeSync, constants, mkdirSync, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { dirname } from "node:path";
import type { AbsPath } from "../path.ts";
import { hostError } from "./error.ts";
import type { Exec } from "./exec.ts";

export interface LineFifo extends AsyncDisposable {
  /** The end to hand to a child; ours is closed when the FIFO is disposed. */
  readonly writeFd: number;
}

const MKFIFO_TIMEOUT_MS = 10_000;
const MAX_LINE_CHARACTERS = 64 << 10;
/** How long the last lines are waited for: a grandchild may hold the pipe for longer than its parent lives. */
const DRAIN_MS = 1000;

/**
 * Makes the FIFO at `path`, in place of what an earlier run left there, and calls `onLine` for each line.
 * @throws HostError HOST_TOOL_MISSING without mkfifo, HOST_PERMISSION, HOST_READ_ONLY, HOST_NO_SPACE, HOST_IO
 */
export async function openLineFifo(exec: Exec, path: AbsPath, onLine: (line: string) => void): Promise<LineFifo> {
  try {
    mkdirSync(dirname(path), { recursive: true });
    rmSync(path, { force: true });
  } catch (error) {
    throw hostError(error, `making ${path}`);
  }
  await exec(["mkfifo", "-m", "0600", path], { timeoutMs: MKFIFO_TIMEOUT_MS });
  const { readFd, writeFd } = openEnds(path);
  const reader = new Socket({ fd: readFd, readable: true, writable: false });
  const drained = new Promise<void>((resolve) => reader.once("close", () => resolve()));
  reader.on("error", () => undefined); // 'close' follows; what could not be read is lost
  forEachLine(reader, onLine);
  return {
    writeFd,
    async [Symbol.asyncDispose]() {
      closeSync(writeFd);
      const timer = setTimeout(() => reader.destroy(), DRAIN_MS);
      await drained;
      clearTimeout(timer);
      rmSync(path, { force: true });
    },
  };
}

/** The reader first: without one, opening the other end would block, or fail with ENXIO. */
function openEnds(path: AbsPath): { readonly readFd: number; readonly writeFd: number } {
  const { O_RDONLY, O_WRONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  let readFd: number | undefined;
  try {
    readFd = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
    return { readFd, writeFd: openSync(path, O_WRONLY | O_NOFOLLOW) };
  } catch (error) {
    if (readFd !== undefined) closeSync(readFd);
    throw hostError(error, `opening ${path}`);
  }
}

function forEachLine(reader: Socket, onLine: (line: string) => void): void {
  let rest = "";
  reader.setEncoding("utf8");
  reader.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
    if (rest.length > MAX_LINE_CHARACTERS) rest = "";
  });
}
