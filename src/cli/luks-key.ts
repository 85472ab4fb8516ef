/**
 * The key of an encrypted medium: every byte of a key file, or a passphrase without the end of its line, from
 * BOOTFERRY_LUKS_PASSPHRASE or a terminal. Never from an argument, which every user could read in the list of processes.
 */
import type { CliContext } from "./context.ts";
import { CliError } from "./error.ts";
import { askSecret } from "./passphrase.ts";
import { readInputFile } from "./read-input.ts";

const VARIABLE = "BOOTFERRY_LUKS_PASSPHRASE";

/** The key of a container that is to be made; a passphrase is asked for twice. @throws CliError; HostError */
export async function readNewLuksKey(context: CliContext, file: string | undefined): Promise<Uint8Array> {
  const given = givenKey(context, file);
  if (given !== undefined) return given;
  const why = "the encrypted medium needs a passphrase";
  const first = await askSecret(context, "Passphrase for the medium: ", why);
  const second = await askSecret(context, "Again: ", why);
  if (first !== second) throw new CliError("CLI_PASSPHRASE_MISMATCH", "the two passphrases differ");
  return nonEmpty(Buffer.from(first, "utf8"), "the passphrase");
}

/** The key that opens the container on `device`. @throws CliError; HostError */
export async function readLuksKey(context: CliContext, device: string, file: string | undefined): Promise<Uint8Array> {
  const given = givenKey(context, file);
  if (given !== undefined) return given;
  return Buffer.from(await askSecret(context, `Passphrase of ${device}: `, `${device} is encrypted`), "utf8");
}

function givenKey(context: CliContext, file: string | undefined): Uint8Array | undefined {
  if (file !== undefined) return nonEmpty(readInputFile(context.path(file)), file);
  const passphrase = context.env[VARIABLE];
  return passphrase === undefined ? undefined : nonEmpty(Buffer.from(passphrase, "utf8"), VARIABLE);
}

function nonEmpty(key: Uint8Array, what: string): Uint8Array {
  if (key.length === 0) throw new CliError("CLI_USAGE", `${what} is empty`);
  return key;
}
