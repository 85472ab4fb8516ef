/** A root for people and for `--json`: its keys by role, and whether its signatures make it acceptable. */
import { type Envelope, formatEnvelope } from "../trust/dsse.ts";
import { TrustError } from "../trust/error.ts";
import type { KeyId } from "../trust/keys.ts";
import { parseRoot } from "../trust/root.ts";
import { parseRootDocument, type RootDocument } from "../trust/root-document.ts";

export interface RootFacts {
  readonly document: RootDocument;
  readonly signedBy: readonly KeyId[];
  /** Null when enough root keys have signed. */
  readonly problem: { readonly code: string; readonly message: string } | null;
}

/** @throws TrustError TRUST_ROOT_INVALID and others for what is no root at all; missing signatures are a fact */
export function rootFacts(envelope: Envelope): RootFacts {
  const bytes = formatEnvelope(envelope);
  try {
    const root = parseRoot(bytes);
    return { document: root.document, signedBy: root.signedBy, problem: null };
  } catch (error) {
    if (!(error instanceof TrustError) || error.code === "TRUST_PAYLOAD_TYPE") throw error;
    const document = parseRootDocument(envelope.payload);
    const signedBy = envelope.signatures.map((signature) => signature.keyId);
    return { document, signedBy, problem: { code: error.code, message: error.message } };
  }
}

export function describeRoot({ document, signedBy, problem }: RootFacts): string {
  const lines = [
    `version   ${document.version}`,
    `created   ${document.createdAt}`,
    `expires   ${document.expiresAt ?? "never"}`,
    `signed    ${problem === null ? "yes" : `not yet: ${problem.message} [${problem.code}]`}`,
  ];
  for (const role of ["root", "release", "countersign"] as const) {
    const entry = document.roles[role];
    if (entry === undefined) continue;
    lines.push(`${role}: ${entry.threshold} of ${entry.keyIds.length}`);
    for (const keyId of entry.keyIds) {
      const label = document.keys.find((key) => key.keyId === keyId)?.label ?? "";
      const marks = [
        ...(document.revokedKeys.includes(keyId) ? ["revoked"] : []),
        ...(role === "root" && signedBy.includes(keyId) ? ["has signed this root"] : []),
      ];
      lines.push(`  ${keyId}  ${label}${marks.length === 0 ? "" : ` (${marks.join(", ")})`}`);
    }
  }
  for (const digest of document.revokedReleases) lines.push(`withdrawn release  ${digest}`);
  return lines.join("\n");
}
