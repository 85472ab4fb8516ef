/** A support key that a person names: its passphrase is looked for only when it is encrypted. */

import { parseSupportKey } from "../support/age.ts";
import { SupportError } from "../support/error.ts";
import type { CliContext } from "./context.ts";
import { readPassphrase } from "./passphrase.ts";
import { readInputFile } from "./read-input.ts";

/** @throws SupportError SUPPORT_KEY_INVALID, SUPPORT_PASSPHRASE_WRONG; CliError CLI_PASSPHRASE_NEEDED; HostError */
export async function openSupportKey(
  context: CliContext,
  file: string,
  passphraseFile: string | undefined,
): Promise<readonly string[]> {
  const text = readInputFile(context.path(file)).toString("utf8");
  try {
    return await parseSupportKey(text);
  } catch (error) {
    if (!(error instanceof SupportError) || error.code !== "SUPPORT_PASSPHRASE_NEEDED") throw error;
  }
  return parseSupportKey(text, await readPassphrase(context, file, passphraseFile));
}
