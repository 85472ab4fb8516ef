/**
 * `agent status --follow`: the device's status as it changes, until it is stopped.
 *
 * A terminal shows a picture that is drawn anew; a pipe gets a line for each new scene, each quarter of a long piece of work and
 * each ten seconds of a countdown; programs get every change as a line of JSON.
 */

import type { Sight, StatusFeed } from "../panel/status-feed.ts";
import { describeScreen } from "../panel/view.ts";
import type { Words } from "../panel/words/words.ts";
import { type ConsoleLine, consoleLine, consoleScreen } from "./console-screen.ts";
import type { CliContext } from "./context.ts";
import { style } from "./output.ts";
import type { TextSink } from "./text-sink.ts";
import { openTransferRate } from "./transfer-rate.ts";

export interface FollowOptions {
  readonly words: Words;
  readonly isJson: boolean;
  readonly monotonicMs: () => number;
}

/** Returns when the context's signal is aborted (being stopped is how it ends), or when nobody reads any more. */
export async function followStatus(context: CliContext, feed: StatusFeed, options: FollowOptions): Promise<void> {
  const { stdout, signal } = context;
  const show = options.isJson
    ? jsonLines(context)
    : stdout.isTTY
      ? picture(stdout, options)
      : plainLines(stdout, options);
  if (signal.aborted) return;
  const end = feed.subscribe(show);
  show(feed.look());
  await new Promise((resolve) => {
    signal.addEventListener("abort", resolve, { once: true });
    stdout.once("error", resolve);
  });
  end();
}

type Show = (sight: Sight) => void;

function jsonLines({ stdout, stderr }: CliContext): Show {
  return (sight) => {
    if (sight.kind === "seen") stdout.write(`${JSON.stringify(sight.status)}\n`);
    else stderr.write("status.json cannot be read\n");
  };
}

function plainLines(stdout: TextSink, { words }: FollowOptions): Show {
  let told = "";
  return (sight) => {
    const screen = sight.kind === "seen" ? describeScreen(sight.status, words) : undefined;
    const scene = screen === undefined ? words.lost.headline : `${screen.announcement}${screen.code ?? ""}`;
    if (scene === told) return;
    told = scene;
    stdout.write(`${screen === undefined ? scene : consoleLine(screen, words)}\n`);
  };
}

const CLEAR_SCREEN = "\u001b[2J";
const HOME = "\u001b[H";
const CLEAR_LINE_END = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";
const USUAL_SIZE = { columns: 80, rows: 24 };

function picture(stdout: TextSink, { words, monotonicMs }: FollowOptions): Show {
  const rateOf = openTransferRate(monotonicMs);
  stdout.write(CLEAR_SCREEN);
  return (sight) => {
    const size = { columns: stdout.columns ?? USUAL_SIZE.columns, rows: stdout.rows ?? USUAL_SIZE.rows };
    const lines: readonly ConsoleLine[] =
      sight.kind === "seen"
        ? consoleScreen(describeScreen(sight.status, words), words, rateOf(sight.status.progress), size)
        : [{ text: words.lost.headline, isBold: true }];
    const drawn = lines.map(({ text, isBold }) => `${isBold ? style("bold", text, stdout) : text}${CLEAR_LINE_END}\n`);
    stdout.write(`${HOME}${drawn.join("")}${CLEAR_BELOW}`);
  };
}
