/** A dry run: everything is read and merged as for a release, nothing is written and nothing is signed. */
import { BundleError } from "../bundle/error.ts";
import { openMedium } from "../bundle/medium.ts";
import { formatStatement, type Statement } from "../bundle/statement.ts";
import { type Digest, digestOf } from "../oci/digest.ts";
import type { AbsPath } from "../path.ts";
import { collectTargets } from "./collect-targets.ts";
import { NOWHERE } from "./copy-image.ts";
import { warningsFor } from "./create-release.ts";
import { type FoundRelease, readReleases } from "./existing-releases.ts";
import { openSources } from "./open-sources.ts";
import type { ReleasePorts } from "./ports.ts";
import { outlineRelease, type ReleaseDraft } from "./release-draft.ts";

export interface RehearsedRelease {
  readonly statement: Statement;
  readonly payloadDigest: Digest;
  readonly warnings: readonly string[];
}

/** The statement that `createRelease` would sign. Errors as there, but for those of writing. */
export async function rehearseRelease(draft: ReleaseDraft, ports: ReleasePorts): Promise<RehearsedRelease> {
  await using sources = await openSources(draft, ports);
  const outline = outlineRelease(draft, sources, await existingAt(draft.destination));
  const { openBound } = sources;
  const options = { ...draft, sink: NOWHERE, openBound, checkRoom: async () => undefined };
  const collected = await collectTargets(outline.planned, options, ports);
  const statement: Statement = { ...outline.heading, targets: [...collected.targets] };
  const warnings = [...collected.warnings, ...warningsFor(draft, outline)];
  return { statement, payloadDigest: digestOf(formatStatement(statement)), warnings };
}

async function existingAt(destination: AbsPath): Promise<readonly FoundRelease[]> {
  try {
    return (await readReleases(await openMedium(destination))).releases;
  } catch (error) {
    if (error instanceof BundleError && error.code === "BUNDLE_MEDIUM_FOREIGN") return []; // nothing was written yet
    throw error;
  }
}
