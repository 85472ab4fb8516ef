/**
 * Coded errors: every refusal has a stable code, an exit status and a remedy.
 *
 * Each room owns one closed union of codes (prefixed by the room), one table that gives each code its remedy and exit
 * status, and one class. The tables stand in the rooms' `error.ts`; `docs/errors.md` is generated from them.
 */

import { getSystemErrorMap } from "node:util";

/** Exit statuses of the `bootferry` command. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notTrusted: 3,
  notApplicable: 4,
  noSpace: 5,
  medium: 6,
  busy: 7,
  bug: 70,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

export interface ErrorEntry {
  readonly exit: ExitStatus;
  /** One sentence that tells a person at the device or the workstation what to do. */
  readonly remedy: string;
}

/** Total by type: a code without a remedy does not compile. */
export type ErrorTable<Code extends string> = Readonly<Record<Code, ErrorEntry>>;

export abstract class CodedError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly remedy: string;
  readonly exitStatus: ExitStatus;

  /** @param message what, on what, expected, got: `blob size mismatch for sha256:ab…: expected 10 bytes, got 9` */
  constructor(code: Code, message: string, table: ErrorTable<Code>, options?: ErrorOptions) {
    super(printable(message), options);
    this.name = new.target.name;
    this.code = code;
    this.remedy = table[code].remedy;
    this.exitStatus = table[code].exit;
  }
}

const MAX_MESSAGE_CHARACTERS = 8192; // the longest of ours quotes 4 KiB of what a tool said

/**
 * Messages quote what media and tools say. A terminal must not obey it, a line of it must not look like one of ours
 * (`help: …`), and journals must not swell by it.
 */
function printable(message: string): string {
  const cut = message.length > MAX_MESSAGE_CHARACTERS ? `${message.slice(0, MAX_MESSAGE_CHARACTERS)}…` : message;
  return cut.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    if (character === "\n") return "\n    ";
    return character === "\t" ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`;
  });
}

/** The errno code (`ENOENT`, `ENOSPC` …) of a failed system call, or undefined when `error` is none. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("errno" in error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** `no such file or directory (ENOENT)`, or undefined when `error` is no failed system call. */
export function errnoText(error: unknown): string | undefined {
  const errno = errnoOf(error);
  if (errno === undefined) return undefined;
  const [, words] =
    getSystemErrorMap()
      .values()
      .find(([name]) => name === errno) ?? [];
  return words === undefined ? errno : `${words} (${errno})`;
}
