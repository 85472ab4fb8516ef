/** The native engine's deployments in the words of bootc's status. Pure. */
import type { BootLoaderProbe } from "../../boot/boot-loader.ts";
import { imageDigestHex } from "../../composefs/image-digest.ts";
import { type Host, type HostBootEntry, makeHost } from "../host-status.ts";
import { slotsOf } from "./boot-facts.ts";
import type { Deployment, Snapshot } from "./snapshot.ts";
import type { UsrOverlay } from "./usr-overlay.ts";

/** bootc knows systemd-boot and GRUB; every other loader that reads Type 1 entries and counts is systemd-boot to it. */
const BOOTLOADER_NAME: Readonly<Record<BootLoaderProbe["kind"], string>> = {
  "systemd-boot": "systemd",
  grub: "grub",
  "u-boot": "systemd",
  simulated: "systemd",
};

/** @param usrOverlay what lies over /usr of the running system */
export function nativeHost(
  snapshot: Snapshot,
  loader: BootLoaderProbe["kind"],
  usrOverlay: UsrOverlay | null = null,
): Host {
  const { booted, pending, rollback, others, next } = slotsOf(snapshot);
  const entryOf = (deployment: Deployment) => hostBootEntry(deployment, BOOTLOADER_NAME[loader]);
  return makeHost({
    staged: pending === undefined ? null : entryOf(pending),
    booted: booted === undefined ? null : entryOf(booted),
    rollback: rollback === undefined ? null : entryOf(rollback),
    otherDeployments: others.map(entryOf),
    rollbackQueued: rollback !== undefined && next === rollback,
    readOnly: false,
    usrOverlay,
  });
}

function hostBootEntry({ origin, isPinned, isStaged }: Deployment, bootloader: string): HostBootEntry {
  return {
    image: {
      image: origin.image,
      version: origin.release?.version ?? null,
      timestamp: null,
      imageDigest: origin.manifestDigest,
      architecture: origin.architecture,
    },
    cachedUpdate: null,
    incompatible: false,
    pinned: isPinned,
    softRebootCapable: false,
    downloadOnly: isStaged,
    store: null,
    ostree: null,
    composefs: {
      verity: imageDigestHex(origin.imageDigest),
      bootType: "Bls",
      bootloader,
      bootDigest: origin.kernel.bootChecksum,
      missingVerityAllowed: origin.verity !== "required",
    },
  };
}
