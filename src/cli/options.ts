/** Options that several commands share, defined once so that they look and mean the same everywhere. */
import { type Command, InvalidArgumentError, Option } from "commander";

/** `--json` and `--quiet`, for every command that returns data. */
export function addOutputOptions(command: Command): Command {
  return command
    .addOption(new Option("--json", "print the result as JSON on stdout"))
    .addOption(new Option("--quiet", "no progress and no talk on stderr; warnings and errors stay"));
}

/** The medium as the one argument of a command. */
export function addMediumArgument(command: Command): Command {
  return command.argument("<medium>", "mount point of the medium, or the directory in its place");
}

/** A medium, or a file with one release that is on its way to the holders of keys. */
export function addMediumOrFileArgument(command: Command): Command {
  return command.argument(
    "<medium|file>",
    "mount point of the medium (or the directory in its place), or a file by `release create --unsigned`",
  );
}

/** `--release`: which one of several on a medium. */
export function releaseOption(does = "which release, when there are several"): Option {
  return new Option("--release <name@version|digest>", does);
}

export interface SigningOptions {
  readonly key?: readonly string[];
  readonly passphraseFile?: readonly string[];
  readonly signer?: readonly string[];
}

/** The keys to sign with; read them by `openSigners`. */
export function addSigningOptions(command: Command, role: string): Command {
  return command
    .addOption(new Option("--key <file>", `private key with the role ${role}; repeatable`).argParser(collect))
    .addOption(
      new Option(
        "--passphrase-file <file>",
        "file with the passphrase of the keys, or one file for each --key in the same order; else BOOTFERRY_PASSPHRASE, else it is asked for",
      ).argParser(collect),
    )
    .addOption(
      new Option(
        "--signer <pub=command>",
        "sign by a command (an HSM, a smart card): it gets the bytes on stdin and prints the raw 64-byte signature; split at spaces, no shell; docs/signers holds examples",
      ).argParser(collect),
    );
}

/** For `argParser`: collects a repeatable option. */
export function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}

/** For `argParser`: a whole number of at least `min`. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min) {
      throw new InvalidArgumentError(`Expected a whole number of at least ${min}.`);
    }
    return value;
  };
}

/** For `argParser`: a TCP port; 0 asks for a free one. */
export function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("Expected a port from 0 to 65535.");
  return port;
}

/** For `argParser`: a date or a time in UTC (RFC 3339): `2027-01-31` or `2027-01-31T12:00:00Z`. */
export function utcTime(text: string): Date {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text);
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text);
  const time = new Date(isDate ? `${text}T00:00:00Z` : text);
  if ((!isDate && !isTime) || Number.isNaN(time.getTime()) || !time.toISOString().startsWith(text.slice(0, 10))) {
    throw new InvalidArgumentError("Expected a date or a time in UTC, such as 2027-01-31 or 2027-01-31T12:00:00Z.");
  }
  return time;
}

const UNITS: Readonly<Record<string, number>> = { M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** For `argParser`: a size in bytes, `512M`, `1GiB` or a plain number; units are powers of 1024. */
export function sizeInBytes(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(?:([MGT])(?:iB)?)?$/.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * (unit === undefined ? 1 : (UNITS[unit] ?? 1)));
  if (number === undefined || bytes <= 0) throw new InvalidArgumentError("Expected a size, such as 512M or 4GiB.");
  return bytes;
}
