/**
 * A device without a disk: deployments in memory behind the deploy port, and a boot loader that counts as systemd-boot
 * does. Small, but it keeps the promises of the port; the contract test of `deploy/` runs on it too.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { imageDigestHex } from "../../src/composefs/image-digest.ts";
import type { DevicePaths } from "../../src/config/device-paths.ts";
import { type DeploymentId, formatDeploymentId } from "../../src/deploy/deployment-id.ts";
import { DeployError } from "../../src/deploy/error.ts";
import { type HostBootEntry, makeHost } from "../../src/deploy/host-status.ts";
import { type StoringPorts, storeMakingRoom } from "../../src/deploy/native/store-release.ts";
import type { BootFacts, DeployBackend, DeploymentFacts, StagedDeployment } from "../../src/deploy/port.ts";
import { checkSupply } from "../../src/store/check-supply.ts";
import type { StoredTree } from "../../src/store/ingest.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";

/** The part of an image that a deployment remembers. */
export type FakeImage = Pick<
  StoredTree,
  "imageDigest" | "manifestDigest" | "payloadDigest" | "release" | "architecture"
>;

interface FakeDeployment {
  readonly id: DeploymentId;
  readonly serial: number;
  readonly image: FakeImage;
  /** What the loader sorts by; a rollback raises it. */
  rank: number;
  /** Undefined: no boot entry yet. */
  entry: { triesLeft: number | undefined; readonly isOfRollback?: boolean } | undefined;
}

export interface FakeDevice {
  readonly backend: DeployBackend;
  /** Every verb that changed something, in order. */
  readonly verbs: string[];
  /** Puts a confirmed deployment there, as provisioning does. */
  provision(image: FakeImage): void;
  /** Switches the device off and on; the boot id changes. @returns what runs now */
  boot(): DeploymentFacts;
  /** Somebody removes the deployment that waits for its first boot. */
  losePending(): void;
  /** Asked before anything is stored; nothing lacks until a test says so. */
  requireRoom: StoringPorts["requireRoom"];
  /** The loader ignores counted entries, as one with a default does. */
  ignoresCounted: boolean;
}

export interface FakeDeviceOptions {
  /** How often a new deployment is tried. */
  readonly tries?: number | undefined;
  /** Where releases are stored; a device without one only takes what is stored already. */
  readonly store?: ObjectStore;
}

export function openFakeDevice(paths: DevicePaths, { tries = 3, store }: FakeDeviceOptions = {}): FakeDevice {
  let deployments: FakeDeployment[] = [];
  let bootedId: DeploymentId | undefined;
  let boots = 0;
  let highestSerial = 0;
  let uncollected = 0; // images of dropped deployments, of one object and one byte each
  const verbs: string[] = [];

  const inOrder = () => {
    const isBad = ({ entry }: FakeDeployment) => entry?.triesLeft === 0;
    return deployments
      .filter(({ entry }) => entry !== undefined)
      .toSorted((a, b) => Number(isBad(a)) - Number(isBad(b)) || b.rank - a.rank);
  };
  const stateOf = ({ id, entry }: FakeDeployment): DeploymentFacts["state"] => {
    if (entry === undefined) return id === bootedId ? "armed" : "staged";
    if (entry.triesLeft === undefined) return "good";
    return entry.triesLeft > 0 || id === bootedId ? "armed" : "bad";
  };
  const factsOf = (deployment: FakeDeployment): DeploymentFacts => {
    const { id, serial, image, entry } = deployment;
    const { imageDigest, manifestDigest, payloadDigest, release } = image;
    const facts = { id, serial, imageDigest, manifestDigest, payloadDigest, release, isPinned: false };
    return { ...facts, state: stateOf(deployment), isBooted: id === bootedId, triesLeft: entry?.triesLeft };
  };
  const booted = () => deployments.find(({ id }) => id === bootedId);
  const pending = () => {
    const staged = deployments.find(({ entry }) => entry === undefined);
    const [next] = inOrder();
    const isArmed = next !== undefined && next.id !== bootedId && (next.entry?.triesLeft ?? 0) > 0;
    return staged ?? (isArmed && next.entry?.isOfRollback !== true ? next : undefined);
  };
  const requireConfirmed = () => {
    const running = booted();
    if (running === undefined) throw new DeployError("DEPLOY_NOT_BOOTED", "nothing is running");
    if (stateOf(running) === "armed") throw new DeployError("DEPLOY_UNCONFIRMED", `${running.id} is not confirmed`);
  };
  const drop = (isObsolete: (deployment: FakeDeployment) => boolean) => {
    const lastGood = inOrder().find(({ entry }) => entry?.triesLeft === undefined);
    const dropped = deployments.filter((it) => it.id !== bootedId && it !== lastGood && isObsolete(it));
    deployments = deployments.filter((it) => !dropped.includes(it));
    uncollected += dropped.length;
    return dropped.map(({ id }) => id);
  };
  const stagedOf = ({ id, image }: FakeDeployment) =>
    ({ id, manifestDigest: image.manifestDigest, imageDigest: image.imageDigest }) as StagedDeployment;
  const add = (image: FakeImage, entry: FakeDeployment["entry"]): FakeDeployment => {
    highestSerial += 1;
    const id = formatDeploymentId(imageDigestHex(image.imageDigest), highestSerial);
    const deployment = { id, serial: highestSerial, rank: highestSerial, image, entry };
    deployments.push(deployment);
    return deployment;
  };
  const bootFacts = (): BootFacts => {
    const running = booted();
    const staged = deployments.filter(({ entry }) => entry === undefined);
    return {
      booted: running && factsOf(running),
      assessment: running === undefined ? "not-booted" : stateOf(running) === "armed" ? "assessing" : "confirmed",
      canFallBack: deployments.some((it) => it.id !== bootedId && stateOf(it) === "good"),
      nextBoot: inOrder()[0]?.id,
      deployments: [...inOrder(), ...staged].map(factsOf),
    };
  };

  const planDrop = () => {
    const waiting = pending();
    const lastGood = inOrder().find(({ entry }) => entry?.triesLeft === undefined);
    const dropped = deployments.filter((it) => it.id !== bootedId && it !== lastGood && it !== waiting);
    const freed = uncollected + dropped.length;
    return { bytes: freed, inodes: freed };
  };
  const requireStore = () => {
    if (store === undefined) throw new Error("this device has no store");
    return store;
  };

  const backend: DeployBackend = {
    kind: "native",
    needsTree: true,
    probe: async () => ({ kind: "native", isBooted: bootedId !== undefined, problem: undefined }),
    bootFacts: async () => bootFacts(),
    settleBoot: async () => undefined,
    async status() {
      const slots = { booted: booted(), staged: pending() };
      const rollback = inOrder().find((it) => it !== slots.booted && it !== slots.staged);
      return makeHost({
        booted: slots.booted === undefined ? null : hostEntry(slots.booted),
        staged: slots.staged === undefined ? null : hostEntry(slots.staged),
        rollback: rollback === undefined ? null : hostEntry(rollback),
        otherDeployments: [],
        rollbackQueued: rollback !== undefined && inOrder()[0] === rollback,
        readOnly: false,
      });
    },
    async store(...release) {
      const ports: StoringPorts = {
        store: requireStore(),
        requireRoom: (...plan) => device.requireRoom(...plan),
        planDrop,
        dropRollback: () => backend.gc({ dropRollback: true }),
      };
      return storeMakingRoom(ports, ...release);
    },
    checkSupply: (...supply) => checkSupply(requireStore(), ...supply),
    countStored: () => [...requireStore().listObjectNames()].length,
    async stage(image) {
      if (image.kind !== "tree") throw new TypeError("a fake device stages trees");
      requireConfirmed();
      verbs.push("stage");
      const old = pending();
      if (old !== undefined && old.image.payloadDigest === image.payloadDigest) return stagedOf(old);
      drop(({ entry }) => entry === undefined);
      return stagedOf(add(image, undefined));
    },
    async staged() {
      const waiting = pending();
      return waiting && stagedOf(waiting);
    },
    async unstage() {
      verbs.push("unstage");
      const waiting = pending();
      drop((it) => it === waiting);
    },
    async activate(staged) {
      requireConfirmed();
      const waiting = pending();
      if (waiting?.id !== staged.id) throw new DeployError("DEPLOY_NOT_STAGED", `${staged.id} is not staged`);
      verbs.push("activate");
      drop((it) => it !== waiting);
      waiting.entry = { triesLeft: tries };
      return { id: waiting.id, conflicts: [], notApplied: [] };
    },
    async confirm() {
      const running = booted();
      if (running === undefined) throw new DeployError("DEPLOY_NOT_BOOTED", "nothing is running");
      verbs.push("confirm");
      running.entry = { triesLeft: undefined };
    },
    async rollback() {
      const running = booted();
      const waiting = pending();
      const other = inOrder().find((it) => it !== running && it !== waiting);
      if (other === undefined && waiting === undefined) throw new DeployError("DEPLOY_NO_ROLLBACK", "nothing to go to");
      verbs.push("rollback");
      drop((it) => it === waiting);
      const next = inOrder()[0] === other ? running : other;
      if (next === undefined) return { nextBoot: "current" };
      if (inOrder()[0] !== next) {
        highestSerial += 1;
        next.rank = highestSerial;
        if (next.entry?.triesLeft !== undefined) next.entry = { triesLeft: tries, isOfRollback: true };
      }
      return { nextBoot: next === running ? "current" : "rollback" };
    },
    async gc(options) {
      requireConfirmed();
      verbs.push(options?.dropRollback === true ? "gc-rollback" : "gc");
      const waiting = pending();
      const dropped = drop((it) => it !== waiting && (options?.dropRollback === true || stateOf(it) === "bad"));
      const objects = uncollected;
      uncollected = 0;
      return { deployments: dropped, kernels: [], objects, freedBytes: objects };
    },
  };

  const device: FakeDevice = {
    backend,
    verbs,
    requireRoom: () => undefined,
    ignoresCounted: false,
    provision: (image) => void add(image, { triesLeft: undefined }),
    boot() {
      const bootable = inOrder().filter(({ entry }) => !device.ignoresCounted || entry?.triesLeft === undefined);
      const [chosen] = bootable;
      if (chosen?.entry === undefined) throw new Error("nothing boots");
      if (chosen.entry.triesLeft !== undefined) chosen.entry.triesLeft = Math.max(0, chosen.entry.triesLeft - 1);
      bootedId = chosen.id;
      boots += 1;
      mkdirSync(dirname(paths.bootId), { recursive: true });
      writeFileSync(paths.bootId, `boot-${boots}\n`);
      return factsOf(chosen);
    },
    losePending() {
      const waiting = pending();
      deployments = deployments.filter((it) => it !== waiting);
    },
  };
  return device;
}

function hostEntry({ image, entry }: FakeDeployment): HostBootEntry {
  return {
    image: {
      image: { image: "bootferry", transport: "oci" },
      version: image.release.version,
      timestamp: null,
      imageDigest: image.manifestDigest,
      architecture: image.architecture,
    },
    ...{ cachedUpdate: null, incompatible: false, pinned: false, softRebootCapable: false },
    downloadOnly: entry === undefined,
    ...{ store: null, ostree: null, composefs: null },
  };
}
