/** What holds for every command: output, exit statuses, environment, files. */
import { EXIT_MEANING } from "../../../src/cli/help.ts";

export const OUTPUT = `The result of a command goes to standard output; with \`--json\` it is one JSON document for programs. What is being done, progress, warnings and errors go to standard error. \`--quiet\` silences progress and talk, never a warning, an error or the result.

Work that takes longer than a second shows how much is done, how fast, and how long it will still take: as a bar on a terminal, as a line every ten seconds in a journal or a file.

An error is two lines: \`error:\` with what happened and a code in brackets, \`help:\` with what to do. Times are in UTC.`;

export const EXIT_STATUSES = Object.entries(EXIT_MEANING).map(
  ([status, meaning]) => [status, `${meaning.charAt(0).toUpperCase()}${meaning.slice(1)}.`] as const,
);

export const ENVIRONMENT = [
  ["BOOTFERRY_PASSPHRASE", "The passphrase of private keys, where no `--passphrase-file` is given."],
  ["BOOTFERRY_LUKS_PASSPHRASE", "The passphrase of encrypted media, where no `--luks-key-file` is given."],
  ["NO_COLOR", "No colour on a terminal when it is set to anything but nothing."],
  [
    "SOURCE_DATE_EPOCH",
    "Seconds since 1970: the time that goes into what is made, so that it can be made again byte for byte.",
  ],
  ["TMPDIR", "Where images that are fetched stay for the time of the command."],
] as const;

export const FILES = [
  ["/etc/bootferry/agent.toml", "How the agent of a device works; see `bootferry-agent.toml`(5)."],
  ["/etc/bootferry/root.json", "The trust root of a device, or a chain of them."],
  ["/var/lib/bootferry", "What a device remembers: journal, history, floors, the root that it followed."],
  ["/run/bootferry/status.json", "What the agent is doing now, for programs."],
] as const;
