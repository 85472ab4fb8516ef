/** TOML files of an image, which a person wrote: what is wrong with one is said with its path. */
import { parse, TomlError } from "smol-toml";
import { DeployError, type DeployErrorCode } from "../error.ts";

/** @throws DeployError `code` */
export function parseImageToml(bytes: Uint8Array, path: string, code: DeployErrorCode): unknown {
  try {
    return parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    if (!(error instanceof TomlError || error instanceof TypeError)) throw error;
    throw new DeployError(code, `${path}: ${error.message.split("\n")[0]}`, { cause: error });
  }
}
