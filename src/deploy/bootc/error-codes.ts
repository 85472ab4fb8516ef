/** What can go wrong between us and bootc: the part of the room's error table that only bootc hosts have. */
import { type ErrorTable, EXIT } from "../../error.ts";

export type BootcErrorCode =
  | "DEPLOY_BOOTC_MISSING"
  | "DEPLOY_BOOTC_TOO_OLD"
  | "DEPLOY_BOOTC_NOT_BOOTED"
  | "DEPLOY_BOOTC_LAYERED"
  | "DEPLOY_BOOTC_READ_ONLY"
  | "DEPLOY_BOOTC_TIMER_ACTIVE"
  | "DEPLOY_BOOTC_ANOTHER_WAITS"
  | "DEPLOY_BOOTC_RUNS_ALREADY"
  | "DEPLOY_BOOTC_IS_ROLLBACK"
  | "DEPLOY_BOOTC_NOT_STAGED"
  | "DEPLOY_BOOTC_STAGED_ANOTHER"
  | "DEPLOY_BOOTC_STILL_STAGED"
  | "DEPLOY_BOOTC_FAILED"
  | "DEPLOY_BOOTC_MISUNDERSTOOD"
  | "DEPLOY_BOOTC_SOURCE_UNREADABLE"
  | "DEPLOY_BOOTC_ETC_CONFLICT"
  | "DEPLOY_BOOTC_NO_PODMAN"
  | "DEPLOY_BOOTC_BOUND_IMAGES"
  | "DEPLOY_BOOTC_APPS_UNSUPPORTED"
  | "DEPLOY_BOOTC_NO_SOURCE"
  | "DEPLOY_BOOTC_SOURCE_NOT_RESTORED"
  | "DEPLOY_IMAGE_NOT_BOOTC"
  | "DEPLOY_LAYOUT_UNFIT"
  | "DEPLOY_LAYOUT_UNREADABLE"
  | "DEPLOY_NOT_NATIVE"
  | "DEPLOY_NOT_BOOTC";

export const BOOTC_ERRORS: ErrorTable<BootcErrorCode> = {
  DEPLOY_BOOTC_MISSING: {
    exit: EXIT.failed,
    remedy: 'Install bootc, or set `backend = "native"` in the table [deploy] of agent.toml where bootc is not used.',
  },
  DEPLOY_BOOTC_TOO_OLD: {
    exit: EXIT.failed,
    remedy: "Update bootc to 1.1 or newer, through the registry that this host follows.",
  },
  DEPLOY_BOOTC_NOT_BOOTED: {
    exit: EXIT.failed,
    remedy: "Install this host from a bootc image first (bootc-install(8)); a package-mode system cannot be updated.",
  },
  DEPLOY_BOOTC_LAYERED: {
    exit: EXIT.failed,
    remedy: "Take back the packages that were layered on this host (`rpm-ostree reset`), reboot, and try again.",
  },
  DEPLOY_BOOTC_READ_ONLY: {
    exit: EXIT.failed,
    remedy: "Install the system onto a disk: one that runs from a read-only medium cannot be updated.",
  },
  DEPLOY_BOOTC_TIMER_ACTIVE: {
    exit: EXIT.failed,
    remedy:
      "Switch bootc's own updates off: `systemctl mask --now bootc-fetch-apply-updates.timer`, in the image or on the host. " +
      "They would apply what is staged by themselves, and reboot.",
  },
  DEPLOY_BOOTC_ANOTHER_WAITS: {
    exit: EXIT.busy,
    remedy:
      "Reboot into the update that waits, or drop it (ostree hosts: `ostree admin undeploy 0`), then insert the medium again.",
  },
  DEPLOY_BOOTC_RUNS_ALREADY: {
    exit: EXIT.notApplicable,
    remedy: "Nothing is to be done: this host runs the image of the release, and its release is on record now.",
  },
  DEPLOY_BOOTC_IS_ROLLBACK: {
    exit: EXIT.notApplicable,
    remedy: "The image of the release is the one to go back to: boot it with `bootc rollback` and a reboot.",
  },
  DEPLOY_BOOTC_NOT_STAGED: {
    exit: EXIT.failed,
    remedy:
      "Look at `bootc status` and the journal, and insert the medium again; bootc took the image for one that it has.",
  },
  DEPLOY_BOOTC_STAGED_ANOTHER: {
    exit: EXIT.notTrusted,
    remedy:
      "Look who else runs bootc on this host, or writes to /var/lib/bootferry/os, then insert the medium again. What was staged is taken back.",
  },
  DEPLOY_BOOTC_STILL_STAGED: {
    exit: EXIT.failed,
    remedy:
      "Do not reboot before `bootc status` shows no staged image: what waits was not verified. On ostree hosts `ostree admin undeploy 0` drops it; elsewhere cut the power instead of shutting down.",
  },
  DEPLOY_BOOTC_FAILED: {
    exit: EXIT.failed,
    remedy: "Read bootc's own message above and mend what it names, then insert the medium again.",
  },
  DEPLOY_BOOTC_MISUNDERSTOOD: {
    exit: EXIT.failed,
    remedy: "Update bootferry: this bootc does not take the options that its help text named.",
  },
  DEPLOY_BOOTC_SOURCE_UNREADABLE: {
    exit: EXIT.failed,
    remedy:
      "Let everybody read /var/lib/bootferry/os and enter the directories above it: bootc before 1.16.4 reads it as nobody. Then insert the medium again.",
  },
  DEPLOY_BOOTC_ETC_CONFLICT: {
    exit: EXIT.failed,
    remedy: "Change the named paths below /etc of this host so that they can be merged, then insert the medium again.",
  },
  DEPLOY_BOOTC_NO_PODMAN: {
    exit: EXIT.failed,
    remedy: "Add podman to the image that this host runs: bootc needs it since 1.16.",
  },
  DEPLOY_BOOTC_BOUND_IMAGES: {
    exit: EXIT.failed,
    remedy: "Make the release again with its bound images on the medium (`bootferry release create` finds them).",
  },
  DEPLOY_BOOTC_APPS_UNSUPPORTED: {
    exit: EXIT.notApplicable,
    remedy:
      "Put the apps into the image itself, or use a host with bootc's ostree backend: the composefs backend removes bound images when it stages.",
  },
  DEPLOY_BOOTC_NO_SOURCE: {
    exit: EXIT.failed,
    remedy:
      "Name the source yourself: `bootc switch IMAGE`. Nothing is recorded on a host that followed no other source before.",
  },
  DEPLOY_BOOTC_SOURCE_NOT_RESTORED: {
    exit: EXIT.failed,
    remedy: "Read bootc's own message above, and run `bootc switch` by hand when the registry can be reached.",
  },
  DEPLOY_IMAGE_NOT_BOOTC: {
    exit: EXIT.notApplicable,
    remedy:
      "Build the image from a bootc base image for this architecture, with its labels and its whole history, and make a new release.",
  },
  DEPLOY_LAYOUT_UNFIT: {
    exit: EXIT.failed,
    remedy:
      "Keep the state of bootferry in a directory whose path has neither ':' nor '@': bootc could not be told it.",
  },
  DEPLOY_LAYOUT_UNREADABLE: {
    exit: EXIT.failed,
    remedy: "Let everybody enter the named directory (chmod o+x): this bootc reads images as the user nobody.",
  },
  DEPLOY_NOT_NATIVE: {
    exit: EXIT.failed,
    remedy:
      "Use bootc's own verbs on this host: `bootc status`, `bootc rollback`, `bootc usr-overlay`; media are installed by `bootferry agent run`.",
  },
  DEPLOY_NOT_BOOTC: {
    exit: EXIT.failed,
    remedy: "The command is for hosts that bootc deploys; this one is deployed by bootferry itself.",
  },
};
