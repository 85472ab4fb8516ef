/** The EFI variable by which `bootctl set-default` fixes what systemd-boot boots (UEFI 2.10, 8.2; systemd-boot(7)). */
import { readFileSync } from "node:fs";
import { errnoOf } from "../error.ts";
import { hostError } from "../host/error.ts";

const LOADER_ENTRY_DEFAULT = "/sys/firmware/efi/efivars/LoaderEntryDefault-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"; // systemd's vendor GUID
const ATTRIBUTE_BYTES = 4; // efivarfs puts the variable's attributes before its value

/** Its value, or undefined when it is not set or the machine has no EFI variables. @throws HostError */
export function readEfiDefault(path = LOADER_ENTRY_DEFAULT): string | undefined {
  try {
    const text = readFileSync(path).subarray(ATTRIBUTE_BYTES).toString("utf16le").replace(/\0+$/, "");
    return text === "" ? undefined : text;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return undefined;
    throw hostError(error, `reading ${path}`);
  }
}
