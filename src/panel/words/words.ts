/**
 * Every word that the panel and the console say, as one type: a language that lacks one does not compile.
 *
 * Headlines are read from three metres: a few words, no full stop. Details are whole sentences. `version` is that of a
 * release, or what {@link Words.newSystem} and {@link Words.systemBefore} say where it has none.
 */
import type { AgentStatus } from "../../agent/status-file.ts";

export type WaitsFor = NonNullable<AgentStatus["waits"]>["for"];

export interface Words {
  /** BCP 47, for the `lang` attribute. */
  readonly tag: string;
  /** The language in itself. */
  readonly languageName: string;
  readonly title: string;

  readonly newSystem: string;
  readonly systemBefore: string;
  /** Of which nothing is known, at the beginning of a sentence. */
  readonly someRelease: string;

  readonly idle: Sentences;
  readonly nothingNew: Sentences;
  readonly checkingStick: Sentences;
  readonly checkingKept: (version: string) => Sentences;
  readonly copying: (version: string) => Sentences;
  readonly comparing: (version: string) => Sentences;
  readonly installing: (version: string) => Sentences;
  readonly ready: (version: string, waitsFor: WaitsFor | null, window: string) => Sentences;
  readonly restartingIn: (seconds: number, version: string, before: string) => Sentences;
  readonly restarting: (version: string, before: string) => Sentences;
  readonly goingBack: (version: string, before: string) => Sentences;
  readonly assessing: (version: string, before: string) => Sentences;
  readonly notWell: (version: string) => Sentences;
  /** Somebody confirmed it before its checks failed: a confirmed system stays. */
  readonly notWellAndKept: (version: string) => Sentences;
  readonly updated: (version: string) => Sentences;
  readonly wentBack: (running: string, version: string) => Sentences;
  readonly wentBackUnchecked: (running: string, version: string) => Sentences;
  readonly refused: (running: string) => Sentences;
  readonly failed: (running: string) => Sentences;
  readonly stickRemoved: (running: string) => Sentences;

  /** After the headline, on one line: `, because: …`. */
  readonly because: (reason: string) => string;
  readonly percent: (percent: number) => string;
  readonly remaining: (seconds: number) => string;
  readonly bytesOf: (done: string, total: string) => string;
  readonly doNotRemove: string;
  readonly canRemove: string;

  /** Captions of the page. */
  readonly caption: {
    readonly reason: string;
    readonly action: string;
    readonly code: string;
    readonly since: (time: string) => string;
    readonly history: string;
    readonly noHistory: string;
    readonly progress: string;
    readonly language: string;
  };
  /** One attempt in the history. */
  readonly attempt: Readonly<Record<AgentStatus["recent"][number]["state"], (version: string) => string>>;
  /** When the page no longer hears of the device's status. */
  readonly lost: Sentences;
  /** What to do by error code, in place of the English remedy. English needs none. */
  readonly remedies: Readonly<Record<string, string>>;
}

export interface Sentences {
  readonly headline: string;
  readonly detail: string;
}
