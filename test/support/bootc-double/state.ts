/**
 * A machine in a directory, and what it remembers.
 *
 *     ROOT/boot/loader/entries/           boot entries; on composefs they are what bootc's status comes from
 *     ROOT/boot/loader/entries.staged/    composefs: what the finaliser exchanges with them
 *     ROOT/run/                           emptied by a boot; simulated/{boot_id,cmdline}, reboot-required
 *     ROOT/bootc-double/                  BOOTC_DOUBLE_STATE
 *       machine.json state.json traps.json calls.jsonl lock
 *       blobs/<64 hex>                    layers of the images that are kept
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { replaceFile } from "../../../src/host/durable-write.ts";
import { type AbsPath, below, parseAbsPath } from "../../../src/path.ts";

export interface MachineFacts {
  /** `1.16.9` */
  readonly version: string;
  /** `none`: a host that no bootc has installed. */
  readonly backend: "ostree" | "composefs" | "none";
  readonly bootloader: "grub" | "grub-cc" | "systemd" | "none";
  readonly bootType: "Bls" | "Uki";
  /** In Go's form: `amd64`. */
  readonly architecture: string;
  /** GRUB counts in greenboot's way. */
  readonly hasGreenboot: boolean;
}

export interface Reference {
  readonly image: string;
  readonly transport: string;
  readonly signature?: string;
}

export interface RecordedLayer {
  readonly digest: string;
  readonly diffId: string;
  readonly mediaType: string;
}

export interface RecordedImage {
  readonly reference: Reference;
  readonly manifestDigest: string;
  readonly configDigest: string;
  readonly version: string | null;
  readonly timestamp: string | null;
  readonly architecture: string;
  readonly layers: readonly RecordedLayer[];
  /** The composefs digest (`v1-sha256-12:…`) of what the layers that were really read make. */
  readonly tree: string;
  readonly boundImages: readonly string[];
}

export interface RecordedDeployment {
  /** ostree: `<checksum>.<serial>`; composefs: the 128 digits of `verity`. */
  readonly id: string;
  readonly image: RecordedImage;
  readonly isPinned: boolean;
}

export type StoredImages = Readonly<Record<string, string>>;

export interface MachineState {
  readonly bootId: string;
  readonly bootedId: string | null;
  /** The staged one among them. */
  readonly deployments: readonly RecordedDeployment[];
  readonly staged: { readonly id: string; readonly isLocked: boolean } | null;
  readonly cachedUpdate: RecordedImage | null;
  readonly usrOverlay: { readonly accessMode: string; readonly persistence: string } | null;
  /** composefs: config digests that are in the repository. */
  readonly pulledConfigs: readonly string[];
  /** Images by name in bootc's own storage and in podman's, each with the text of its manifest. */
  readonly storage: { readonly bootc: StoredImages; readonly default: StoredImages };
  /** Layouts that stand for a registry: `quay.io/example/os:1` → `/path:tag`. */
  readonly registry: Readonly<Record<string, string>>;
  readonly isRebootRequested: boolean;
}

const EMPTY_STATE: MachineState = {
  bootId: "00000000-0000-4000-8000-000000000000",
  bootedId: null,
  deployments: [],
  staged: null,
  cachedUpdate: null,
  usrOverlay: null,
  pulledConfigs: [],
  storage: { bootc: {}, default: {} },
  registry: {},
  isRebootRequested: false,
};

/** The places of a machine, by its `BOOTC_DOUBLE_STATE`. */
export function machineFiles(stateDirectory: AbsPath) {
  const root = parseAbsPath(dirname(stateDirectory));
  return {
    root,
    boot: below(root, "boot"),
    run: below(root, "run"),
    rebootRequired: below(root, "run", "reboot-required"),
    machine: below(stateDirectory, "machine.json"),
    state: below(stateDirectory, "state.json"),
    traps: below(stateDirectory, "traps.json"),
    calls: below(stateDirectory, "calls.jsonl"),
    lock: below(stateDirectory, "lock"),
    blobs: below(stateDirectory, "blobs"),
  };
}

export type MachineFiles = ReturnType<typeof machineFiles>;

export function readFacts(files: MachineFiles): MachineFacts {
  return JSON.parse(readFileSync(files.machine, "utf8")) as MachineFacts;
}

export function readState(files: MachineFiles): MachineState {
  return JSON.parse(readFileSync(files.state, "utf8")) as MachineState;
}

/** Whole or not at all, so that a killed bootc leaves what it has done so far. */
export function writeState(files: MachineFiles, state: MachineState): void {
  replaceFile(files.state, JSON.stringify(state, null, 2));
}

export function createMachine(files: MachineFiles, facts: MachineFacts): void {
  mkdirSync(files.blobs, { recursive: true });
  writeFileSync(files.machine, JSON.stringify(facts, null, 2));
  writeFileSync(files.traps, "{}");
  writeFileSync(files.calls, "");
  writeState(files, EMPTY_STATE);
}
