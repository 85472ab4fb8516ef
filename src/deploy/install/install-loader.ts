/**
 * Puts systemd-boot onto a new ESP, from the image and not from this machine: the loader that the image was tested with.
 *
 *     EFI/systemd/systemd-bootx64.efi     where bootctl looks for it
 *     EFI/BOOT/BOOTX64.EFI                where firmware without boot variables looks
 *     loader/loader.conf                  no menu; no `default`, with which nothing would fall back
 */
import { publishFile } from "../../boot/publish-file.ts";
import type { Exec } from "../../host/exec.ts";
import { type AbsPath, below } from "../../path.ts";

const LOADER_CONF = "# No `default`: the first entry that is not used up is booted.\ntimeout 0\n";

/** @param efiArchitecture `x64`. Idempotent. @throws HostError */
export async function installSystemdBoot(
  exec: Exec,
  boot: AbsPath,
  { efiArchitecture, bytes }: { readonly efiArchitecture: string; readonly bytes: Uint8Array },
): Promise<void> {
  await publishFile(exec, below(boot, "EFI", "systemd", `systemd-boot${efiArchitecture}.efi`), bytes);
  await publishFile(exec, below(boot, "EFI", "BOOT", `BOOT${efiArchitecture.toUpperCase()}.EFI`), bytes);
  await publishFile(exec, below(boot, "loader", "loader.conf"), Buffer.from(LOADER_CONF));
}
