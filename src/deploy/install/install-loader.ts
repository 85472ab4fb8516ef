/** Puts the chosen boot loader onto a new boot partition. */
import { installGrub } from "../../boot/install-grub.ts";
import { installForUBoot } from "../../boot/install-u-boot.ts";
import { publishFile } from "../../boot/publish-file.ts";
import type { Exec } from "../../host/exec.ts";
import { type AbsPath, below } from "../../path.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { readFileContent } from "../../store/read-content.ts";
import { DeployError } from "../error.ts";
import type { EfiLoader } from "./choose-loader.ts";
import type { DiskLoader } from "./disk-layout.ts";
import type { InstallTarget } from "./install-target.ts";

export interface PlannedLoader {
  readonly kind: DiskLoader;
  /** Of systemd-boot, in the image; undefined for the others. */
  readonly efi: EfiLoader | undefined;
}

/**
 * Idempotent.
 * @throws DeployError DEPLOY_NO_LOADER; BootError BOOT_LOADER_NOT_INSTALLED; StoreError; HostError
 */
export async function installLoader(
  { exec, store }: { readonly exec: Exec; readonly store: ObjectStore },
  { paths: { boot }, disk }: InstallTarget,
  { kind, efi }: PlannedLoader,
): Promise<void> {
  switch (kind) {
    case "systemd-boot":
      if (efi === undefined) throw new TypeError("systemd-boot comes from the image");
      return installSystemdBoot(exec, boot, efi.efiArchitecture, readFileContent(store, efi.content));
    case "grub":
      if (disk === undefined)
        throw new DeployError("DEPLOY_NO_LOADER", `no disk is known that GRUB could be written to`);
      return installGrub({ boot, disk, exec });
    case "u-boot":
      return installForUBoot(exec, boot);
    case "none":
      return;
  }
}

const LOADER_CONF = "# No `default`: the first entry that is not used up is booted.\ntimeout 0\n";

/**
 * systemd-boot from the image and not from this machine: the one that the image was tested with.
 *
 *     EFI/systemd/systemd-bootx64.efi     where bootctl looks for it
 *     EFI/BOOT/BOOTX64.EFI                where firmware without boot variables looks
 *     loader/loader.conf                  no menu; no `default`, with which nothing would fall back
 */
async function installSystemdBoot(
  exec: Exec,
  boot: AbsPath,
  efiArchitecture: string,
  bytes: Uint8Array,
): Promise<void> {
  await publishFile(exec, below(boot, "EFI", "systemd", `systemd-boot${efiArchitecture}.efi`), bytes);
  await publishFile(exec, below(boot, "EFI", "BOOT", `BOOT${efiArchitecture.toUpperCase()}.EFI`), bytes);
  await publishFile(exec, below(boot, "loader", "loader.conf"), Buffer.from(LOADER_CONF));
}
