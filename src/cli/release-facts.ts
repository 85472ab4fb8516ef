/** A release for people and for `--json`: the statement, who signed it, how large it is. */
import type { MediumProblem } from "../bundle/read-index.ts";
import type { Statement } from "../bundle/statement.ts";
import type { FoundRelease } from "../release/existing-releases.ts";
import { formatBytes } from "./format-units.ts";

/** The JSON of a release on a medium: what it claims and who is said to have signed it. */
export function releaseFacts({ release, payloadDigest, statement }: FoundRelease): Readonly<Record<string, unknown>> {
  return {
    statement,
    payloadDigest,
    manifestDigest: release.manifestDigest,
    signatures: release.envelope.signatures.map(({ keyId }) => keyId),
  };
}

/** An entry that tells nobody its type is met by every reader of artifacts: it is one problem all the same. */
export function distinctProblems(problems: readonly MediumProblem[]): readonly MediumProblem[] {
  return [...new Map(problems.map((problem) => [problem.digest, problem])).values()];
}

export function releaseTitle({ name, version, sequence }: Statement): string {
  return `${name}@${version} (sequence ${sequence})`;
}

export function describeStatement(statement: Statement): readonly string[] {
  const { createdAt, expiresAt, requires, notes, targets } = statement;
  const lines = [`release   ${releaseTitle(statement)}`, `created   ${createdAt}`, `expires   ${expiresAt ?? "never"}`];
  if (requires.minSequence !== undefined) lines.push(`requires  sequence ${requires.minSequence} confirmed`);
  if (requires.minAgent !== undefined) lines.push(`requires  bootferry ${requires.minAgent}`);
  for (const { compatible, architecture, devices, image, apps, tree } of targets) {
    lines.push(`target    ${compatible} ${architecture}${devices === null ? "" : `, devices ${devices.join(", ")}`}`);
    lines.push(`  image   ${image.digest}`);
    lines.push(`  tree    ${tree === null ? "none: for bootc hosts only" : tree.composefs}`);
    if (tree !== null) lines.push(`  files   ${formatBytes(tree.objectsSize)}`);
    for (const app of apps) lines.push(`  app     ${app.name} ${app.image.digest}`);
  }
  if (notes !== "") lines.push("notes", ...notes.split("\n").map((line) => `  ${line}`));
  return lines;
}
