/** One run of bootc: arguments in, texts and an exit status out. */
import { CodedError } from "../../../src/error.ts";
import type { AbsPath } from "../../../src/path.ts";
import { logCall } from "./calls.ts";
import { BootcFailure, type Machine, type Output, openMachine } from "./context.ts";
import { runEdit } from "./edit.ts";
import { neverEnd } from "./finish.ts";
import { formatTopHelp, formatVerbHelp } from "./format-help.ts";
import { runImage } from "./image-verbs.ts";
import { takeLock } from "./lock.ts";
import { type Build, type ParsedArguments, parseArguments } from "./parse-arguments.ts";
import { openProgress } from "./progress.ts";
import { runRollback } from "./rollback.ts";
import { formatStatus } from "./status.ts";
import { runSwitch } from "./switch.ts";
import { runUpgrade } from "./upgrade.ts";

export interface BootcOptions {
  /** `BOOTC_DOUBLE_STATE` */
  readonly stateDirectory: AbsPath;
  readonly output: Output;
  /** Runs below systemd-inhibit: noted in the log of calls. */
  readonly isInhibited: boolean;
  readonly isTerminal: boolean;
}

/** @returns the exit status */
export async function runBootc(argv: readonly string[], options: BootcOptions): Promise<number> {
  const machine = openMachine(options.stateDirectory);
  logCall(machine.files, { argv: ["bootc", ...argv], isInhibited: options.isInhibited });
  try {
    await run(machine, argv, options);
    return 0;
  } catch (error) {
    if (!(error instanceof BootcFailure || error instanceof CodedError)) throw error;
    const status = error instanceof BootcFailure ? error.exitStatus : 1;
    if (error.message !== "") options.output.err(`error: ${status === 1 ? contextOf(argv) : ""}${error.message}\n`);
    return status;
  }
}

function contextOf([verb = ""]: readonly string[]): string {
  if (verb === "upgrade" || verb === "update") return "Upgrading: ";
  return verb === "switch" ? "Switching: " : "";
}

async function run(machine: Machine, argv: readonly string[], { output, isTerminal }: BootcOptions): Promise<void> {
  const build: Build = { version: machine.facts.version, unknownOptions: machine.traps.unknownOptions };
  const [first] = argv;
  if (first === "--version" || first === "-V") return output.out(`bootc ${build.version}\n`);
  if (first === "--help" || first === "-h" || first === "help") return output.out(formatTopHelp());
  const args = parseArguments(argv, build);
  const { verb, isHelp } = args;
  if (isHelp) return output.out(formatVerbHelp(verb, build));
  if (machine.traps.hangs.includes(verb.name)) await neverEnd();
  const failure = machine.traps.failures[verb.name];
  if (failure !== undefined) throw new BootcFailure(failure);
  const isBooted = machine.state().bootedId !== null;
  if (isBooted && machine.traps.isUnprivileged)
    throw new BootcFailure("This command must be executed as the root user");
  if (verb.name === "status") return output.out(formatStatus(machine, args, isTerminal));
  if (!isBooted) throw new BootcFailure("This command requires a booted host system.");
  await change(machine, args, output);
}

/** The verbs that change something. */
async function change(machine: Machine, args: ParsedArguments, output: Output): Promise<void> {
  const { name } = args.verb;
  const { traps } = machine;
  if (traps.isReadOnly) throw new BootcFailure("Cannot write: the system root is on a read-only medium");
  const progress = openProgress(machine, args.valueOf("--progress-fd"), output);
  using _lock = takeLock(machine);
  if (machine.has("needsPodman") && traps.hasNoPodman)
    throw new BootcFailure("Creating imgstore: Initializing images: No such file or directory (os error 2)");
  if (traps.silentNoOps.includes(name)) return;
  switch (name) {
    case "switch":
      return await runSwitch(machine, args, progress, output);
    case "upgrade":
      return await runUpgrade(machine, args, progress, output);
    case "rollback":
      return runRollback(machine, output);
    case "edit":
      return await runEdit(machine, args, progress, output);
    case "image":
      return runImage(machine, args, output);
    case "usr-overlay":
      return machine.update({
        usrOverlay: { accessMode: args.has("--read-only") ? "readOnly" : "readWrite", persistence: "transient" },
      });
  }
}
