/**
 * The port to whatever deploys an operating system on this device: the native engine, or bootc.
 *
 * The path of an update is store → stage → (second lock) → activate → reboot → confirm. Until `activate` nothing that the
 * machine boots has changed; after it the new deployment is tried, and the loader falls back when it is not confirmed.
 * Every verb is idempotent: run again after a power cut it ends as if it had run once.
 */
import type { Target } from "../bundle/statement.ts";
import type { VerifiedRelease } from "../bundle/verify-release.ts";
import type { ImageDigest } from "../composefs/image-digest.ts";
import type { Digest } from "../oci/digest.ts";
import type { LayoutReader } from "../oci/layout.ts";
import type { IngestProgress } from "../store/ingest.ts";
import type { DeploymentId } from "./deployment-id.ts";
import type { Host, ImageReference } from "./host-status.ts";
import type { StoredImage } from "./stored-image.ts";

export interface BackendProbe {
  readonly kind: "native" | "bootc";
  /** True when a deployment of this backend is running. */
  readonly isBooted: boolean;
  /** What would keep an update from falling back; undefined when nothing does. */
  readonly problem: string | undefined;
}

export interface StoreOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: IngestProgress) => void) | undefined;
}

declare const staged: unique symbol;

/** A deployment that is complete on disk and not yet bootable. Made by {@link DeployBackend.stage} alone. */
export interface StagedDeployment {
  readonly [staged]: true;
  readonly id: DeploymentId;
  /** The digests that the second lock compares with the signed ones. */
  readonly manifestDigest: Digest;
  /** The composefs digest; null when the backend does not deploy from the signed tree. */
  readonly imageDigest: ImageDigest | null;
}

/** Where a deployment is in its life; `good` and `bad` are the boot loader's words. */
export type DeploymentState =
  /** On disk, locked: no boot entry yet. */
  | "staged"
  /** Will be tried at the next boots, or is being assessed now. */
  | "armed"
  /** Confirmed. */
  | "good"
  /** Its tries are used up and it never was confirmed. */
  | "bad";

export interface DeploymentFacts {
  readonly id: DeploymentId;
  readonly serial: number;
  readonly state: DeploymentState;
  readonly isBooted: boolean;
  readonly isPinned: boolean;
  readonly triesLeft: number | undefined;
  /** As of {@link StagedDeployment}. */
  readonly imageDigest: ImageDigest | null;
  readonly manifestDigest: Digest;
  /** The payload digest of the signed statement; null when the image was not signed (`--trust-local`). */
  readonly payloadDigest: Digest | null;
  readonly release: { readonly name: string; readonly version: string; readonly sequence: number } | null;
}

/** What the agent must know to decide after a boot, and before a reboot for health. */
export interface BootFacts {
  readonly booted: DeploymentFacts | undefined;
  /** `assessing` while the booted deployment is not confirmed; nothing is staged or collected then. */
  readonly assessment: "assessing" | "confirmed" | "not-booted";
  /** True when the loader has another good deployment to go to. */
  readonly canFallBack: boolean;
  /** What the loader boots next. */
  readonly nextBoot: DeploymentId | undefined;
  /** In boot order; a staged one, which cannot boot yet, comes last. */
  readonly deployments: readonly DeploymentFacts[];
}

export interface StageOptions {
  /** Kernel arguments of this machine that are added to the ones which the booted deployment has locally. */
  readonly addKargs?: readonly string[];
  /** Exact matches are removed from the local ones. */
  readonly removeKargs?: readonly string[];
  /** How bootc's status is to name the image; by default after the release. */
  readonly imageReference?: ImageReference;
  /** The image was trusted by `--trust-local` and not by a signature: its origin names no release and no statement. */
  readonly isTrustedLocally?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Told how far it is, where that takes long. */
  readonly onProgress?: ((progress: StageProgress) => void) | undefined;
}

export interface StageProgress {
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

/** A file in /etc that both this device and the new image changed. The device's version was kept. */
export interface EtcConflict {
  readonly path: string;
  readonly kind:
    | "both-changed"
    /** The device changed it, the new image no longer has it. */
    | "removed-in-image"
    /** The device removed it, the new image changed it. */
    | "removed-locally"
    /** A directory on one side, something else on the other. */
    | "not-mergeable"
    /** After merging accounts two names have one numeric id. */
    | "shared-id";
  /** The account or accounts of a merged account file. */
  readonly detail?: string;
}

/** Something of /etc that stands in the image and could not be set on disk. */
export interface NotApplied {
  readonly path: string;
  readonly what: "owner" | "mode" | "xattrs" | "special-file";
}

export interface ActivationReport {
  readonly id: DeploymentId;
  readonly conflicts: readonly EtcConflict[];
  /** Empty for root, but for special files and what the file system or its tools cannot set. */
  readonly notApplied: readonly NotApplied[];
}

export interface GcResult {
  readonly deployments: readonly DeploymentId[];
  readonly kernels: readonly string[];
  readonly objects: number;
  readonly freedBytes: number;
}

export interface GcOptions {
  /** Also drops the rollback deployment: room for the next one. The booted and the last confirmed ones always stay. */
  readonly dropRollback?: boolean;
  /** Content bytes that are removed, of those that will be. */
  readonly onProgress?: (bytesDone: number, bytesTotal: number) => void;
}

export interface DeployBackend {
  readonly kind: BackendProbe["kind"];
  /** True when it deploys from the signed tree of a target, so that a target without one is of no use to it. */
  readonly needsTree: boolean;
  probe(): Promise<BackendProbe>;
  status(): Promise<Host>;
  /** @throws DeployError DEPLOY_BOOT_PARTITION_ABSENT: what runs cannot be told from its entries, nor can anything else */
  bootFacts(): Promise<BootFacts>;
  /**
   * Brings to its end what the running boot and the one before have left: called at the start of each run that may write,
   * and before a reboot for health. Where no boot loader counts the tries of a deployment, they are counted here: with the
   * last one used up, or over and `failed`, the other deployment boots next. Idempotent within a boot.
   * @throws DeployError, HostError when the boot order could not be changed
   */
  settleBoot(health: "unknown" | "failed"): Promise<void>;
  /**
   * Stores the image of a release's target: each byte of the medium is read once, and what was read is what is stored.
   * Resumable; nothing that boots changes. All that deploying will take is asked for before the first layer is opened, and
   * a deployment that is neither booted nor the last confirmed one makes way where that is enough.
   * @throws DeployError DEPLOY_LOADER_UNSAFE; StoreError, DeployError with exit status 5 for a lack of space; StoreError;
   *   HostError; BundleError, OciError, TreeError, ComposefsError for what is wrong with the medium; the reason of the signal
   */
  store(source: LayoutReader, release: VerifiedRelease, target: Target, options?: StoreOptions): Promise<StoredImage>;
  /**
   * Whether a medium has what this device lacks of a target, as far as can be told without reading its contents. Writes nothing.
   * @throws StoreError STORE_BASE_MISSING, STORE_BASE_DAMAGED for a delta that lacks its base here; BundleError, OciError,
   *   ComposefsError for what is wrong with the medium; the reason of the signal
   */
  checkSupply(source: LayoutReader, release: VerifiedRelease, target: Target, signal?: AbortSignal): Promise<void>;
  /** How many pieces of images are stored, such as objects: more as storing goes on. @throws StoreError; HostError */
  countStored(): number;
  /**
   * Makes a deployment of an image that this backend has stored; replaces one that is staged and not activated. The same
   * image staged already is returned as it is.
   * @throws TypeError for an image of another backend; DeployError DEPLOY_UNCONFIRMED, DEPLOY_NOT_BOOTED, DEPLOY_NO_KERNEL, DEPLOY_SEVERAL_KERNELS,
   *   DEPLOY_KARGS_INVALID, DEPLOY_LOADER_UNSAFE; HostError
   */
  stage(image: StoredImage, options?: StageOptions): Promise<StagedDeployment>;
  /** What waits for its first boot, activated or not: activating it again merges what changed in /etc meanwhile. */
  staged(): Promise<StagedDeployment | undefined>;
  /** Drops what waits for its first boot. */
  unstage(): Promise<void>;
  /**
   * Merges /etc, writes kernel and initramfs, and publishes the boot entry last: from here on it is booted next.
   * @throws DeployError DEPLOY_NOT_STAGED, DEPLOY_UNCONFIRMED, DEPLOY_BOOT_NO_SPACE, DEPLOY_LOADER_UNSAFE; StoreError
   */
  activate(staged: StagedDeployment): Promise<ActivationReport>;
  /**
   * Makes the booted deployment good, and bootable again when it has lost its boot entries.
   * @throws DeployError DEPLOY_NOT_BOOTED, DEPLOY_BOOT_NO_SPACE; StoreError
   */
  confirm(): Promise<void>;
  /**
   * Makes the other deployment the next one to boot; called again it takes that back. Drops what is staged.
   * @throws DeployError DEPLOY_NO_ROLLBACK, DEPLOY_NOT_BOOTED
   */
  rollback(): Promise<{ readonly nextBoot: "rollback" | "current" }>;
  /** Removes what no deployment needs. @throws DeployError DEPLOY_UNCONFIRMED */
  gc(options?: GcOptions): Promise<GcResult>;
}
