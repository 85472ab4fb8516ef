import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { MediumSource } from "../../../src/agent/medium-source.ts";
import type { Outcome, OutcomeKind } from "../../../src/agent/outcome.ts";
import { type Arrival, RETRY_MS, watchAgent } from "../../../src/agent/watch.ts";
import type { CodedError } from "../../../src/error.ts";
import { HostError } from "../../../src/host/error.ts";
import { MediaError } from "../../../src/media/error.ts";
import { parseAbsPath } from "../../../src/path.ts";

const device = (name: string): MediumSource => ({ kind: "device", device: parseAbsPath(`/dev/${name}`) });
const arrives = (name: string): Arrival => ({ kind: "arrived", source: device(name) });
const leaves = (name: string): Arrival => ({ kind: "left", source: device(name) });

const nameOf = (medium: MediumSource | undefined) =>
  medium?.kind === "device" ? medium.device.replace("/dev/", "") : "-";

/** What a run answers, by the medium (`-` for none), the last answer for good; "nothing" by default. */
type Answers = Readonly<Record<string, readonly (OutcomeKind | CodedError)[]>>;

interface Watched {
  /** The media of the runs in order; `-` for a run without. */
  readonly runs: string[];
  readonly errors: string[];
}

/** Watches what arrives during the first run; stopped when nothing more happens. `retries`: how often the time is up. */
async function watch(script: readonly Arrival[], answers: Answers = {}, retries = 1): Promise<Watched> {
  const stop = new AbortController();
  const watched: Watched = { runs: [], errors: [] };
  const asked = new Map<string, number>();
  async function* arrivals(): AsyncGenerator<Arrival> {
    yield* script;
    await new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve()));
  }
  let quietRounds = 0;
  const idle = setInterval(() => {
    quietRounds += 1;
    if (quietRounds > 2) stop.abort();
  }, 5);
  let sleeps = 0;
  await watchAgent(
    {
      arrivals: [arrivals()],
      async run(medium) {
        quietRounds = 0;
        await setImmediate(); // what arrives in a burst arrives during the first run
        const name = nameOf(medium);
        watched.runs.push(name);
        const count = asked.get(name) ?? 0;
        asked.set(name, count + 1);
        const answer = answers[name]?.[count] ?? answers[name]?.at(-1) ?? "nothing";
        if (typeof answer !== "string") throw answer;
        return { kind: answer } as Outcome;
      },
      async sleep(ms, signal) {
        expect(ms).toBe(RETRY_MS);
        sleeps += 1;
        if (sleeps <= retries) return;
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      },
      onOutcome: () => undefined,
      onError: ({ code }) => watched.errors.push(code),
    },
    stop.signal,
  );
  clearInterval(idle);
  return watched;
}

const busy = new HostError("HOST_BUSY", "another one runs");
const unreadable = new MediaError("MEDIA_MOUNT_FAILED", "broken");

describe("the agent as a service", () => {
  it.each<[string, readonly Arrival[], Answers, readonly string[]]>([
    ["goes on with what is left before anything else", [arrives("sdb1")], {}, ["-", "sdb1"]],
    ["takes media one after the other", [arrives("sdb1"), arrives("sdc1")], {}, ["-", "sdb1", "sdc1"]],
    [
      "forgets a medium that leaves before its turn",
      [arrives("sdb1"), leaves("sdb1"), arrives("sdc1")],
      {},
      ["-", "sdc1"],
    ],
    ["takes a medium once that came twice meanwhile", [arrives("sdb1"), arrives("sdb1")], {}, ["-", "sdb1"]],
    [
      "lets media wait while something is to be rebooted, and takes them up after that",
      [arrives("sdb1")],
      { "-": ["nothing", "nothing"], sdb1: ["waiting", "nothing"] },
      ["-", "sdb1", "-", "sdb1"],
    ],
    [
      "tells each new medium that it has to wait, and asks no more often than that",
      [arrives("sdb1"), arrives("sdc1")],
      { "-": ["waiting"], sdb1: ["waiting"], sdc1: ["waiting"] },
      ["-", "sdb1", "sdc1", "-"],
    ],
    [
      "tries a medium again when another process was at work",
      [arrives("sdb1")],
      { sdb1: [busy, "nothing"] },
      ["-", "sdb1", "-", "sdb1"],
    ],
    ["does not try a medium again that cannot be read", [arrives("sdb1")], { sdb1: [unreadable] }, ["-", "sdb1"]],
    [
      "tries again by itself when the device itself cannot be read",
      [],
      { "-": [new HostError("HOST_IO", "bad sector"), "nothing"] },
      ["-", "-"],
    ],
  ])("%s", async (_, script, answers, runs) => {
    expect((await watch(script, answers)).runs).toEqual(runs);
  });

  it("does not take up a medium that left while it waited", async () => {
    const { runs } = await watch([arrives("sdb1"), leaves("sdb1")], { "-": ["waiting", "nothing"], sdb1: ["waiting"] });
    expect(runs).toEqual(["-", "-"]);
  });

  it("tells of errors and goes on", async () => {
    const { runs, errors } = await watch([arrives("sdb1"), arrives("sdc1")], { sdb1: [unreadable] });
    expect([runs, errors]).toEqual([["-", "sdb1", "sdc1"], ["MEDIA_MOUNT_FAILED"]]);
  });

  it("ends on a defect of its own, since something else will not", async () => {
    const bug = watch([arrives("sdb1")], { sdb1: [new TypeError("x is not a function") as unknown as CodedError] });
    await expect(bug).rejects.toThrow("x is not a function");
  });

  it("goes on when one source of media fails", async () => {
    async function* failing(): AsyncGenerator<Arrival> {
      yield arrives("sdb1");
      throw new MediaError("MEDIA_DEVICE_LIST_INVALID", "lsblk is too old");
    }
    const stop = new AbortController();
    const runs: string[] = [];
    const errors: string[] = [];
    await watchAgent(
      {
        arrivals: [failing()],
        async run(medium) {
          runs.push(nameOf(medium));
          if (medium !== undefined) stop.abort();
          return { kind: "nothing" } as Outcome;
        },
        sleep: async () => undefined,
        onOutcome: () => undefined,
        onError: ({ code }) => errors.push(code),
      },
      stop.signal,
    );
    expect([runs, errors]).toEqual([["-", "sdb1"], ["MEDIA_DEVICE_LIST_INVALID"]]);
  });

  it("ends in order when it is stopped in the middle of a run", async () => {
    const stop = new AbortController();
    const stopped = new Error("SIGTERM");
    await watchAgent(
      {
        arrivals: [],
        async run() {
          stop.abort(stopped);
          throw stopped;
        },
        sleep: async () => undefined,
        onOutcome: () => expect.fail("it has no outcome"),
        onError: () => expect.fail("it is no error"),
      },
      stop.signal,
    );
    expect(stop.signal.aborted).toBe(true);
  });
});
