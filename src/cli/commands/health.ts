/** `bootferry health`: runs the health checks of the running system now. */
import type { Command } from "commander";
import { AgentError } from "../../agent/error.ts";
import { runHealth } from "../../agent/health.ts";
import { describeHealth, type HealthReport } from "../../agent/health-report.ts";
import type { CliContext } from "../context.ts";
import { addConfiguredDeviceOptions, configureDevice, type DeviceOptions } from "../device.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";

/** A command without verbs: it takes the place of a group. */
export function registerVerbs(health: Command, context: CliContext): void {
  health
    .description(
      "Runs the checks that decide whether a new system is kept, and says how each ended. Nothing is confirmed, recorded or rebooted.",
    )
    .summary("run the health checks of the running system now")
    .action((options: OutputOptions & DeviceOptions) => run(context, options));
  addConfiguredDeviceOptions(health);
  addOutputOptions(health);
  addTeaching(health, { examples: [{ does: "Is this system well?", command: "bootferry health" }] });
}

async function run(context: CliContext, options: OutputOptions & DeviceOptions): Promise<void> {
  const { programs, config, backend, paths } = await configureDevice(context, options);
  const { booted } = await backend.bootFacts();
  const ports = { exec: context.exec, programs, monotonicMs: () => performance.now(), hasUnits: !paths.isSimulated };
  const output = context.openOutput(options);
  output.note(`running the health checks: they may take ${config.health["total-timeout-seconds"]} s together`);
  const report = await runHealth(ports, config.health, booted?.id, context.signal);
  output.result(report, () => describeReport(report));
  if (!report.healthy)
    throw new AgentError("AGENT_UNHEALTHY", `the running system is not well: ${describeHealth(report)}`);
}

function describeReport(report: HealthReport): string {
  const lines = report.checks.map(({ result, level, check, exitCode, output }) => {
    const status = exitCode === null || exitCode === 0 ? "" : ` (exit status ${exitCode})`;
    const said = output === "" ? "" : `\n    ${output.replaceAll("\n", "\n    ")}`;
    return `${result.padEnd(9)}  ${level.padEnd(8)}  ${check}${status}${said}`;
  });
  return lines.length === 0 ? "healthy: there are no checks" : lines.join("\n");
}
