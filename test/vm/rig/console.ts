/**
 * What a guest writes to its first serial port: kept whole for the log, and read like a story, each wait going on behind
 * the line that the one before found.
 */
import { appendFileSync } from "node:fs";

const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?=]*[a-zA-Z]`, "g");

export interface ConsoleLine {
  readonly seconds: number;
  readonly text: string;
}

export class Console {
  readonly lines: ConsoleLine[] = [];
  readonly #startedAtMs = Date.now();
  readonly #logFile: string;
  #rest = "";
  #cursor = 0;

  constructor(logFile: string) {
    this.#logFile = logFile;
  }

  /** Takes in bytes of the serial port. */
  feed(chunk: Buffer): void {
    this.#rest += chunk.toString("latin1");
    const complete = this.#rest.split("\n");
    this.#rest = complete.pop() ?? "";
    for (const line of complete) this.note(Buffer.from(line, "latin1").toString("utf8"));
  }

  /** Adds a line, also one that the rig itself says. */
  note(line: string): void {
    const text = line.replace(ESCAPES, "").replace(/\r/g, "").trimEnd();
    if (text === "") return;
    const seconds = (Date.now() - this.#startedAtMs) / 1000;
    this.lines.push({ seconds, text });
    appendFileSync(this.#logFile, `${seconds.toFixed(1).padStart(7)}  ${text}\n`);
  }

  /** The next line behind the cursor that matches, if it is there already. The cursor moves behind it. */
  take(pattern: RegExp): ConsoleLine | undefined {
    const index = this.lines.findIndex((line, at) => at >= this.#cursor && pattern.test(line.text));
    if (index < 0) return undefined;
    this.#cursor = index + 1;
    return this.lines[index];
  }

  /** Whether a line matches, of those behind the first `from` lines. */
  said(pattern: RegExp, from = 0): boolean {
    return this.lines.slice(from).some(({ text }) => pattern.test(text));
  }

  /** From now on only what is still to come counts. */
  forgetWhatWasSaid(): void {
    this.#cursor = this.lines.length;
  }

  tail(count: number): string {
    return this.lines
      .slice(-count)
      .map(({ seconds, text }) => `${seconds.toFixed(1).padStart(7)}  ${text}`)
      .join("\n");
  }
}
