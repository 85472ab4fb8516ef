/**
 * What the doctor knows of a machine when it judges: plain facts, gathered by probe-machine.ts and probe-device.ts, so that
 * each rule can be tried on machines that nobody has.
 */

import type { BootLoaderProbe } from "../../boot/boot-loader.ts";
import type { ConfigSurvey } from "../../config/survey-agent-config.ts";
import type { HasTool } from "../../host/find-tool.ts";
import type { SupportError } from "../../support/error.ts";
import type { BackendKind } from "../device-backend.ts";

/** What a machine is for: making releases and media, or being updated by them. */
export type Role = "workstation" | "device";

/** Whose package names are told. */
export type Distribution = "debian" | "fedora" | "other";

export const KERNEL_FEATURES = ["erofs", "overlay", "loop", "vfat", "exfat", "dm_crypt"] as const;
export type KernelFeature = (typeof KERNEL_FEATURES)[number];

export interface KernelFacts {
  /** As `uname -r` says: `6.12.48+deb13-amd64`. */
  readonly release: string;
  /** `unknown` where the modules of the running kernel are not on this machine, as in a container. */
  readonly features: Readonly<Record<KernelFeature, "built in" | "loaded" | "module" | "absent" | "unknown">>;
  /** Whether ext4 of this kernel can seal files; undefined while no ext4 is loaded. */
  readonly sealsExt4: boolean | undefined;
}

/** A directory or device node that this user has to be able to write to. */
export interface AccessFacts {
  readonly path: string;
  readonly access: "yes" | "no" | "absent";
}

export interface UserFacts {
  readonly isRoot: boolean;
  readonly name: string;
  /** The names of the groups of this process. */
  readonly groups: readonly string[];
}

export interface BootferryFacts {
  readonly version: string;
  readonly nodeVersion: string;
  /** The program that runs us: a Node, or bootferry itself where it is one executable. */
  readonly executable: string;
  readonly hasZstd: boolean;
}

export interface MediumFacts {
  readonly path: string;
  readonly filesystem: string | null;
  readonly label: string | null;
  readonly disk: string;
}

export interface SpaceFacts {
  readonly path: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface UnitFacts {
  readonly name: string;
  /** It has an [Install] section: somebody has to enable it. */
  readonly isForEnabling: boolean;
  readonly isEnabled: boolean;
  readonly isMasked: boolean;
}

export type TrustFacts =
  | {
      readonly kind: "root";
      readonly version: number;
      readonly expiresAt: string | null;
      readonly isExpired: boolean;
      readonly ignored: readonly string[];
    }
  | { readonly kind: "problem"; readonly message: string; readonly remedy: string; readonly isForbidden: boolean };

/** Undefined members could not be looked at. */
export interface DeviceFacts {
  readonly isSimulated: boolean;
  /** What deploys here, and whether something is deployed. */
  readonly backend: BackendKind;
  readonly isDeployed: boolean;
  readonly config: ConfigSurvey;
  /** Undefined when the configuration says too little to look. */
  readonly trust: TrustFacts | undefined;
  readonly loader: BootLoaderProbe | undefined;
  /** On a bootc host: the GRUB directory whose configuration counts in greenboot's way. */
  readonly countingGrub: string | undefined;
  readonly units: readonly UnitFacts[];
  readonly hasUdevRule: boolean;
  readonly store: SpaceFacts | undefined;
  readonly boot: SpaceFacts | undefined;
  /** What is wrong with `[support] recipients`. */
  readonly badRecipient: SupportError | undefined;
  /** Whether an object of the store is sealed; undefined when there is none, or it cannot be read. */
  readonly isSealed: boolean | undefined;
  /** The permission bits of device.key, or why they cannot be told. */
  readonly deviceKey: { readonly path: string; readonly mode: number | "absent" | "forbidden" };
  readonly isClockSynchronised: boolean;
}

export interface MachineFacts {
  readonly roles: readonly Role[];
  readonly distribution: Distribution;
  readonly bootferry: BootferryFacts;
  readonly hasTool: HasTool;
  readonly kernel: KernelFacts;
  readonly user: UserFacts;
  /** For each role, what has to be written to. */
  readonly access: readonly AccessFacts[];
  /** What can be unplugged and is no part of the running system. */
  readonly media: readonly MediumFacts[];
  /** Undefined on a machine that is no device. */
  readonly device: DeviceFacts | undefined;
}
