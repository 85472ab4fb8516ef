/** Which boot loader a new device gets. Pure. */
import { type AbsPath, parseAbsPath } from "../../path.ts";
import type { DirectoryNode, FileContent } from "../../tree/node.ts";
import { resolveNode } from "../../tree/walk.ts";
import { DeployError } from "../error.ts";
import type { DiskLoader } from "./disk-layout.ts";
import type { BootFilesystem } from "./install-target.ts";

/** GOARCH → the architecture in the names of EFI programs (UEFI 2.10, 3.5.1.1). */
const EFI_ARCHITECTURES: Readonly<Record<string, string>> = {
  amd64: "x64",
  "386": "ia32",
  arm64: "aa64",
  arm: "arm",
  riscv64: "riscv64",
  loong64: "loongarch64",
};

/** The only platform that our GRUB is installed for: `i386-pc`, a PC with a BIOS. */
const BIOS_ARCHITECTURES: readonly string[] = ["amd64", "386"];

export interface LoaderWishes {
  /** `--boot-loader`. */
  readonly named: DiskLoader | undefined;
  /** `bootloader` of the image's install configuration. */
  readonly configured: DiskLoader | undefined;
  readonly architecture: string;
  /** How this machine was started, when it is the one that the disk belongs to; undefined for an image file. */
  readonly firmware: "uefi" | "bios" | undefined;
}

/**
 * What was asked for, else what the image asks for, else what fits the firmware: GRUB on a PC with a BIOS, systemd-boot
 * everywhere else.
 */
export function chooseLoader({ named, configured, architecture, firmware }: LoaderWishes): DiskLoader {
  const isPc = BIOS_ARCHITECTURES.includes(familyOf(architecture));
  return named ?? configured ?? (firmware === "bios" && isPc ? "grub" : "systemd-boot");
}

/** Requires that the architecture has the loader. @throws DeployError DEPLOY_NO_LOADER */
export function requireLoaderFits(loader: DiskLoader, architecture: string): void {
  const isPc = BIOS_ARCHITECTURES.includes(familyOf(architecture));
  if (loader === "grub" && !isPc) {
    throw new DeployError("DEPLOY_NO_LOADER", `GRUB is installed on PCs with a BIOS only, not for ${architecture}`);
  }
}

/** These count on the journal of ext4: with them a rename is what makes an entry. @throws DeployError DEPLOY_NO_LOADER */
export function requireBootFilesystem(loader: DiskLoader, type: BootFilesystem["type"]): void {
  if ((loader === "grub" || loader === "u-boot") && type !== "ext4") {
    throw new DeployError("DEPLOY_NO_LOADER", `the boot partition is ${type}: expected ext4 for ${loader}`);
  }
}

/** What an image needs to tell U-Boot what to count. The environment itself is the board's. */
const U_BOOT_CONFIG = parseAbsPath("/etc/fw_env.config");
const U_BOOT_TOOLS: readonly AbsPath[] = ["/usr/bin/fw_setenv", "/usr/sbin/fw_setenv"].map(parseAbsPath);

/** Requires that the image can change U-Boot's environment. @throws DeployError DEPLOY_NO_LOADER */
export function requireUBootTools(root: DirectoryNode): void {
  const isFile = (path: AbsPath) => resolveNode(root, path)?.kind === "file";
  const missing = isFile(U_BOOT_CONFIG)
    ? "fw_setenv (Debian: libubootenv-tool)"
    : `${U_BOOT_CONFIG}, which says where U-Boot's environment is`;
  if (isFile(U_BOOT_CONFIG) && U_BOOT_TOOLS.some(isFile)) return;
  throw new DeployError("DEPLOY_NO_LOADER", `the image has no ${missing}`);
}

export interface EfiLoader {
  /** As EFI names it: `x64`. */
  readonly efiArchitecture: string;
  readonly path: AbsPath;
  readonly content: FileContent;
}

/** The systemd-boot that the image carries. @throws DeployError DEPLOY_NO_LOADER */
export function findSystemdBoot(root: DirectoryNode, architecture: string): EfiLoader {
  const efiArchitecture = EFI_ARCHITECTURES[familyOf(architecture)];
  if (efiArchitecture === undefined) {
    throw new DeployError("DEPLOY_NO_LOADER", `there is no systemd-boot for ${architecture}`);
  }
  const path = parseAbsPath(`/usr/lib/systemd/boot/efi/systemd-boot${efiArchitecture}.efi`);
  const node = resolveNode(root, path);
  if (node?.kind !== "file") throw new DeployError("DEPLOY_NO_LOADER", `the image has no ${path}`);
  return { efiArchitecture, path, content: node.content };
}

function familyOf(architecture: string): string {
  const [family = architecture] = architecture.split("/");
  return family;
}
