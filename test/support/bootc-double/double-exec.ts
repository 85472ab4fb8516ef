/**
 * The Exec of a machine with the double. `bootc` and `ostree` run here, in this process, which is quick; where only a
 * process will do (a pipe for the progress, a run that does not end), and below a shell, they are the executables.
 */
import { basename, delimiter, dirname, join } from "node:path";
import { HostError } from "../../../src/host/error.ts";
import { type Exec, type ExecOptions, execOnHost } from "../../../src/host/exec.ts";
import type { AbsPath } from "../../../src/path.ts";
import { commandInNamespace } from "../container-tools.ts";
import { logCall } from "./calls.ts";
import { runPodman, runSkopeo } from "./container-tools.ts";
import { type Machine, openMachine } from "./context.ts";
import { runEditenv } from "./greenboot.ts";
import { runBootc } from "./run-bootc.ts";
import { runOstree } from "./run-ostree.ts";
import { runSystemctl, type UnitState } from "./systemctl.ts";
import { asExecResult, type ToolAnswer } from "./tool-answer.ts";

/** Where the executables `bootc`, `ostree` and `bootc-double-boot` are. */
const DOUBLE_BIN = join(import.meta.dirname, "bin");

export interface DoubleExecOptions {
  readonly stateDirectory: AbsPath;
  readonly units: ReadonlyMap<string, UnitState>;
  /** In bootc's own mount namespace, or in another one that has remounted it. */
  readonly isSysrootWritable?: boolean;
  /** Whether somebody keeps the machine from shutting down, now. */
  readonly isInhibited: () => boolean;
}

export function openDoubleExec(options: DoubleExecOptions): Exec {
  const { stateDirectory, units, isInhibited } = options;
  const exec: Exec = async (argv, execOptions) => {
    execOptions.signal?.throwIfAborted();
    const [tool, ...args] = argv;
    const name = basename(tool);
    const isOurs = name === "bootc" || name === "ostree";
    if (isOurs && !needsProcess(args)) return await runHere(argv, execOptions);
    const inner = commandInNamespace(argv);
    if (inner !== undefined) return await openDoubleExec({ ...options, isSysrootWritable: true })(inner, execOptions);
    const machine = openMachine(stateDirectory);
    const answer = isOurs ? undefined : toolOf(name, machine);
    if (answer === undefined && name !== "systemd-inhibit")
      return await execOnHost(argv, { ...execOptions, env: { ...execOptions.env, ...environment() } });
    logCall(machine.files, { argv: [name, ...args], isInhibited: isInhibited() });
    if (answer !== undefined) return asExecResult(argv, execOptions, answer(args));
    return await openDoubleExec({ ...options, isInhibited: () => true })(commandOf(args), execOptions);
  };
  return exec;

  function environment(): Record<string, string> {
    return {
      BOOTC_DOUBLE_STATE: stateDirectory,
      PATH: [DOUBLE_BIN, dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter),
      ...(isInhibited() ? { BOOTC_DOUBLE_INHIBITED: "1" } : {}),
    };
  }

  function needsProcess(args: readonly string[]): boolean {
    const { hangs } = openMachine(stateDirectory).traps;
    return args.some((arg) => arg.startsWith("--progress-fd") || arg === "--apply" || hangs.includes(arg));
  }

  async function runHere([tool, ...args]: readonly [string, ...string[]], execOptions: ExecOptions) {
    const stdout: string[] = [];
    const stderr: string[] = [];
    const output = { out: (text: string) => void stdout.push(text), err: (text: string) => void stderr.push(text) };
    const run = { stateDirectory, isInhibited: isInhibited(), output, isTerminal: false };
    const exitCode = basename(tool) === "bootc" ? await runBootc(args, run) : runOstree(args, run);
    execOptions.signal?.throwIfAborted();
    return asExecResult([tool, ...args], execOptions, { exitCode, stdout: stdout.join(""), stderr: stderr.join("") });
  }

  /** A storage takes a lock before it does anything, and bootc's lies below /sysroot. */
  function whereWritable(args: readonly string[]): ToolAnswer | undefined {
    if (options.isSysrootWritable === true || !args.some((arg) => arg.includes("/usr/lib/bootc/storage")))
      return undefined;
    return { exitCode: 125, stderr: "open /usr/lib/bootc/storage/storage.lock: read-only file system" };
  }

  /** @throws HostError HOST_TOOL_MISSING */
  function toolOf(name: string, machine: Machine): ((args: readonly string[]) => ToolAnswer) | undefined {
    switch (name) {
      case "systemctl":
        return (args) => {
          if (args.includes("reboot")) machine.update({ isRebootRequested: true });
          return runSystemctl(units, args);
        };
      case "skopeo":
        return (args) => whereWritable(args) ?? runSkopeo(machine, args);
      case "podman":
        if (machine.traps.hasNoPodman) throw new HostError("HOST_TOOL_MISSING", "podman is not installed");
        return (args) => whereWritable(args) ?? runPodman(machine, args);
      case "grub2-editenv":
        return runEditenv;
      default:
        return undefined;
    }
  }
}

/** The command of `systemd-inhibit OPTIONS [--] COMMAND`. */
function commandOf(args: readonly string[]): readonly [string, ...string[]] {
  const end = args.indexOf("--");
  const at = end >= 0 ? end + 1 : args.findIndex((arg) => !arg.startsWith("-"));
  const [command, ...rest] = args.slice(at);
  if (command === undefined) throw new TypeError("systemd-inhibit without a command");
  return [command, ...rest];
}
