/**
 * Passphrases of private keys: from a file, from BOOTFERRY_PASSPHRASE, or typed on a terminal without echo.
 *
 * Never from an argument, which every user of the machine could read in the list of processes.
 */
import type { CliContext } from "./context.ts";
import { CliError } from "./error.ts";
import { readInputFile } from "./read-input.ts";

const VARIABLE = "BOOTFERRY_PASSPHRASE";

/** The passphrase for a new key; on a terminal it is asked for twice. @throws CliError; HostError */
export async function readNewPassphrase(context: CliContext, file: string | undefined): Promise<string> {
  const given = givenPassphrase(context, file);
  if (given !== undefined) return given;
  const first = await askSecret(context, "Passphrase for the new key: ", "the new key needs a passphrase");
  const second = await askSecret(context, "Again: ", "the new key needs a passphrase");
  if (first !== second) throw new CliError("CLI_PASSPHRASE_MISMATCH", "the two passphrases differ");
  return first;
}

/** The passphrase that opens the key at `keyFile`. @throws CliError; HostError */
export async function readPassphrase(context: CliContext, keyFile: string, file: string | undefined): Promise<string> {
  const given = givenPassphrase(context, file);
  return given ?? askSecret(context, `Passphrase for ${keyFile}: `, `${keyFile} is encrypted`);
}

function givenPassphrase(context: CliContext, file: string | undefined): string | undefined {
  if (file === undefined) return context.env[VARIABLE];
  return readInputFile(context.path(file))
    .toString("utf8")
    .replace(/\r?\n$/, ""); // editors end the last line
}

const END_OF_TEXT = "\u0003"; // what Ctrl-C sends while the terminal is raw
const END_OF_TRANSMISSION = "\u0004"; // Ctrl-D
const ERASERS: readonly string[] = ["\u0008", "\u007f"]; // backspace and delete

/** Asks on the terminal, without echo. @param why it is asked for: what is said when there is no terminal */
export function askSecret(context: CliContext, prompt: string, why: string): Promise<string> {
  const { stdin, stderr } = context;
  if (!stdin.isTTY || stdin.setRawMode === undefined) {
    throw new CliError("CLI_PASSPHRASE_NEEDED", `${why} and there is no terminal to ask on`);
  }
  stderr.write(prompt);
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  return new Promise((resolve, reject) => {
    let typed = "";
    const finish = (settle: () => void) => {
      stdin.off("data", onData);
      stdin.setRawMode?.(false);
      stdin.pause();
      stderr.write("\n");
      settle();
    };
    const onData = (text: string) => {
      for (const character of text) {
        if (character === "\r" || character === "\n") return finish(() => resolve(typed));
        if (character === END_OF_TEXT || character === END_OF_TRANSMISSION) {
          return finish(() => reject(new CliError("CLI_PASSPHRASE_NEEDED", `${why} and none was typed`)));
        }
        typed = ERASERS.includes(character) ? typed.slice(0, -1) : typed + character;
      }
    };
    stdin.on("data", onData);
    stdin.resume();
  });
}
