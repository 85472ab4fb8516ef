/**
 * A device's status for a terminal, in the words of the panel: as a picture of several lines, or as one line.
 * Pure: nothing is written.
 */
import type { Screen } from "../panel/view.ts";
import type { Words } from "../panel/words/words.ts";
import { wrapText } from "./wrap-text.ts";

export interface ConsoleLine {
  readonly text: string;
  readonly isBold: boolean;
}

export interface ConsoleSize {
  readonly columns: number;
  readonly rows: number;
}

const MARGIN = 2;
const MIN_COLUMNS = 20;
const MAX_COLUMNS = 76; // longer lines are hard to read
const BAR_COLUMNS = 40;

/** @param rate how fast it goes, `8 MB/s`; null while nobody can tell */
export function consoleScreen(
  screen: Screen,
  words: Words,
  rate: string | null,
  size: ConsoleSize,
): readonly ConsoleLine[] {
  const columns = Math.max(MIN_COLUMNS, Math.min(size.columns - 2 * MARGIN, MAX_COLUMNS));
  const lines: ConsoleLine[] = [];
  const add = (text: string | null, isBold = false) => {
    for (const part of text === null ? [] : wrapText(clean(text), columns)) lines.push({ text: part, isBold });
  };
  const gap = () => void (lines.at(-1)?.text !== "" && lines.push({ text: "", isBold: false }));

  add(screen.running);
  gap();
  add(screen.headline, true);
  if (screen.progress !== null) {
    add(bar(screen.progress.percent, Math.min(columns - 2, BAR_COLUMNS)));
    add([screen.progress.text, rate, screen.remaining].filter((fact) => fact !== null).join(" · "));
  }
  add(screen.detail);
  add(screen.stick?.text ?? null, true);
  gap();
  if (screen.reason !== null) add(`${words.caption.reason}: ${screen.reason.text}`);
  if (screen.code !== null) add(`${words.caption.code}: ${screen.code}`);
  if (screen.action !== null) add(`${words.caption.action}: ${screen.action.text}`, true);
  add(screen.since);
  gap();
  if (screen.history.length > 0) add(words.caption.history);
  for (const { at, text } of screen.history) add(`${at}  ${text}`);
  const indent = " ".repeat(MARGIN);
  return lines
    .slice(0, Math.max(1, size.rows - 1))
    .map((line) => (line.text === "" ? line : { ...line, text: `${indent}${line.text}` }));
}

/** One line for a log or a pipe. */
export function consoleLine(screen: Screen, words: Words): string {
  const action =
    screen.tone === "bad" && screen.action !== null ? ` · ${words.caption.action}: ${screen.action.text}` : "";
  const code = screen.code === null ? "" : ` [${screen.code}]`;
  return clean(`${screen.line}${code}${action}`);
}

function bar(percent: number, columns: number): string {
  const done = Math.floor((percent * columns) / 100);
  return `[${"#".repeat(done)}${"-".repeat(columns - done)}]`;
}

/** Names and versions come from media: a terminal must not obey them. */
function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
}
