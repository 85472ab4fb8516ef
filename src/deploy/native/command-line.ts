/**
 * What the kernel command line says about the deployment that runs: the one source that no lost file can contradict.
 *
 *     composefs.digest=v1-sha256-12:<64 hex> bootferry.deployment=<id> bootferry.verity=<level> panic=10 systemd.crash_reboot=yes <kargs>
 *
 * The image's digest makes what boots what was signed; the level says what the initramfs asks of fs-verity. `panic` and `crash_reboot` turn a kernel panic and a crash of
 * systemd into a reboot, so that the tries of a new deployment are counted down without a person. They stay after it is
 * confirmed: the entry that proved itself is the one that is kept, byte for byte, and a machine without a keyboard is
 * better off with them. Arguments of the image and of the machine come later and win (`panic=0`).
 */
import { type ImageDigest, parseImageDigest } from "../../composefs/image-digest.ts";
import { CodedError } from "../../error.ts";
import { type DeploymentId, isDeploymentId } from "../deployment-id.ts";

const DIGEST_KEY = "composefs.digest=";
const DEPLOYMENT_KEY = "bootferry.deployment=";
const VERITY_KEY = "bootferry.verity=";
const REBOOT_ON_CRASH = ["panic=10", "systemd.crash_reboot=yes"]; // 10 s: time to read the last lines on a screen

/**
 * What the initramfs asks of fs-verity when it mounts the image: `off`, nothing, since the objects are not sealed; `on`, a
 * seal on each object, unless the kernel's overlayfs cannot ask; `required`, a seal on each object or no boot.
 */
export type VerityLevel = "off" | "on" | "required";

const VERITY_LEVELS: readonly VerityLevel[] = ["off", "on", "required"];

export interface RunningDeployment {
  readonly id: DeploymentId | undefined;
  readonly imageDigest: ImageDigest | undefined;
  /** Undefined where the command line does not say it, as those of entries before there were levels. */
  readonly verity: VerityLevel | undefined;
}

export interface Kargs {
  /** From kargs.d of the image. */
  readonly image: readonly string[];
  /** Of this machine; they survive updates. */
  readonly local: readonly string[];
}

export interface CommandLine {
  readonly id: DeploymentId;
  readonly imageDigest: ImageDigest;
  readonly verity: VerityLevel;
  readonly kargs: Kargs;
}

/** The arguments of a boot entry, in order. */
export function formatCommandLine({ id, imageDigest, verity, kargs }: CommandLine): readonly string[] {
  const own = [`${DIGEST_KEY}${imageDigest}`, `${DEPLOYMENT_KEY}${id}`, `${VERITY_KEY}${verity}`];
  return [...own, ...REBOOT_ON_CRASH, ...kargs.image, ...kargs.local];
}

/** The first of each counts, as for the initramfs: a later one on the line is not ours. */
export function parseCommandLine(words: readonly string[]): RunningDeployment {
  const id = argumentOf(words, DEPLOYMENT_KEY);
  const digest = argumentOf(words, DIGEST_KEY);
  return {
    id: id !== undefined && isDeploymentId(id) ? id : undefined,
    imageDigest: digest === undefined ? undefined : imageDigestOrNothing(digest),
    verity: VERITY_LEVELS.find((level) => level === argumentOf(words, VERITY_KEY)),
  };
}

function argumentOf(words: readonly string[], key: string): string | undefined {
  return words.find((word) => word.startsWith(key))?.slice(key.length);
}

function imageDigestOrNothing(text: string): ImageDigest | undefined {
  try {
    return parseImageDigest(text);
  } catch (error) {
    if (error instanceof CodedError) return undefined; // composefs of another system: another digest algorithm
    throw error;
  }
}
