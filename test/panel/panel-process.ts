/** `bootferry panel` as a process of its own, as the unit runs it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

export class PanelProcess implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** Serves the device; returns when it listens. */
  static async start(sysroot: string, ...args: readonly string[]): Promise<PanelProcess> {
    const child = spawn(process.execPath, [MAIN, "panel", "--sysroot", sysroot, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout });
    const line = await Promise.race([
      once(lines, "line").then(([line]) => String(line)),
      once(child, "exit").then(([status]) => Promise.reject(new Error(`the panel ended with ${status}`))),
    ]);
    return new PanelProcess(child, line.replace("The panel is at ", ""));
  }

  get port(): string {
    return new URL(this.url).port;
  }

  /** @returns its exit status, or the signal that ended it */
  async stop(signal: NodeJS.Signals): Promise<number | string> {
    const ended = once(this.#child, "exit");
    this.#child.kill(signal);
    const [status, by] = await ended;
    return status ?? by;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.stop("SIGKILL");
  }
}
