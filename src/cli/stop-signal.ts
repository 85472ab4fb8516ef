/** The signals that ask a command to stop, as the reason of its AbortSignal. */
export type StopSignal = "SIGINT" | "SIGTERM";

/** Why the context's AbortSignal was aborted. */
export class StoppedBySignal extends Error {
  readonly signalName: StopSignal;

  constructor(signalName: StopSignal) {
    super(`stopped by ${signalName}`);
    this.signalName = signalName;
  }
}
