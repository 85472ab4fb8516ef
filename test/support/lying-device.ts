/**
 * A device into which a medium that lies is inserted, and what must be true of it afterwards: the medium was refused in
 * order and nothing has changed, or a signed release is installed, whole, to the last object.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { exitStatusOf, type Outcome } from "../../src/agent/outcome.ts";
import { runAgent } from "../../src/agent/run-agent.ts";
import type { AgentPorts } from "../../src/agent/session.ts";
import { blsValues, parseBlsEntry } from "../../src/boot/bls-entry.ts";
import { agentPorts } from "../../src/cli/agent-ports.ts";
import { configureDevice } from "../../src/cli/device.ts";
import { StoppedBySignal } from "../../src/cli/stop-signal.ts";
import { parseCommandLine } from "../../src/deploy/native/command-line.ts";
import { engineDirectory } from "../../src/deploy/native/layout.ts";
import { EXIT } from "../../src/error.ts";
import { fixedClock } from "../../src/host/clock.ts";
import { HostError } from "../../src/host/error.ts";
import type { Exec } from "../../src/host/exec.ts";
import type { AbsPath } from "../../src/path.ts";
import { type ObjectStore, openObjectStore } from "../../src/store/object-store.ts";
import { type BadInputDevice, openBadInputDevice } from "./bad-media.ts";
import { inProcessContext } from "./cli-in-process.ts";
import { execWithSync, problemsOf } from "./device-fixtures.ts";
import { type MediumCall, watchMedium } from "./medium-calls.ts";
import type { Lie, LyingMedium } from "./medium-lies.ts";
import { type DiskState, readDisk, writeDisk } from "./power-cut.ts";

const VERSION = "1.0.0";
const STOP_WITHIN_MS = 10_000; // generous, for machines that have other work
const NOW_SECONDS = 1_800_000_000;

/** How `agent run` may refuse a medium, as its help says. */
const REFUSING: readonly number[] = [EXIT.failed, EXIT.notTrusted, EXIT.notApplicable, EXIT.noSpace, EXIT.medium];

/** What a refused medium may leave on a device: whole objects, for another try, and the hint where to go on. */
const KEPT = /^device\/bootferry\/(objects\/.*|images\/.*|resume\.json)$/;
/** What an update adds. */
const INSTALLED =
  /^device\/(bootferry\/(objects|images|deploy)|boot\/bootferry)\/.*$|^device\/boot\/loader\/entries\/bootferry-[^/]*\.conf$/;
const ENTRY = /^device\/boot\/loader\/entries\/.*\.conf$/;

/** What ended a run: its outcome, that it was asked to stop, or what must never end it. */
type Ending =
  | { readonly kind: "outcome"; readonly outcome: Outcome }
  | { readonly kind: "stopped" }
  | { readonly kind: "crashed"; readonly error: unknown };

interface Judgement {
  /** `installed <image digest>`, `stopped`, or the code of the refusal. */
  readonly told: string;
  /** What is not as it must be; empty when all is well. */
  readonly wrong: readonly string[];
}

export interface LyingRun extends Judgement {
  readonly calls: readonly MediumCall[];
}

/** Tools of this machine say nothing here; that they are missing is what a device may be like. */
const exec: Exec = async (argv, options) => {
  if (argv[0] === "sync" || argv[0] === "tar") return execWithSync()(argv, options);
  throw new HostError("HOST_TOOL_MISSING", `${argv[0]} is not installed`);
};

export class LyingDevice implements Disposable {
  readonly device: BadInputDevice;
  readonly #ports: AgentPorts;
  readonly #store: ObjectStore;
  /** State of the device → what became of the next run, with an honest medium. */
  readonly #goneOnFrom = new Map<string, Promise<readonly string[]>>();
  /** The whole directory of the device and its media, before anything is inserted. */
  #before: DiskState = new Map();
  #attempts = 0;

  private constructor(device: BadInputDevice, ports: AgentPorts, store: ObjectStore) {
    this.device = device;
    this.#store = store;
    const newAttemptId = () => `attempt-${++this.#attempts}`;
    this.#ports = { ...ports, clock: fixedClock(NOW_SECONDS), newAttemptId, monotonicMs: () => 0 };
  }

  static async open(): Promise<LyingDevice> {
    const device = await openBadInputDevice();
    const { context } = inProcessContext(device.directory, { exec });
    const configured = await configureDevice(context, { sysroot: "device" });
    const store = await openObjectStore(engineDirectory(device.paths), { exec, fsVerity: "off" });
    return new LyingDevice(device, agentPorts(context, configured, VERSION), store);
  }

  /** From how many different states, in which refused media have left the device, another run went on. */
  get statesGoneOnFrom(): number {
    return this.#goneOnFrom.size;
  }

  /**
   * Inserts a medium that tells `lies`, each at the call of its number. The device and the medium are then what they were.
   * @param signed digests of the images that may be installed
   */
  async insert(medium: LyingMedium, lies: ReadonlyMap<number, Lie>, signed: ReadonlySet<string>): Promise<LyingRun> {
    if (this.#before.size === 0) this.#before = readDisk(this.device.directory);
    this.#attempts = 0;
    const stop = new AbortController();
    const watch = await watchMedium(medium.directory, () => this.#run(medium.directory, stop.signal), {
      answer: medium.answer(lies),
      onStall: () => void setImmediate(() => stop.abort(new StoppedBySignal("SIGTERM"))),
    });
    medium.restore();
    const after = readDisk(this.device.directory);
    const { told, wrong } = this.#judge(watch.result, after, signed);
    const all = [
      ...wrong,
      ...watch.strangers.map((what) => `called ${what}`),
      ...(stop.signal.aborted ? [] : watch.leftOpen.map((name) => `left ${name} open`)),
      ...(told.startsWith("installed") ? [] : await this.#goOn(medium, after, signed)),
    ];
    this.#reset();
    return { told, wrong: all, calls: watch.calls };
  }

  async #run(directory: AbsPath, signal: AbortSignal): Promise<Ending> {
    try {
      const run = runAgent({ ...this.#ports, signal }, { medium: { kind: "directory", directory } });
      return { kind: "outcome", outcome: await Promise.race([run, tooLate(signal)]) };
    } catch (error) {
      return signal.aborted && error === signal.reason ? { kind: "stopped" } : { kind: "crashed", error };
    }
  }

  #judge(ending: Ending, after: DiskState, signed: ReadonlySet<string>): Judgement {
    switch (ending.kind) {
      case "crashed":
        return { told: "crashed", wrong: [describe(ending.error)] };
      case "stopped":
        return { told: "stopped", wrong: this.#changes(after, KEPT) };
      case "outcome":
        return ending.outcome.error === undefined
          ? this.#judgeInstalled(ending.outcome, after, signed)
          : this.#judgeRefused(ending.outcome, ending.outcome.error, after);
    }
  }

  #judgeInstalled({ kind }: Outcome, after: DiskState, signed: ReadonlySet<string>): Judgement {
    const entries = this.#newEntries(after);
    const digests = entries.map(imageDigestOf);
    const isRight = kind === "rebooting" && digests.length === 1 && digests.every((digest) => signed.has(digest));
    return {
      told: `installed ${digests}`,
      wrong: [
        ...(isRight ? [] : [`ended with ${kind}, and boots ${digests.join(" or ") || "nothing new"}`]),
        ...this.#changes(after, INSTALLED),
        ...entries.flatMap((entry) => problemsOf(this.device.paths, this.#store, entry)),
      ],
    };
  }

  #judgeRefused(outcome: Outcome, { code, remedy }: NonNullable<Outcome["error"]>, after: DiskState): Judgement {
    const wrong = this.#changes(after, KEPT);
    if (outcome.kind !== "refused" && outcome.kind !== "failed") wrong.push(`says ${outcome.kind}`);
    if (!REFUSING.includes(exitStatusOf(outcome))) wrong.push(`exit status ${exitStatusOf(outcome)}`);
    if (remedy.length < 10) wrong.push("no remedy");
    return { told: code, wrong };
  }

  /** The next run, with the medium as it should be. From one state it is always the same: each is gone on from once. */
  #goOn(medium: LyingMedium, after: DiskState, signed: ReadonlySet<string>): Promise<readonly string[]> {
    const state = [...after]
      .filter(([path]) => this.#isMemory(path) || !this.#before.has(path))
      .map(([path, { content }]) => `${path} ${withoutWords(content)}`)
      .join("\n");
    const known = this.#goneOnFrom.get(state) ?? this.#goOnOnce(medium, signed);
    this.#goneOnFrom.set(state, known);
    return known;
  }

  async #goOnOnce({ directory }: LyingMedium, signed: ReadonlySet<string>): Promise<readonly string[]> {
    const ending = await this.#run(directory, new AbortController().signal);
    const { told, wrong } = this.#judge(ending, readDisk(this.device.directory), signed);
    return [...(told.startsWith("installed") ? [] : [told]), ...wrong].map((text) => `the next run: ${text}`);
  }

  /** What is not what it was, of the device and of all that lies beside it; additions that `allowed` names are left out. */
  #changes(after: DiskState, allowed: RegExp): string[] {
    const paths = [...new Set([...this.#before.keys(), ...after.keys()])].filter((path) => !this.#isMemory(path));
    const isAllowed = (path: string) => !this.#before.has(path) && allowed.test(path);
    return paths.filter((path) => this.#isOther(path, after) && !isAllowed(path)).map((path) => `changed ${path}`);
  }

  #isOther(path: string, after: DiskState): boolean {
    const [was, is] = [this.#before.get(path), after.get(path)];
    return was?.inode !== is?.inode || was?.mode !== is?.mode || was?.kind !== is?.kind || was?.content !== is?.content;
  }

  /** What the agent remembers, and what is gone with the next boot. */
  #isMemory(path: string): boolean {
    const { sysroot, stateDirectory } = this.device.paths;
    const ours = [relative(sysroot, stateDirectory), "run", "bootferry/trust.json"].map((name) => join("device", name));
    return ours.some((it) => path === it || path.startsWith(`${it}/`));
  }

  #newEntries(after: DiskState): readonly string[] {
    const added = [...after].filter(([path]) => ENTRY.test(path) && !this.#before.has(path));
    return added.map(([, { content }]) => content);
  }

  /** Makes the device what it was, as cheaply as it may be: what has not changed stays. */
  #reset(): void {
    const { directory, paths } = this.device;
    const after = readDisk(directory);
    const added = [...after.keys()].filter((path) => !this.#before.has(path));
    for (const path of added.toReversed()) rmSync(join(directory, path), { recursive: true, force: true });
    const changed = [...this.#before].filter(([path]) => this.#isOther(path, after));
    for (const [path, { kind, content }] of changed) {
      if (!this.#isMemory(path)) continue;
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      if (kind === "file") writeFileSync(join(directory, path), content, "latin1");
    }
    if (changed.every(([path]) => this.#isMemory(path))) return;
    const device = [...this.#before].filter(([path]) => path.startsWith("device/"));
    writeDisk(paths.sysroot, new Map(device.map(([path, node]) => [path.slice("device/".length), node])));
    this.#before = readDisk(directory);
  }

  [Symbol.dispose](): void {
    this.device[Symbol.dispose]();
  }
}

/** Rejects some time after a run was asked to stop. */
function tooLate(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const late = () => reject(new Error(`did not end within ${STOP_WITHIN_MS} ms after it was asked to`));
    signal.addEventListener("abort", () => void setTimeout(late, STOP_WITHIN_MS).unref(), { once: true });
  });
}

function imageDigestOf(entry: string): string {
  const words = blsValues(parseBlsEntry(entry), "options").flatMap((options) => options.split(" "));
  return parseCommandLine(words).imageDigest ?? "no digest";
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Messages name the blob that was wrong, and nothing is decided by them. */
function withoutWords(record: string): string {
  return record.replace(/"(?:message|remedy)":\s*"(?:[^"\\]|\\.)*"/g, "");
}
