/** What the workstation's flow needs from outside. */
import type { Exec } from "../host/exec.ts";
import type { AbsPath } from "../path.ts";

/** Counts bytes of one piece of long work; disposing ends its display. */
export interface ProgressMeter extends Disposable {
  advance(bytes: number): void;
}

export interface ReleasePorts {
  readonly exec: Exec;
  readonly signal: AbortSignal;
  /** Where relative image references start. */
  readonly workingDirectory: AbsPath;
  /** Where fetched and unpacked images stay for the time of the command. */
  readonly scratchDirectory: AbsPath;
  readonly openProgress: (label: string, totalBytes: number) => ProgressMeter;
  /** What is being done, one line, for people. */
  readonly note: (text: string) => void;
}
