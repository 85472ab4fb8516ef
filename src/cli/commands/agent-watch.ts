/** `bootferry agent watch`: the agent as a service, where neither udev rules nor systemd units start it. */
import { type Command, Option } from "commander";
import { type MediumSource, pathOf } from "../../agent/medium-source.ts";
import type { Outcome } from "../../agent/outcome.ts";
import { runAgent } from "../../agent/run-agent.ts";
import { type AgentWatchPorts, watchAgent } from "../../agent/watch.ts";
import { watchMedia } from "../../agent/watch-media.ts";
import { type SpoolPorts, watchSpool } from "../../agent/watch-spool.ts";
import { surveyBundle } from "../../bundle/survey-bundle.ts";
import { listBlockDevices } from "../../media/list-block-devices.ts";
import { spoolHints } from "../../media/spool-hints.ts";
import { type DeviceEvent, watchDevices } from "../../media/watch-devices.ts";
import type { AbsPath } from "../../path.ts";
import type { AgentLog } from "../agent-log.ts";
import { describeOutcome, outcomeFacts } from "../agent-outcome.ts";
import { agentPorts } from "../agent-ports.ts";
import { agentVersion } from "../agent-version.ts";
import type { CliContext } from "../context.ts";
import { addConfiguredDeviceOptions, configureDevice, type DeviceOptions, openDevice } from "../device.ts";
import { addTeaching } from "../help.ts";
import { blockDevicePorts, watchPorts } from "../media-ports.ts";
import { addLogOption, openAgentLog } from "../open-agent-log.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";

interface Options extends OutputOptions, DeviceOptions {
  readonly spool?: string;
  readonly logJson?: boolean;
}

const LOCK_TIMEOUT_SECONDS = 600;

export function registerAgentWatch(parent: Command, context: CliContext): void {
  const command = parent
    .command("watch")
    .summary("wait for media and bundles, and install from each")
    .description(
      "For devices whose udev does not start the agent (bootferry-media@.service does that elsewhere). Goes on with what an earlier run has left, " +
        "looks at media that are plugged in already, then waits: for block devices with a label and file system of `[media]` in agent.toml, and for " +
        "bundles in the spool directory, each as soon as it is complete. One at a time; ends at SIGTERM, and the next start goes on.",
    )
    .addOption(
      new Option("--spool <dir>", "directory for bundles that are copied onto the device, in place of agent.toml's"),
    )
    .action((options: Options) => run(context, agentVersion(parent), options));
  addConfiguredDeviceOptions(command);
  addLogOption(command);
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Serve this device until it is stopped", command: "bootferry agent watch" },
      {
        does: "Try it out without root: copy a medium into the directory and see it installed",
        command: "bootferry agent watch --sysroot device --spool incoming",
      },
    ],
    exits: [],
  });
}

async function run(context: CliContext, version: string, options: Options): Promise<void> {
  const output = context.openOutput(options);
  await using log = openAgentLog(context, output, options);
  const { config } = await configureDevice(context, options); // what is wrong with it is said at once
  const spool = options.spool === undefined ? config.media.spool : context.path(options.spool);
  log.say("Waiting for media and bundles.", { labels: config.media.labels.join(", "), spool });
  const ports: AgentWatchPorts = {
    arrivals: [
      watchMedia(watchLoudly(context, log), config.media, () => listBlockDevices(blockDevicePorts(context))),
      watchSpool(spoolPorts(context, spool, log), context.signal),
    ],
    run: (medium) => runOnce({ context, version, options, log }, medium),
    sleep: context.media.sleep,
    onOutcome: (_, outcome) => output.result(outcomeFacts(outcome), () => describeOutcome(outcome)),
    onError: (error) => log.warn("A run failed.", error),
  };
  await watchAgent(ports, context.signal);
}

/** Says where hints come from, and each of them: who wonders why a medium is not taken sees whether it was noticed. */
function watchLoudly(context: CliContext, log: AgentLog): AsyncIterable<DeviceEvent> {
  const onHint = (source: string) => log.say("Something was plugged in or pulled out.", { source });
  const onReady = (source: string) => log.say("Waiting for hints of new devices.", { source });
  return watchDevices({ ...watchPorts(context), onHint }, context.signal, onReady);
}

function spoolPorts(context: CliContext, directory: AbsPath, log: AgentLog): SpoolPorts {
  return {
    ...{ directory, hints: spoolHints(directory), sleep: context.media.sleep, survey: surveyBundle },
    onIncomplete: (bundle, why) => log.say("A bundle is not complete yet.", { bundle, why }),
  };
}

interface Watch {
  readonly context: CliContext;
  readonly version: string;
  readonly options: Options;
  readonly log: AgentLog;
}

/** As `agent run`, with everything opened anew: the configuration may have changed since. */
async function runOnce({ context, version, options, log }: Watch, medium: MediumSource | undefined): Promise<Outcome> {
  await using device = await openDevice(context, { ...options, lockTimeout: LOCK_TIMEOUT_SECONDS });
  const ports = agentPorts(context, device, version, log);
  if (medium !== undefined) log.say("Looking at a medium.", { medium: pathOf(medium) });
  const outcome = await runAgent(ports, { medium });
  if (outcome.error !== undefined) log.warn("A medium was not installed from.", outcome.error);
  return outcome;
}
