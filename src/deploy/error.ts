/** What can keep a stored image from becoming a deployment that boots. */
import { CodedError, type ErrorTable, EXIT } from "../error.ts";
import { BOOTC_ERRORS, type BootcErrorCode } from "./bootc/error-codes.ts";

export type DeployErrorCode =
  | "DEPLOY_NO_SPACE"
  | "DEPLOY_NO_INODES"
  | "DEPLOY_BOOT_NO_SPACE"
  | "DEPLOY_NO_KERNEL"
  | "DEPLOY_SEVERAL_KERNELS"
  | "DEPLOY_KARGS_INVALID"
  | "DEPLOY_UNCONFIRMED"
  | "DEPLOY_NOT_BOOTED"
  | "DEPLOY_BOOT_PARTITION_ABSENT"
  | "DEPLOY_NOT_STAGED"
  | "DEPLOY_NO_ROLLBACK"
  | "DEPLOY_ALREADY_INSTALLED"
  | "DEPLOY_ORIGIN_INVALID"
  | "DEPLOY_LOADER_UNSAFE"
  | "DEPLOY_IMAGE_UNSIGNED"
  | "DEPLOY_TRUST_LOCAL_REFUSED"
  | "DEPLOY_HOST_INVALID"
  | "DEPLOY_NOT_FOUND"
  | "DEPLOY_OVERLAY_UNAVAILABLE"
  | "DEPLOY_DISK_UNSUITABLE"
  | "DEPLOY_DISK_IN_USE"
  | "DEPLOY_DISK_NOT_EMPTY"
  | "DEPLOY_DISK_TOO_SMALL"
  | "DEPLOY_TARGET_NOT_MOUNTED"
  | "DEPLOY_MOUNT_SPEC_INVALID"
  | "DEPLOY_IMAGE_INCOMPLETE"
  | "DEPLOY_NO_LOADER"
  | "DEPLOY_ROOT_HOME_READ_ONLY"
  | "DEPLOY_INSTALL_CONFIG_INVALID"
  | "DEPLOY_INSTALL_CONFIG_REFUSED"
  | "DEPLOY_APP_TOOL_MISSING"
  | "DEPLOY_APP_NAME_UNFIT"
  | "DEPLOY_APP_NAME_TAKEN"
  | "DEPLOY_APP_NOT_LOADED"
  | BootcErrorCode;

export const DEPLOY_ERRORS: ErrorTable<DeployErrorCode> = {
  ...BOOTC_ERRORS,
  DEPLOY_NO_SPACE: {
    exit: EXIT.noSpace,
    remedy:
      "Free space on the device's root file system (`bootferry os gc` drops what no deployment needs), then insert the medium again.",
  },
  DEPLOY_NO_INODES: {
    exit: EXIT.noSpace,
    remedy: "Remove files on the device's root file system, or make it anew with more inodes (mkfs.ext4 -N).",
  },
  DEPLOY_BOOT_NO_SPACE: {
    exit: EXIT.noSpace,
    remedy:
      "Remove foreign files from the boot partition, or make it larger: it holds two kernels with their initramfs.",
  },
  DEPLOY_NO_KERNEL: {
    exit: EXIT.notApplicable,
    remedy:
      "Put a kernel and its initramfs into the image as /usr/lib/modules/VERSION/{vmlinuz,initramfs.img} and build the release again.",
  },
  DEPLOY_SEVERAL_KERNELS: {
    exit: EXIT.notApplicable,
    remedy:
      "Leave exactly one kernel in the image: remove the other directories below /usr/lib/modules that hold a vmlinuz.",
  },
  DEPLOY_KARGS_INVALID: {
    exit: EXIT.notApplicable,
    remedy:
      "Mend the named file in /usr/lib/bootc/kargs.d of the image: it takes the keys kargs and match-architectures only.",
  },
  DEPLOY_UNCONFIRMED: {
    exit: EXIT.busy,
    remedy:
      "Wait until the running system is confirmed (`bootferry os status`), then try again; it must be able to fall back until then.",
  },
  DEPLOY_NOT_BOOTED: {
    exit: EXIT.failed,
    remedy: "Boot one of the deployments first; with --sysroot that is `bootferry os simulate-boot`.",
  },
  DEPLOY_BOOT_PARTITION_ABSENT: {
    exit: EXIT.failed,
    remedy: "Mount the boot partition (`findmnt /boot`) and run the command again; nothing was changed without it.",
  },
  DEPLOY_NOT_STAGED: {
    exit: EXIT.failed,
    remedy: "Stage the release again: `bootferry os status` shows what is staged now.",
  },
  DEPLOY_NO_ROLLBACK: {
    exit: EXIT.failed,
    remedy: "There is no second deployment to go back to; install another release from a medium instead.",
  },
  DEPLOY_ALREADY_INSTALLED: {
    exit: EXIT.failed,
    remedy: "Name an empty directory, or update the installed system with `bootferry os upgrade`.",
  },
  DEPLOY_ORIGIN_INVALID: {
    exit: EXIT.failed,
    remedy: "Stage the release again from its medium; the damaged deployment is cleared away then.",
  },
  DEPLOY_LOADER_UNSAFE: {
    exit: EXIT.failed,
    remedy:
      "Remove the default entry of the boot loader (`bootctl set-default ''` and `default` in loader.conf): with it nothing would fall back.",
  },
  DEPLOY_IMAGE_UNSIGNED: {
    exit: EXIT.notTrusted,
    remedy: "Make a signed release of the image on the workstation with `bootferry release create`, and bring that.",
  },
  DEPLOY_TRUST_LOCAL_REFUSED: {
    exit: EXIT.notTrusted,
    remedy:
      "The policy of this device takes signed releases only: make one of the image with `bootferry release create`.",
  },
  DEPLOY_HOST_INVALID: {
    exit: EXIT.failed,
    remedy: "Update bootc or bootferry: the status that bootc printed is not the one that its v1 API promises.",
  },
  DEPLOY_NOT_FOUND: {
    exit: EXIT.failed,
    remedy: "Name one of the deployments that `bootferry os status` lists, or one of booted, staged and rollback.",
  },
  DEPLOY_OVERLAY_UNAVAILABLE: {
    exit: EXIT.failed,
    remedy:
      "Run the command as root on a booted device; a kernel before 6.19 refuses it when the root image is mounted from its file: try it with a newer one.",
  },
  DEPLOY_DISK_UNSUITABLE: {
    exit: EXIT.failed,
    remedy:
      "Name a whole, writable disk (`lsblk` lists them); to use partitions of your own, mount them and run `bootferry os install to-filesystem`.",
  },
  DEPLOY_DISK_IN_USE: {
    exit: EXIT.busy,
    remedy:
      "Name another disk, or unmount and close what is named (umount, swapoff, cryptsetup close, vgchange -an), then run the command again.",
  },
  DEPLOY_DISK_NOT_EMPTY: {
    exit: EXIT.failed,
    remedy: "Make sure that nothing on the disk is needed (`lsblk -f`), then run the command again with --wipe.",
  },
  DEPLOY_DISK_TOO_SMALL: {
    exit: EXIT.noSpace,
    remedy: "Use a larger disk, or other sizes with --esp-size and --root-size.",
  },
  DEPLOY_TARGET_NOT_MOUNTED: {
    exit: EXIT.failed,
    remedy:
      "Mount the root file system at the directory and the boot partition below it or at --boot, then run the command again.",
  },
  DEPLOY_MOUNT_SPEC_INVALID: {
    exit: EXIT.usage,
    remedy: "Name the file system as mount does: UUID=… (`blkid` shows it), LABEL=…, PARTUUID=… or a path in /dev.",
  },
  DEPLOY_IMAGE_INCOMPLETE: {
    exit: EXIT.notApplicable,
    remedy:
      "Build the image as docs/integration.md says (install-device makes what is missing), and make a new release.",
  },
  DEPLOY_NO_LOADER: {
    exit: EXIT.notApplicable,
    remedy:
      "Put systemd-boot into the image (Debian: systemd-boot-efi), or choose another loader with --boot-loader. docs/boot-loaders.md says what GRUB and U-Boot need.",
  },
  DEPLOY_ROOT_HOME_READ_ONLY: {
    exit: EXIT.notApplicable,
    remedy:
      "Make /root a link to /var/roothome in the image, or bring the keys in the image below /etc and name them in sshd_config (AuthorizedKeysFile).",
  },
  DEPLOY_INSTALL_CONFIG_INVALID: {
    exit: EXIT.notApplicable,
    remedy: "Mend the named file in the image (bootc-install-config(5) lists its keys) and make a new release.",
  },
  DEPLOY_INSTALL_CONFIG_REFUSED: {
    exit: EXIT.notApplicable,
    remedy: "Change the named key in the image: docs/install.md says what this engine can do.",
  },
  DEPLOY_APP_TOOL_MISSING: {
    exit: EXIT.notApplicable,
    remedy:
      "Put skopeo and podman into the system that runs on the device, by a release without containers of its own, then insert this one again.",
  },
  DEPLOY_APP_NAME_UNFIT: {
    exit: EXIT.notApplicable,
    remedy: "Make the release again with a bootferry that asks for full names of apps, such as docker.io/acme/ui:7.",
  },
  DEPLOY_APP_NAME_TAKEN: {
    exit: EXIT.notApplicable,
    remedy:
      "Give each version of an app a tag or a digest of its own, in the quadlet and in the release: under one name the system before would start the new image after a rollback.",
  },
  DEPLOY_APP_NOT_LOADED: {
    exit: EXIT.failed,
    remedy:
      "Run `podman images` on the device to see whether its container storage works and has room, then insert the medium again.",
  },
};

export class DeployError extends CodedError<DeployErrorCode> {
  constructor(code: DeployErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, DEPLOY_ERRORS, options);
  }
}
