/**
 * GPT partition types that we make (UAPI Group, Discoverable Partitions Specification).
 *
 * The root partition has the type of its architecture, so that tools can mount the disk without being told how. Our own
 * boot entries name the file system by UUID all the same: a second disk with the same type must not be taken for it.
 */

export const ESP_TYPE = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
/** A boot partition that no firmware reads: the boot loader does. */
export const EXTENDED_BOOT_TYPE = "BC13C2FF-59E6-4262-A352-B275FD6F7172";
/** Where GRUB keeps its core on a BIOS machine with GPT. */
export const BIOS_BOOT_TYPE = "21686148-6449-6E6F-744E-656564454649";
const LINUX_TYPE = "0FC63DAF-8483-4772-8E79-3D69D8477DE4";

/** GOARCH as OCI images have it → root partition. */
const ROOT_TYPES: Readonly<Record<string, string>> = {
  amd64: "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709",
  "386": "44479540-F297-41B2-9AF7-D131D5F0458A",
  arm64: "B921B045-1DF0-41C3-AF44-4C6F280D3FAE",
  arm: "69DAD710-2CE4-4E3C-B16C-21A1D49ABED3",
  riscv64: "72EC70A6-CF74-40E6-BD49-4BDA08E8F224",
  ppc64le: "C31C45E6-3F39-412E-80FB-4809C4980599",
  s390x: "5EEAD9A9-FE09-4A1E-A1D7-520D00531306",
  loong64: "77055800-792C-4F94-B39A-98C91B762BB6",
};

/** @param architecture as the OCI image names it: `amd64`, `arm/v7` */
export function rootPartitionType(architecture: string): string {
  const [family = architecture] = architecture.split("/");
  return ROOT_TYPES[family] ?? LINUX_TYPE;
}
