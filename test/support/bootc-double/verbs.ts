/** The verbs and options of bootc that an updater meets, and since when; the parser and the help come from them. */
import type { Feature } from "./features.ts";

export interface OptionSpec {
  readonly flag: string;
  readonly short?: string;
  /** The name of its value; without one it is a switch. */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly help: string;
  /** Works, but `--help` is silent about it. */
  readonly isHidden?: boolean;
  readonly since?: Feature;
  readonly conflicts?: readonly string[];
}

export interface VerbSpec {
  readonly name: string;
  readonly alias?: string;
  readonly about: string;
  readonly isHidden?: boolean;
  readonly positional?: { readonly name: string; readonly isOptionalWith?: string };
  /** Words that follow the verb, as in `image list`. */
  readonly words?: readonly string[];
  readonly options: readonly OptionSpec[];
}

const quiet: OptionSpec = { flag: "--quiet", help: "Don't display progress" };
const apply: OptionSpec = { flag: "--apply", help: "Restart or reboot into the new target image" };
const softReboot: OptionSpec = {
  flag: "--soft-reboot",
  value: "SOFT_REBOOT",
  choices: ["required", "auto"],
  help: "Configure soft reboot behavior",
  since: "softReboot",
};
const progressFd: OptionSpec = {
  flag: "--progress-fd",
  value: "PROGRESS",
  help: "File descriptor for JSON progress",
  isHidden: true,
  since: "progressFd",
};

const twoPhases = (since: Feature): readonly OptionSpec[] => [
  {
    flag: "--download-only",
    help: "Download and stage the update without applying it",
    since,
    conflicts: ["--check", "--apply"],
  },
  {
    flag: "--from-downloaded",
    help: "Apply a staged deployment that was previously downloaded with --download-only",
    since,
    conflicts: ["--check", "--download-only"],
  },
];

export const VERBS: readonly VerbSpec[] = [
  {
    name: "upgrade",
    alias: "update",
    about: "Download and queue an updated container image to apply",
    options: [
      quiet,
      {
        flag: "--check",
        help: "Check if an update is available without applying it",
        conflicts: ["--apply", "--soft-reboot"],
      },
      apply,
      softReboot,
      ...twoPhases("upgradeDownloadOnly"),
      {
        flag: "--tag",
        value: "TAG",
        help: "Upgrade to a different tag of the currently booted image",
        since: "upgradeTag",
      },
      progressFd,
    ],
  },
  {
    name: "switch",
    about: "Target a new container image reference to boot",
    positional: { name: "TARGET", isOptionalWith: "--from-downloaded" },
    options: [
      quiet,
      apply,
      softReboot,
      {
        flag: "--transport",
        value: "TRANSPORT",
        help: "The transport; e.g. registry, oci, oci-archive, docker-daemon, containers-storage.  Defaults to `registry`",
      },
      { flag: "--no-signature-verification", help: "This is a no-op", isHidden: true },
      { flag: "--enforce-container-sigpolicy", help: "Enforce a container signature policy" },
      { flag: "--mutate-in-place", help: "Don't create a new deployment", isHidden: true },
      { flag: "--retain", help: "Retain reference to currently booted image" },
      { flag: "--experimental-unified-storage", help: "Use unified storage path", isHidden: true },
      ...twoPhases("switchDownloadOnly"),
      progressFd,
    ],
  },
  {
    name: "rollback",
    about: "Change the bootloader entry ordering; the deployment under `rollback` will be queued for the next boot",
    options: [apply, softReboot],
  },
  {
    name: "edit",
    about: "Apply full changes to the host specification",
    options: [{ flag: "--filename", short: "-f", value: "FILENAME", help: "Use this file instead of $EDITOR" }, quiet],
  },
  {
    name: "status",
    about: "Display status",
    options: [
      { flag: "--json", help: "Output in JSON format", isHidden: true },
      {
        flag: "--format",
        value: "FORMAT",
        choices: ["humanreadable", "yaml", "json"],
        help: "The output format",
      },
      { flag: "--format-version", value: "FORMAT_VERSION", help: "The desired format version" },
      { flag: "--booted", help: "Only display status for the booted deployment" },
      { flag: "--verbose", short: "-v", help: "Include additional fields in human readable format" },
    ],
  },
  {
    name: "usr-overlay",
    alias: "usroverlay",
    about: "Add a transient writable overlayfs on `/usr`",
    options: [{ flag: "--read-only", help: "Mount the overlayfs as read-only", since: "usrOverlayStatus" }],
  },
  {
    name: "image",
    about: "Operations on container images",
    isHidden: true,
    words: ["list", "pull-from-default-storage"],
    positional: { name: "IMAGE", isOptionalWith: "list" },
    options: [
      { flag: "--type", value: "LIST_TYPE", choices: ["all", "logical", "host"], help: "Type of image to list" },
      { flag: "--format", value: "LIST_FORMAT", choices: ["table", "json"], help: "Output format" },
    ],
  },
];
