/**
 * The tree of commands: groups stand here, their verbs register themselves from files of their own in `commands/`.
 *
 * Only the group that is asked for is loaded: the workstation's verbs and the device's have few modules in common, and
 * loading all of them took three times as long as making a small release.
 */
import { Command } from "commander";
import type { CliContext } from "./context.ts";

interface Group {
  readonly name: string;
  readonly description: string;
  load(): Promise<{ registerVerbs(group: Command, context: CliContext): void }>;
}

const GROUPS: readonly Group[] = [
  { name: "key", description: "Signing keys: make them, look at them.", load: () => import("./groups/key.ts") },
  { name: "root", description: "Trust roots: which keys may sign what.", load: () => import("./groups/root.ts") },
  {
    name: "release",
    description: "Releases on a medium or in a directory: make, sign, check and remove them.",
    load: () => import("./groups/release.ts"),
  },
  {
    name: "media",
    description: "Sticks, cards and disks that carry releases: find, format, write and eject them.",
    load: () => import("./groups/media.ts"),
  },
  {
    name: "os",
    description: "Deployments of this device: what runs, what is next, and going back (bootc's verbs).",
    load: () => import("./groups/os.ts"),
  },
  {
    name: "agent",
    description: "Updates of this device: from a medium to a confirmed system, and what became of them.",
    load: () => import("./groups/agent.ts"),
  },
  {
    name: "health",
    description: "Run the health checks of the running system now.",
    load: () => import("./commands/health.ts"),
  },
  {
    name: "doctor",
    description: "What this machine lacks to make media or to be updated by them, and how to get it.",
    load: () => import("./commands/doctor.ts"),
  },
];

const EPILOGUE = `
Run "bootferry COMMAND --help" for what a command does, with examples and exit statuses.
Results go to stdout (--json for programs), everything else to stderr.`;

/**
 * @param version of the package
 * @param wanted the first word on the command line: verbs of other groups are left out. Undefined takes all, as the
 *   generator of the documentation does
 */
export async function buildProgram(context: CliContext, version: string, wanted?: string): Promise<Command> {
  const program = new Command("bootferry")
    .description("Carries operating systems across the air gap: signed releases on media, confirmed A/B deployments.")
    .version(version)
    .addHelpText("after", EPILOGUE)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: () => undefined, // printed by report-error.ts, with a code and a remedy
    });
  for (const { name, description, load } of GROUPS) {
    const group = program.command(name).description(description).helpCommand(false);
    if (wanted === undefined || wanted === "help" || wanted === name) (await load()).registerVerbs(group, context);
  }
  return program;
}
