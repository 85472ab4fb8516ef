/** What a person at the command line can get wrong before any room is asked. */
import { CodedError, type ErrorTable, EXIT } from "../error.ts";

export type CliErrorCode = "CLI_NODE_TOO_OLD" | "CLI_USAGE" | "CLI_PASSPHRASE_NEEDED" | "CLI_PASSPHRASE_MISMATCH";

export const CLI_ERRORS: ErrorTable<CliErrorCode> = {
  CLI_NODE_TOO_OLD: {
    exit: EXIT.failed,
    remedy:
      "Install that Node, take a package that brings its own (docs/packages.md), or run bootferry with the one of `npm ci`: node_modules/.bin/node dist/cli/main.js.",
  },
  CLI_USAGE: { exit: EXIT.usage, remedy: "Run the command with --help to see its arguments, options and examples." },
  CLI_PASSPHRASE_NEEDED: {
    exit: EXIT.usage,
    remedy: "Give the passphrase with --passphrase-file FILE or in BOOTFERRY_PASSPHRASE, or run on a terminal.",
  },
  CLI_PASSPHRASE_MISMATCH: { exit: EXIT.failed, remedy: "Run the command again and type the same passphrase twice." },
};

export class CliError extends CodedError<CliErrorCode> {
  constructor(code: CliErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, CLI_ERRORS, options);
  }
}
