/** Progress of long work in bytes: a bar on a terminal, a plain line now and then in a journal or a log file. */
import { SingleBar } from "cli-progress";
import type { Clock } from "../host/clock.ts";
import { formatBytes, formatDuration } from "./format-units.ts";
import type { TextSink } from "./text-sink.ts";

export interface Progress extends Disposable {
  /** So many bytes more are done. */
  advance(bytes: number): void;
}

interface ProgressOptions {
  readonly label: string;
  readonly totalBytes: number;
  /** Where to show it; undefined shows nothing. */
  readonly sink: TextSink | undefined;
  readonly clock: Clock;
}

const PLAIN_INTERVAL_MS = 10_000; // a journal wants a sign of life, not a film
const REDRAWS_PER_SECOND = 10;

export function openProgress(options: ProgressOptions): Progress {
  const { label, totalBytes, sink, clock } = options;
  if (sink === undefined || totalBytes <= 0) return { advance: () => undefined, [Symbol.dispose]: () => undefined };
  const meter = openMeter(totalBytes, clock);
  return sink.isTTY ? openBar(label, meter, sink) : openLines(label, meter, sink);
}

interface Meter {
  readonly totalBytes: number;
  readonly doneBytes: number;
  readonly elapsedMs: number;
  advance(bytes: number): void;
  /** `120 MiB of 512 MiB, 80 MiB/s, 5 s left` */
  describe(): string;
}

function openMeter(totalBytes: number, clock: Clock): Meter {
  const startedMs = clock.nowUtc().getTime();
  let doneBytes = 0;
  return {
    totalBytes,
    get doneBytes() {
      return doneBytes;
    },
    get elapsedMs() {
      return clock.nowUtc().getTime() - startedMs;
    },
    advance(bytes) {
      doneBytes = Math.min(totalBytes, doneBytes + bytes);
    },
    describe() {
      const amount = `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
      const rate = doneBytes / (Math.max(1, this.elapsedMs) / 1000);
      if (rate === 0) return amount;
      const left = doneBytes < totalBytes ? `, ${formatDuration((totalBytes - doneBytes) / rate)} left` : "";
      return `${amount}, ${formatBytes(rate)}/s${left}`;
    },
  };
}

function openBar(label: string, meter: Meter, sink: TextSink): Progress {
  const bar = new SingleBar({
    stream: sink,
    format: `${label} {bar} {percentage} % {facts}`,
    fps: REDRAWS_PER_SECOND,
    barsize: 24,
    barCompleteChar: "#",
    barIncompleteChar: "-",
    hideCursor: false, // a killed process would leave the terminal without one
    clearOnComplete: true,
  });
  bar.start(meter.totalBytes, 0, { facts: "" });
  return {
    advance(bytes) {
      meter.advance(bytes);
      bar.update(meter.doneBytes, { facts: meter.describe() });
    },
    [Symbol.dispose]: () => bar.stop(),
  };
}

function openLines(label: string, meter: Meter, sink: TextSink): Progress {
  let shownMs = 0;
  const show = () => sink.write(`${label}: ${meter.describe()}\n`);
  return {
    advance(bytes) {
      meter.advance(bytes);
      if (meter.elapsedMs - shownMs < PLAIN_INTERVAL_MS) return;
      shownMs = meter.elapsedMs;
      show();
    },
    [Symbol.dispose]: () => {
      if (meter.doneBytes > 0) show();
    },
  };
}
