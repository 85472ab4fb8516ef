/** `bootferry support open`: reads at the workstation what `bootferry agent export-logs` has written on a device. */
import { readFileSync, statSync } from "node:fs";
import { type Command, Option } from "commander";
import { EXIT } from "../../error.ts";
import { hostError } from "../../host/error.ts";
import type { AbsPath } from "../../path.ts";
import { SupportError } from "../../support/error.ts";
import { openArchive, writeOpened } from "../../support/open-archive.ts";
import { ARCHIVE_LIMITS } from "../../support/support-file.ts";
import type { CliContext } from "../context.ts";
import { formatTable } from "../format-table.ts";
import { formatBytes } from "../format-units.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { openSupportKey } from "../support-key-file.ts";

interface Options extends OutputOptions {
  readonly key: string;
  readonly passphraseFile?: string;
  readonly to: string;
}

export function registerSupportOpen(parent: Command, context: CliContext): void {
  const command = parent
    .command("open")
    .summary("decrypt and unpack a support archive")
    .description(
      "Decrypts an archive that `bootferry agent export-logs` has written, checks it against its manifest and writes its files into a directory. " +
        "Nothing is overwritten. An archive proves nothing about who has made it: whoever has the public key can.",
    )
    .argument("<file>", "the archive, NAME.tar.zst.age")
    .addOption(new Option("--key <file>", "the support key, NAME.key").makeOptionMandatory())
    .addOption(
      new Option(
        "--passphrase-file <file>",
        "file with the passphrase of the key, else BOOTFERRY_PASSPHRASE, else it is asked for",
      ),
    )
    .addOption(new Option("--to <dir>", "directory to write to; made when it is not there").makeOptionMandatory())
    .action((file: string, options: Options) => run(context, file, options));
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      {
        does: "Read what a device has put onto a stick",
        command:
          "bootferry support open stick/bootferry-support/kiosk-0017-20261120T101500Z.tar.zst.age --key support.key --to kiosk-0017",
      },
      {
        does: "The same with age and tar alone",
        command:
          "age --decrypt --identity support.key kiosk-0017-20261120T101500Z.tar.zst.age | tar --zstd --extract --directory kiosk-0017",
      },
    ],
    exits: [EXIT.notTrusted, EXIT.noSpace, EXIT.medium],
  });
}

async function run(context: CliContext, file: string, options: Options): Promise<void> {
  const output = context.openOutput(options);
  const identities = await openSupportKey(context, options.key, options.passphraseFile);
  const { manifest, files } = await openArchive(readArchive(context.path(file)), identities);
  const directory = context.path(options.to);
  writeOpened(directory, files);
  output.result({ ...manifest, directory }, () =>
    [
      `device   ${manifest.device}`,
      `made     ${manifest.createdAtUtc} by bootferry ${manifest.agentVersion}`,
      `written  ${directory}`,
      "",
      ...formatTable(
        ["FILE", "SIZE", ""],
        manifest.files.map(({ name, size, isCut }) => [name, formatBytes(size), isCut ? "only its end" : ""]),
      ),
      ...manifest.missing.map(({ name, why }) => `not there: ${name}: ${why}`),
    ].join("\n"),
  );
}

function readArchive(path: AbsPath): Buffer {
  try {
    const { size } = statSync(path);
    if (size > ARCHIVE_LIMITS.archiveBytes) {
      const message = `${path} has ${size} bytes, at most ${ARCHIVE_LIMITS.archiveBytes} are read`;
      throw new SupportError("SUPPORT_ARCHIVE_INVALID", message);
    }
    return readFileSync(path);
  } catch (error) {
    throw hostError(error, `reading ${path}`);
  }
}
