/** Statuses of bootc hosts by what is in their slots. */
import { type Host, type HostBootEntry, makeHost } from "../../../../src/deploy/host-status.ts";
import type { Digest } from "../../../../src/oci/digest.ts";

export interface HostSketch {
  readonly booted?: Digest | null;
  readonly staged?: Digest;
  readonly isLocked?: boolean;
  readonly rollback?: Digest;
  readonly others?: readonly Digest[];
  readonly rollbackQueued?: boolean;
  readonly composefs?: "Bls" | "Uki";
  readonly bootloader?: string;
  /** What the running system follows. */
  readonly source?: { readonly image: string; readonly transport: string };
  readonly readOnly?: boolean;
}

const REGISTRY = { image: "quay.io/example/os:1", transport: "registry" };

export function hostWith(sketch: HostSketch): Host {
  const { booted, staged, rollback, others = [] } = sketch;
  return makeHost({
    staged: staged === undefined ? null : entryOf(sketch, staged, sketch.isLocked ?? false),
    booted: booted == null ? null : entryOf(sketch, booted),
    rollback: rollback === undefined ? null : entryOf(sketch, rollback),
    otherDeployments: others.map((digest) => entryOf(sketch, digest)),
    rollbackQueued: sketch.rollbackQueued ?? false,
    readOnly: sketch.readOnly ?? false,
  });
}

function entryOf(sketch: HostSketch, digest: Digest, downloadOnly = false): HostBootEntry {
  const { composefs: bootType, bootloader = "systemd", source = REGISTRY } = sketch;
  const isOstree = bootType === undefined;
  const hex = digest.slice("sha256:".length);
  return {
    image: { image: source, version: null, timestamp: null, imageDigest: digest, architecture: "amd64" },
    ...{ cachedUpdate: null, incompatible: false, pinned: false, softRebootCapable: false, downloadOnly },
    store: isOstree ? "ostreeContainer" : null,
    ostree: isOstree ? { stateroot: "default", checksum: hex, deploySerial: 0 } : null,
    composefs: isOstree
      ? null
      : { verity: hex + hex, bootType, bootloader, bootDigest: null, missingVerityAllowed: false },
  };
}
