/** `bootferry agent status`: what the agent is doing, or did last. */
import { type Command, Option } from "commander";
import { type AgentStatus, readStatus } from "../../agent/status-file.ts";
import { trustStateFiles } from "../../agent/trust-memory.ts";
import type { DevicePaths } from "../../config/device-paths.ts";
import { CodedError } from "../../error.ts";
import type { Digest } from "../../oci/digest.ts";
import { LANGUAGES, type Language, wordsIn } from "../../panel/language.ts";
import { openStatusFeed } from "../../panel/status-feed.ts";
import { readTrustCopies } from "../../trust/state-copies.ts";
import type { CliContext } from "../context.ts";
import { addSysrootOption, findDevice, type SysrootOption } from "../device.ts";
import { followStatus } from "../follow-status.ts";
import { formatBytes } from "../format-units.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";

interface Options extends OutputOptions, SysrootOption {
  readonly follow?: boolean;
  readonly language: Language | "auto";
}

export function registerAgentStatus(parent: Command, context: CliContext): void {
  const command = parent
    .command("status")
    .summary("what the agent is doing, or did last")
    .description(
      "Shows the state of the update that is under way or was the last one, and what to do. Changes nothing.\n\n" +
        "With --follow it goes on until it is stopped, in the words of the panel: a terminal shows a picture, a pipe gets a line for each change that matters to a " +
        "person, and --json gives every change of status.json as one line.",
    )
    .addOption(new Option("--follow", "go on showing it as it changes; ^C ends it"))
    .addOption(
      new Option("--language <language>", "language of --follow; auto takes that of LANG")
        .choices(["auto", ...LANGUAGES])
        .default("auto"),
    )
    .action(async (options: Options) => {
      const { paths } = findDevice(context, options);
      if (options.follow) {
        const monotonicMs = () => performance.now();
        const words = wordsIn(languageOf(context, options.language));
        const feed = openStatusFeed(paths.runtimeDirectory, monotonicMs);
        return followStatus(context, feed, { words, isJson: options.json ?? false, monotonicMs });
      }
      const status = readStatus(paths.stateDirectory, paths.runtimeDirectory);
      const trustRoot = trustedRootName(paths);
      context.openOutput(options).result({ ...status, trustRoot }, () => describeStatus(status, trustRoot));
    });
  addSysrootOption(command);
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Look at a device", command: "bootferry agent status" },
      { does: "For a program", command: "bootferry agent status --json" },
      { does: "Watch an update on a console", command: "bootferry agent status --follow" },
      {
        does: "Wait until the stick can be removed",
        command: 'bootferry agent status --follow --json | grep --max-count=1 "may-be-removed"',
      },
    ],
  });
}

function languageOf({ env }: CliContext, wanted: Options["language"]): Language {
  if (wanted !== "auto") return wanted;
  const locale = env["LC_ALL"] || env["LC_MESSAGES"] || env["LANG"] || "";
  return LANGUAGES.find((language) => locale.startsWith(language)) ?? "en";
}

interface RootName {
  readonly version: number;
  readonly digest: Digest;
}

/** The root that the device remembers; null before its agent has run once, and for who may not read its memory. */
function trustedRootName(paths: DevicePaths): RootName | null {
  try {
    const root = readTrustCopies(trustStateFiles(paths)).state?.root;
    return root ? { version: root.version, digest: root.digest } : null;
  } catch (error) {
    if (error instanceof CodedError) return null; // what the agent is doing is to be seen all the same
    throw error;
  }
}

function describeStatus(
  { state, message, progress, code, remedy, updatedAtUtc }: AgentStatus,
  trustRoot: RootName | null,
): string {
  const lines = [`${state}: ${message}`];
  if (progress !== null) {
    lines.push(`${progress.label}: ${formatBytes(progress.doneBytes)} of ${formatBytes(progress.totalBytes)}`);
  }
  if (code !== null) lines.push(`code: ${code}`);
  if (remedy !== null) lines.push(`help: ${remedy}`);
  if (state !== "idle") lines.push(`since: ${updatedAtUtc}`);
  if (trustRoot !== null) lines.push(`trusts: root version ${trustRoot.version} (${trustRoot.digest})`);
  return lines.join("\n");
}
