/** Which boot loader a new device gets. Pure. */
import { type AbsPath, parseAbsPath } from "../../path.ts";
import type { DirectoryNode, FileContent } from "../../tree/node.ts";
import { resolveNode } from "../../tree/walk.ts";
import { DeployError } from "../error.ts";
import type { DiskLoader } from "./disk-layout.ts";

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
