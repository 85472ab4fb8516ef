/** A root for people and for `--json`: keys by role, what it forbids and permits, and which signatures it still wants. */

import { digestOf } from "../oci/digest.ts";
import { type Envelope, formatEnvelope } from "../trust/dsse.ts";
import { TrustError } from "../trust/error.ts";
import type { KeyId } from "../trust/keys.ts";
import { parseRoot } from "../trust/root.ts";
import { parseRootDocument, type RootDocument } from "../trust/root-document.ts";
import { type RootStanding, rootStanding } from "../trust/root-standing.ts";

export interface RootFacts {
  readonly document: RootDocument;
  /** Of the signed payload. */
  readonly digest: string;
  readonly signedBy: readonly KeyId[];
  /** Thresholds that are not met, of the root itself and of the one before it. */
  readonly wanted: readonly RootStanding[];
  /** Null when it is signed as it must be. */
  readonly problem: { readonly code: string; readonly message: string } | null;
}

/**
 * @param before the root that this one is to succeed, when it is known
 * @throws TrustError TRUST_ROOT_INVALID and others for what is no root at all; missing signatures are a fact
 */
export function rootFacts(envelope: Envelope, before?: RootDocument): RootFacts {
  const problem = ownProblem(envelope);
  const document = parseRootDocument(envelope.payload);
  const judges = before === undefined ? [document] : [before, document];
  const standings = judges.map((judge) => rootStanding(envelope, judge));
  const signedBy = [...new Set(standings.flatMap((standing) => standing.signedBy))].sort();
  const wanted = standings.filter(({ missing }) => missing > 0);
  const step = before === undefined ? null : stepProblem(document, before, wanted);
  return { document, digest: digestOf(envelope.payload), signedBy, wanted, problem: problem ?? step };
}

function ownProblem(envelope: Envelope): RootFacts["problem"] {
  if (envelope.signatures.length === 0) return { code: "TRUST_THRESHOLD_NOT_MET", message: "nobody has signed it yet" };
  try {
    parseRoot(formatEnvelope(envelope));
    return null;
  } catch (error) {
    if (!(error instanceof TrustError) || error.code === "TRUST_PAYLOAD_TYPE") throw error;
    return { code: error.code, message: error.message };
  }
}

function stepProblem(
  { version }: RootDocument,
  before: RootDocument,
  wanted: readonly RootStanding[],
): RootFacts["problem"] {
  if (version !== before.version + 1) {
    const message = `no successor of root version ${before.version}: expected version ${before.version + 1}, got ${version}`;
    return { code: "TRUST_ROOT_NOT_SUCCESSOR", message };
  }
  const missing = wanted.find((standing) => standing.version === before.version);
  if (missing === undefined) return null;
  const message = `too few keys of root version ${before.version}: expected ${missing.threshold}, got ${missing.signedBy.length}`;
  return { code: "TRUST_THRESHOLD_NOT_MET", message };
}

/** @param before as for {@link rootFacts}, for the labels of its keys */
export function describeRoot(
  { document, digest, signedBy, problem, wanted }: RootFacts,
  before?: RootDocument,
): string {
  const lines = [
    `version   ${document.version}`,
    `payload   ${digest}`,
    `created   ${document.createdAt}`,
    `expires   ${document.expiresAt ?? "never"}`,
    `signed    ${problem === null ? "yes" : `not yet: ${problem.message} [${problem.code}]`}`,
    ...describeWanted(wanted, before === undefined ? [document] : [document, before]),
  ];
  for (const role of ["root", "release", "countersign"] as const) {
    const entry = document.roles[role];
    if (entry === undefined) continue;
    lines.push(`${role}: ${entry.threshold} of ${entry.keyIds.length}`);
    for (const keyId of entry.keyIds) {
      const marks = [
        ...(document.revokedKeys.includes(keyId) ? ["revoked"] : []),
        ...(role === "root" && signedBy.includes(keyId) ? ["has signed this root"] : []),
      ];
      lines.push(`  ${keyId}  ${labelOf(keyId, [document])}${marks.length === 0 ? "" : ` (${marks.join(", ")})`}`);
    }
  }
  return [...lines, ...describeRules(document)].join("\n");
}

function describeRules({ revokedKeys, revokedReleases, minSequences, downgrades, successors }: RootDocument): string[] {
  return [
    ...revokedKeys.map((keyId) => `revoked key        ${keyId}`),
    ...revokedReleases.map((digest) => `withdrawn release  ${digest}`),
    ...Object.entries(minSequences ?? {}).map(([name, sequence]) => `lowest sequence    ${name} ${sequence}`),
    ...(downgrades ?? []).map((digest) => `downgrade allowed  ${digest}`),
    ...Object.entries(successors ?? {}).map(([name, names]) => `successors         ${name}: ${names.join(", ")}`),
  ];
}

/** One line for each threshold that is not met, and those who can still sign below it. */
export function describeWanted(wanted: readonly RootStanding[], documents: readonly RootDocument[]): readonly string[] {
  return wanted.flatMap(({ version, missing, waiting }) => [
    `wanted    ${missing} more signature(s) by root keys of version ${version}, of:`,
    ...waiting.map((keyId) => `  ${keyId}  ${labelOf(keyId, documents)}`),
  ]);
}

function labelOf(keyId: KeyId, documents: readonly RootDocument[]): string {
  return documents.flatMap(({ keys }) => keys).find((key) => key.keyId === keyId)?.label ?? "";
}
