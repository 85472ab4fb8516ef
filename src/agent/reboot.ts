/** Rebooting into what is ready, when the policy allows it. Below --sysroot a reboot is only asked for. */
import { describeNotApplied } from "../deploy/describe-not-applied.ts";
import type { StagedDeployment } from "../deploy/port.ts";
import { HostError } from "../host/error.ts";
import type { JournalIn } from "./journal.ts";
import { type Outcome, outcome } from "./outcome.ts";
import { runProgram } from "./programs.ts";
import { evaluateReboot, type RebootFacts } from "./reboot-policy.ts";
import type { Session } from "./session.ts";

const IDLE_COMMAND_SECONDS = 30;
const REBOOT_TIMEOUT_MS = 60_000; // systemctl only hands the job over
const DELAY_SECONDS = 30; // to step back from the device, or to see why its screen goes dark
const SECOND_MS = 1000;

type Pending = JournalIn<"staged" | "rebooting" | "assessing">;

/** Makes a staged deployment the next one to boot, and notes what of /etc could not be merged or carried over. */
export async function activate({ ports, note }: Session, staged: StagedDeployment): Promise<void> {
  const { conflicts, notApplied } = await ports.backend.activate(staged);
  for (const { path, kind, detail } of conflicts) {
    note(
      "etc-merge",
      `${path}: ${kind}${detail === undefined ? "" : ` (${detail})`}; the version of this device was kept`,
    );
  }
  const lost = describeNotApplied(notApplied);
  if (lost !== undefined) note("etc-merge", lost);
}

interface RebootOptions {
  /** Whether /etc was merged in this very run, or has to be once more: what was changed there since must come along. */
  readonly etc: "is-merged" | "merge-again";
  /** True to reboot without the countdown. */
  readonly isUrgent: boolean;
}

/** Counts down and reboots, or says what it waits for. @throws the reason of the signal, also amid the countdown */
export async function rebootByPolicy(session: Session, pending: Pending, options: RebootOptions): Promise<Outcome> {
  const { reboot: config } = session.ports.config;
  const decision = evaluateReboot(config, await rebootFacts(session));
  if (decision.kind === "now") {
    if (!options.isUrgent) await countDown(session, pending);
    if (options.etc === "merge-again") await activateAgain(session, pending);
    return reboot(session, pending);
  }
  const message = `It waits ${decision.why}.`;
  session.show({ message, waits: { for: decision.waitsFor, window: config.window ?? null } });
  return outcome(session.journal, "waiting", message);
}

/**
 * Gives whoever stands before the device the time to see that it is about to restart, and into what. Nothing is lost
 * when it is cut: the new system is armed already, and the next run counts anew.
 */
async function countDown(session: Session, { release }: Pending): Promise<void> {
  const { config, paths, sleep, signal = new AbortController().signal } = session.ports;
  const seconds = config.reboot["delay-seconds"] ?? (paths.isSimulated ? 0 : DELAY_SECONDS);
  for (let left = seconds; left > 0; left -= 1) {
    const restart = { inSeconds: left, intoVersion: release?.version ?? null };
    const notice = { message: `The device restarts in ${left} s.`, restart };
    if (left === seconds) session.show(notice);
    else session.showQuietly(notice);
    await sleep(SECOND_MS, signal);
    if (signal.aborted) session.showQuietly({}); // nobody counts any more
    signal.throwIfAborted();
  }
}

async function activateAgain(session: Session, { deployment }: Pending): Promise<void> {
  const staged = await session.ports.backend.staged();
  if (staged?.id === deployment.id) await activate(session, staged);
}

async function rebootFacts({ ports }: Session): Promise<RebootFacts> {
  const { policy, "idle-command": command } = ports.config.reboot;
  if (policy === "window") return { synchronisedNowUtc: await ports.synchronisedNowUtc(), isIdle: undefined };
  if (policy !== "idle" || command === undefined) return { synchronisedNowUtc: undefined, isIdle: undefined };
  const options = { timeoutSeconds: IDLE_COMMAND_SECONDS, env: {}, signal: ports.signal };
  const result = await runProgram(ports.exec, command, options);
  return { synchronisedNowUtc: undefined, isIdle: result.kind === "exited" && result.exitCode === 0 };
}

/** Reboots now, whatever the policy. When systemd does not take the job, the next run asks again. */
export async function reboot(session: Session, pending: Pending): Promise<Outcome> {
  const { release, deployment, restages, missedBoots, health } = pending;
  session.ports.signal?.throwIfAborted();
  await session.enter("reboot-asked", { release, deployment, restages, missedBoots, health });
  if (session.ports.paths.isSimulated) {
    return outcome(session.journal, "rebooting", "Reboot asked for: run `bootferry os simulate-boot`.");
  }
  try {
    await session.ports.exec(["systemctl", "reboot"], { timeoutMs: REBOOT_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    if (isEndedByShutdown(error)) return outcome(session.journal, "rebooting");
    return outcome(session.journal, "waiting", "The reboot could not be started.", error);
  }
  return outcome(session.journal, "rebooting");
}

/** systemctl runs in the agent's unit: where the shutdown is quick it stops both, before systemctl could say "done". */
function isEndedByShutdown(error: HostError): boolean {
  const { cause } = error;
  return typeof cause === "object" && cause !== null && "signal" in cause && cause.signal === "SIGTERM";
}
