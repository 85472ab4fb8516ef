/** What a release is to be, as the person wants it, and what can be said about it before any layer is read. */
import { formatStatement, STATEMENT_SPEC_VERSION, type Statement } from "../bundle/statement.ts";
import type { AbsPath } from "../path.ts";
import type { TrustedRoot } from "../trust/root.ts";
import type { Signer } from "../trust/signer.ts";
import { describeTargets } from "./collect-targets.ts";
import type { DeltaRequest } from "./delta/write-deltas.ts";
import type { FoundRelease } from "./existing-releases.ts";
import type { OpenSources, SourceRequests } from "./open-sources.ts";
import { labelledVersion, type PlannedTarget, planTargets } from "./plan-release.ts";
import { chooseSequence, findSame } from "./sequence.ts";

export interface ReleaseDraft extends SourceRequests {
  /** Mount point of the medium, or a directory in its place. */
  readonly destination: AbsPath;
  readonly name: string;
  /** Undefined takes the one that the images are labelled with. */
  readonly version: string | undefined;
  readonly sequence: number | "next";
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly notes: string;
  readonly devices: readonly string[] | null;
  readonly requires: Statement["requires"];
  readonly withTree: boolean;
  readonly signers: readonly Signer[];
  /** When given, every signer must hold a role of it that signs releases. */
  readonly root: TrustedRoot | undefined;
  /** The chain that ends with `root`, to travel on the medium: devices that know an older root of it follow. */
  readonly carriedRoots: readonly TrustedRoot[];
  /**
   * Whether what was written is read back before it is published. `later`: the caller will do it; blobs that are there
   * already are hashed all the same, so that a rotten one is written anew.
   */
  readonly verifyWritten: boolean | "later";
  /** Write only what is new since a base; undefined for the release in full. */
  readonly delta?: DeltaRequest | undefined;
}

/** A release without the place that it goes to. */
export type HomelessDraft = Omit<ReleaseDraft, "destination">;

export type Heading = Omit<Statement, "targets">;

export interface ReleaseOutline {
  readonly heading: Heading;
  readonly planned: readonly PlannedTarget[];
}

/**
 * Everything about the release but its trees, checked as devices will check it.
 * @throws ReleaseError RELEASE_TARGET_DUPLICATE, RELEASE_ARCHITECTURE_MISSING, RELEASE_VERSION_MISSING,
 *   RELEASE_SEQUENCE_UNKNOWN, RELEASE_ALREADY_EXISTS; BundleError BUNDLE_STATEMENT_INVALID
 */
export function outlineRelease(
  draft: HomelessDraft,
  sources: Pick<OpenSources, "targets" | "apps">,
  existing: readonly FoundRelease[],
): ReleaseOutline {
  const planned = planTargets(sources.targets, sources.apps);
  const heading: Heading = {
    specVersion: STATEMENT_SPEC_VERSION,
    name: draft.name,
    version: draft.version ?? labelledVersion(planned.map(({ image }) => image)),
    sequence: chooseSequence(draft.sequence, draft.name, existing),
    createdAt: draft.createdAt,
    expiresAt: draft.expiresAt,
    notes: draft.notes,
    requires: draft.requires,
  };
  formatStatement({ ...heading, targets: [...describeTargets(planned, draft.devices, new Map())] });
  // The very same release may be written again, and only its trees will tell; one of another time is another one.
  const mayBeSame = existing.some(({ statement }) => statement.createdAt === heading.createdAt);
  if (!mayBeSame) findSame(heading, undefined, existing);
  return { heading, planned };
}
