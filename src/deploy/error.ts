/** What can keep a stored image from becoming a deployment that boots. */
import { CodedError, type ErrorTable, EXIT } from "../error.ts";

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
  | "DEPLOY_HOST_INVALID";

export const DEPLOY_ERRORS: ErrorTable<DeployErrorCode> = {
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
};

export class DeployError extends CodedError<DeployErrorCode> {
  constructor(code: DeployErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, DEPLOY_ERRORS, options);
  }
}
