/**
 * What the /etc of a new device gets besides the files of the image: the mount of its boot partition, and keys for root.
 *
 * Both belong to this one device, so they come by the merge of /etc from one deployment to the next.
 */
import { type ByteString, parseRelPath, type RelPath, utf8ToByteString } from "../../path.ts";
import type { DirectoryNode } from "../../tree/node.ts";
import { DeployError } from "../error.ts";
import type { EtcFile } from "../native/install.ts";
import type { BootFilesystem } from "./install-target.ts";

const BOOT_MOUNT = parseRelPath("systemd/system/boot.mount");
/** Wanted and not required: a boot partition that is gone must not end in emergency mode, where nobody sits. */
const BOOT_MOUNT_WANTED = parseRelPath("systemd/system/local-fs.target.wants/boot.mount");

/** The unit that mounts the boot partition at /boot, and the link that has it started. */
export function bootMountFiles({ type, what }: BootFilesystem): ReadonlyMap<RelPath, EtcFile> {
  // Kernels and entries there are what boots next: nobody but root reads or writes them, and no program runs from there.
  const options = ["nosuid", "nodev", "noexec", ...(type === "vfat" ? ["umask=0077"] : [])];
  const unit = `# Written by bootferry os install.
[Unit]
Description=Boot partition
Documentation=man:systemd.mount(5)

[Mount]
What=${what}
Where=/boot
Type=${type}
Options=${options.join(",")}
`;
  return new Map<RelPath, EtcFile>([
    [BOOT_MOUNT, Buffer.from(unit)],
    [BOOT_MOUNT_WANTED, { link: "../boot.mount" }],
  ]);
}

const ROOT_KEYS = parseRelPath("tmpfiles.d/bootferry-root-ssh.conf");

/**
 * Keys by which root may log in, as a tmpfiles.d(5) file like bootc's: systemd-tmpfiles writes them into root's home when
 * there are none.
 * @throws DeployError DEPLOY_ROOT_HOME_READ_ONLY when root's home is a part of the image, which nothing can be written to
 */
export function rootKeyFiles(root: DirectoryNode, authorizedKeys: Uint8Array): ReadonlyMap<RelPath, EtcFile> {
  if (!isBelowVar(root)) {
    throw new DeployError(
      "DEPLOY_ROOT_HOME_READ_ONLY",
      "/root of the image is no link to /var/roothome, and so read-only",
    );
  }
  const lines = [
    "d /var/roothome 0700 root root -",
    "d /var/roothome/.ssh 0700 root root -",
    `f~ /var/roothome/.ssh/authorized_keys 0600 root root - ${Buffer.from(authorizedKeys).toString("base64")}`,
  ];
  return new Map([[ROOT_KEYS, Buffer.from(`${lines.join("\n")}\n`)]]);
}

/** True when `/root` is a link to /var/roothome, as on bootc's images. */
function isBelowVar(root: DirectoryNode): boolean {
  const node = root.entries.get(utf8ToByteString("root"));
  const targets: readonly ByteString[] = ["var/roothome", "/var/roothome"].map(utf8ToByteString);
  return node?.kind === "symlink" && targets.includes(node.target);
}
