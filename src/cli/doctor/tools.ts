/**
 * Every program that bootferry runs, the one list: what it is needed for, where, and which package brings it.
 *
 * A test reads the sources and finds each program that they run in this list. Packages are those of Debian 13 and Fedora; on
 * Fedora the small tools of util-linux are partly in util-linux-core, which comes with it.
 */

/** When a tool is required; in all other cases it is not needed, but for `optional`. */
export type Need =
  | "always"
  /** Nothing of the normal course needs it. */
  | "optional"
  /** Of a real machine, not of one that is simulated in a directory. */
  | "machine"
  | "bootc"
  /** On bootc hosts, and they get along without it. */
  | "optional with bootc"
  | "grub or u-boot"
  | "u-boot"
  /** Files are to be sealed: required or optional, as `[store] fs-verity` says. */
  | "seals"
  /** Media are encrypted: required when agent.toml names a key file, optional otherwise. */
  | "encrypted media";

export interface Tool {
  /** One of them is enough. */
  readonly names: readonly [string, ...string[]];
  /** Null where the distribution has no package with it. */
  readonly debian: string | null;
  readonly fedora: string | null;
  readonly why: string;
  readonly workstation?: Need;
  readonly device?: Need;
}

type Where = Pick<Tool, "workstation" | "device">;

const BOTH: Where = { workstation: "always", device: "always" };
const FORMATTING: Where = { workstation: "optional" };
const ENCRYPTED: Where = { workstation: "optional", device: "encrypted media" };

function tool(names: string, debian: string | null, fedora: string | null, why: string, where: Where): Tool {
  return { names: names.split("|") as [string, ...string[]], debian, fedora, why, ...where };
}

const UTIL_LINUX = ["util-linux", "util-linux"] as const;
const MOUNT = ["mount", "util-linux"] as const;
const COREUTILS = ["coreutils", "coreutils"] as const;
const SYSTEMD = ["systemd", "systemd"] as const;

export const TOOLS: readonly Tool[] = [
  tool("sh", "dash", "bash", "holds locks; remounts the physical root for container images", BOTH),
  tool("sync", ...COREUTILS, "has what was written reach the disk before anything names it", BOTH),
  tool("flock", ...UTIL_LINUX, "keeps two bootferrys from writing at once", BOTH),
  tool("df", ...COREUTILS, "says what is mounted, as a second opinion beside lsblk", {
    workstation: "optional",
    device: "machine",
  }),
  tool("lsblk", ...UTIL_LINUX, "finds sticks, and tells them from system disks", {
    workstation: "always",
    device: "machine",
  }),
  tool("blkid", ...UTIL_LINUX, "says what is on a stick before it is mounted", {
    workstation: "always",
    device: "machine",
  }),
  tool("mount", ...MOUNT, "mounts media", { workstation: "always", device: "machine" }),
  tool("umount", ...MOUNT, "takes media out again", { workstation: "always", device: "machine" }),
  tool("mountpoint", ...UTIL_LINUX, "sees what an interrupted run has left mounted", { device: "machine" }),
  tool("skopeo", "skopeo", "skopeo", "reads images from registries, podman and docker; `release push`, `pull`", {
    workstation: "optional",
    device: "optional",
  }),
  tool("podman", "podman", "podman", "holds the container images that a system binds", { device: "optional" }),
  tool("unshare", ...UTIL_LINUX, "writes bound container images where the physical root is read-only", {
    device: "optional",
  }),
  tool("wipefs", ...UTIL_LINUX, "`media format` and `os install to-disk`: sees and erases what was there", FORMATTING),
  tool("sfdisk", "fdisk", "util-linux", "`media format --partition-table`, `os install to-disk`", FORMATTING),
  tool("partx", ...UTIL_LINUX, "`os install to-disk` where there is no udev", FORMATTING),
  tool("mkfs.vfat", "dosfstools", "dosfstools", "media with FAT; the ESP of `os install to-disk`", FORMATTING),
  tool("fatlabel", "dosfstools", "dosfstools", "labels media with FAT", FORMATTING),
  tool("mkfs.exfat", "exfatprogs", "exfatprogs", "media with exFAT, for blobs of 4 GiB and more", FORMATTING),
  tool("exfatlabel", "exfatprogs", "exfatprogs", "labels media with exFAT", FORMATTING),
  tool("mkfs.ext4", "e2fsprogs", "e2fsprogs", "media with ext4; the root of `os install to-disk`", FORMATTING),
  tool("e2label", "e2fsprogs", "e2fsprogs", "labels media with ext4", FORMATTING),
  tool("losetup", ...MOUNT, "`os install to-disk --via-loopback`", FORMATTING),
  tool("findmnt", ...UTIL_LINUX, "`os install to-filesystem` onto mounted partitions", FORMATTING),
  tool("grub-install", "grub2-common, grub-pc-bin", null, "`os install` with GRUB", FORMATTING),
  tool("cryptsetup", "cryptsetup-bin", "cryptsetup", "opens encrypted media (LUKS2)", ENCRYPTED),
  tool("prlimit", ...UTIL_LINUX, "bounds the memory that opening an encrypted medium may take", {
    device: "encrypted media",
  }),
  tool("systemd-ask-password", ...SYSTEMD, "asks before the device for the passphrase of a medium", {
    device: "encrypted media",
  }),
  tool("dmsetup", "dmsetup", "device-mapper", "closes an encrypted medium that was pulled", {
    device: "encrypted media",
  }),
  tool("udevadm", "udev", "systemd-udev", "tells that a stick has come; waits for partitions", {
    workstation: "optional",
    device: "machine",
  }),
  tool("udisksctl", "udisks2", "udisks2", "`media eject` without root, and switching a stick off", FORMATTING),
  tool("eject", "eject", "util-linux", "`media eject` where udisks2 is not there", FORMATTING),
  tool("systemctl", ...SYSTEMD, "reboots, and starts what comes after the medium", { device: "machine" }),
  tool("systemd-inhibit", ...SYSTEMD, "keeps people from rebooting while an image is compared with its signature", {
    device: "optional with bootc",
  }),
  tool("logger", "bsdutils", "util-linux", "writes entries with fields into the systemd journal", {
    device: "optional",
  }),
  tool("journalctl", ...SYSTEMD, "`agent export-logs`: the journal", { device: "optional" }),
  tool("uname", ...COREUTILS, "`agent export-logs`: the kernel", { device: "optional" }),
  tool("timedatectl", ...SYSTEMD, "says whether the clock can be believed", { device: "machine" }),
  tool("modprobe", "kmod", "kmod", "loads device-mapper for encrypted media", { device: "encrypted media" }),
  tool("timeout", ...COREUTILS, "ends health checks and hooks that hang", { device: "always" }),
  tool("xargs", "findutils", "findutils", "has many files sealed by one program", {
    workstation: "optional",
    device: "seals",
  }),
  tool("fsverity", "fsverity", "fsverity-utils", "seals stored files, so that the kernel checks what it reads", {
    workstation: "optional",
    device: "seals",
  }),
  tool("tar", "tar", "tar", "carries access control lists and attributes of /etc into the next system", {
    device: "optional",
  }),
  tool("cp", ...COREUTILS, "writes access control lists and attributes of /etc", { device: "optional" }),
  tool("fsfreeze", ...UTIL_LINUX, "empties the journal of the boot partition, which GRUB and U-Boot do not read", {
    device: "grub or u-boot",
  }),
  tool("fw_setenv", "libubootenv-tool", "libubootenv", "writes U-Boot's environment, where tries are counted", {
    device: "u-boot",
  }),
  tool("bootc", null, "bootc", "deploys on bootc hosts", { device: "bootc" }),
  tool("mkfifo", ...COREUTILS, "hears bootc's progress", { device: "bootc" }),
  tool("ostree", "ostree", "ostree", "takes a stage of bootc back that is not what was signed", {
    device: "optional with bootc",
  }),
  tool("grub2-editenv|grub-editenv", "grub-common", "grub2-tools-minimal", "has GRUB count the boots of a bootc host", {
    device: "optional with bootc",
  }),
  tool("openssl", "openssl", "openssl", "checks a release by hand; bootferry itself does not use it", FORMATTING),
];
