/**
 * Whether the running system is well: executables of the directories for required and for wanted checks, in the order
 * of their names, each with a deadline, all of them with one together. No check at all means healthy.
 *
 * Nothing here asks the network: a check that needs DNS makes a device without one reboot for ever (greenboot-rs #86).
 */
import type { AgentConfig } from "../config/agent-config.ts";
import { HostError } from "../host/error.ts";
import type { Exec } from "../host/exec.ts";
import { type HealthCheck, type HealthReport, makeHealthReport } from "./health-report.ts";
import { collectPrograms, type Program, type ProgramFiles, runProgram } from "./programs.ts";

export interface HealthPorts {
  readonly exec: Exec;
  readonly programs: ProgramFiles;
  /** Milliseconds of a clock that is never set, unlike the wall clock of a machine that has just booted. */
  readonly monotonicMs: () => number;
  /** False below --sysroot, where the units of this host say nothing of the device. */
  readonly hasUnits: boolean;
}

/** Checks that need a network, of packages that images bring along: a device without one would never be well. */
const NETWORK_CHECKS: readonly string[] = [
  "/usr/lib/greenboot/check/required.d/01_repository_dns_check.sh", // greenboot-rs #86, #212
];

type Level = HealthCheck["level"];

/**
 * Runs all checks, also after one has failed: the operator wants to know all that is wrong.
 * @param deployment the id of the booted deployment, for the checks' environment
 * @throws whatever `signal` was aborted with
 */
export async function runHealth(
  ports: HealthPorts,
  config: AgentConfig["health"],
  deployment: string | undefined,
  signal?: AbortSignal,
): Promise<HealthReport> {
  const deadlineMs = ports.monotonicMs() + config["total-timeout-seconds"] * 1000;
  const env = { ...ports.programs.env, ...(deployment === undefined ? {} : { BOOTFERRY_DEPLOYMENT: deployment }) };
  const checks: HealthCheck[] = [];
  for (const level of ["required", "wanted"] as const) {
    for (const program of await collectPrograms(ports.programs, config[level])) {
      if (NETWORK_CHECKS.includes(`${program.directory}/${program.name}`)) continue;
      const secondsLeft = Math.ceil((deadlineMs - ports.monotonicMs()) / 1000);
      const timeoutSeconds = Math.min(config["check-timeout-seconds"], secondsLeft);
      checks.push(await runCheck(ports.exec, level, program, { timeoutSeconds, env, signal }));
    }
  }
  const unitLevel = config["failed-units"];
  if (unitLevel !== "ignore" && ports.hasUnits) checks.push(await checkUnits(ports.exec, unitLevel));
  return makeHealthReport(checks);
}

async function runCheck(
  exec: Exec,
  level: Level,
  program: Program & { readonly directory: string },
  options: {
    readonly timeoutSeconds: number;
    readonly env: Readonly<Record<string, string>>;
    readonly signal: AbortSignal | undefined;
  },
): Promise<HealthCheck> {
  const check = `${program.directory}/${program.name}`;
  const notRun = (output: string): HealthCheck => ({ level, check, result: "not-run", exitCode: null, output });
  // A required check that cannot run has not passed: a lost execute bit must not turn a check off silently.
  if (program.kind !== "runnable") return notRun("it is not an executable file");
  if (options.timeoutSeconds <= 0) return notRun("the time for all checks together was used up");
  const result = await runProgram(exec, [program.file], options);
  switch (result.kind) {
    case "exited": {
      const { exitCode, outputTail } = result;
      if (exitCode === 0) return { level, check, result: "passed", exitCode, output: "" };
      return { level, check, result: "failed", exitCode, output: outputTail };
    }
    case "timed-out":
      return { level, check, result: "timed-out", exitCode: null, output: result.outputTail };
    case "broken":
      return { level, check, result: "failed", exitCode: null, output: result.why };
  }
}

const SYSTEMCTL_TIMEOUT_MS = 30_000;

async function checkUnits(exec: Exec, level: Level): Promise<HealthCheck> {
  const check = "failed-units";
  try {
    const argv = ["systemctl", "list-units", "--state=failed", "--plain", "--no-legend", "--no-pager"] as const;
    const { stdout } = await exec(argv, { timeoutMs: SYSTEMCTL_TIMEOUT_MS });
    const units = stdout
      .toString("utf8")
      .split("\n")
      .flatMap((line) => line.trim().split(/\s+/)[0] || []);
    if (units.length === 0) return { level, check, result: "passed", exitCode: null, output: "" };
    return { level, check, result: "failed", exitCode: null, output: units.join(" ") };
  } catch (error) {
    if (error instanceof HostError) return { level, check, result: "failed", exitCode: null, output: error.message };
    throw error;
  }
}
