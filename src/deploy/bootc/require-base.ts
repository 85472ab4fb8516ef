/**
 * Layers that a medium leaves out must come from what the host has: a delta that it cannot use is refused with the release
 * that it builds on.
 *
 * Layers that came by bootc's own means are in bootc's store, where we do not look. So a host with an image that is not on
 * our record may have them, and then bootc is asked; where all of its images came from us and none is the base, it has not.
 */
import type { Target } from "../../bundle/statement.ts";
import type { BaseName } from "../../composefs/object-list.ts";
import type { Descriptor } from "../../oci/document.ts";
import { OciError } from "../../oci/error.ts";
import type { LayoutReader } from "../../oci/layout.ts";
import type { AbsPath } from "../../path.ts";
import { StoreError } from "../../store/error.ts";
import { describeBases } from "../../store/evaluate-supply.ts";
import { readBases } from "../../store/read-bases.ts";
import type { Host } from "../host-status.ts";
import { manifestDigestOf } from "./host-facts.ts";
import { readRecord } from "./record.ts";

export interface LeftOut {
  readonly source: LayoutReader;
  readonly target: Pick<Target, "image" | "compatible">;
  /** Layers that neither the layout on the device nor the medium has. */
  readonly absent: readonly Descriptor[];
  /** False for a bootc that wants all layers in the layout. */
  readonly mayBeSparse: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** @throws StoreError STORE_BASE_MISSING; OciError OCI_BLOB_MISSING where no pack says what is wanted */
export async function requireBase(
  stateDirectory: AbsPath,
  host: Host,
  { source, target, absent, mayBeSparse, signal }: LeftOut,
): Promise<void> {
  const [first] = absent;
  if (first === undefined) return;
  const bases = await readBases(source, target.image.digest, signal);
  if (mayBeSparse && (bases.length === 0 || mayHold(stateDirectory, host, bases))) return;
  if (bases.length === 0) throw new OciError("OCI_BLOB_MISSING", `blob ${first.digest} is not there`);
  const lost = `${absent.length} layers are neither on the medium nor here`;
  throw new StoreError(
    "STORE_BASE_MISSING",
    `the medium carries the image for ${target.compatible} as a delta that needs ${describeBases(bases)} on this device: ${lost}`,
  );
}

function mayHold(stateDirectory: AbsPath, { status }: Host, bases: readonly BaseName[]): boolean {
  const { booted, rollback, otherDeployments = [] } = status;
  const { images } = readRecord(stateDirectory);
  return [booted, rollback, ...otherDeployments].some((deployment) => {
    const digest = manifestDigestOf(deployment);
    if (digest === undefined) return false;
    const payloadDigest = images[digest]?.payloadDigest ?? undefined;
    return payloadDigest === undefined || bases.some((base) => base.payloadDigest === payloadDigest);
  });
}
