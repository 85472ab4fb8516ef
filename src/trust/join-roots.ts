/** Makes one chain of what several people hold: copies of the same roots, each with the signatures of others. */
import type { Envelope } from "./dsse.ts";
import { TrustError } from "./error.ts";
import { mergeEnvelopes } from "./merge-envelopes.ts";
import { parseRootDocument, type RootDocument, usableKeys } from "./root-document.ts";

export interface JoinedRoot {
  /** With the signatures of all copies; they may not be enough. */
  readonly envelope: Envelope;
  readonly document: RootDocument;
}

/**
 * One root for each version, ascending. Whether each follows the one before is not looked at.
 * @param envelopes with the payload type of roots
 * @throws TrustError TRUST_PAYLOADS_DIFFER for two roots of one version, TRUST_SIGNATURE_UNFIT, TRUST_ROOT_…; OciError OCI_JSON_…
 */
export function joinRoots(envelopes: readonly Envelope[]): readonly JoinedRoot[] {
  const copies = new Map<number, [Envelope, ...Envelope[]]>();
  const documents = new Map<number, RootDocument>();
  for (const envelope of envelopes) {
    const document = parseRootDocument(envelope.payload);
    const { version } = document;
    const first = copies.get(version)?.[0];
    if (first !== undefined && !first.payload.equals(envelope.payload)) {
      throw new TrustError("TRUST_PAYLOADS_DIFFER", `there are two different roots of version ${version}`);
    }
    documents.set(version, document);
    copies.set(version, [...(copies.get(version) ?? []), envelope] as [Envelope, ...Envelope[]]);
  }
  const keys = [...documents.values()].flatMap((document) => usableKeys(document, "root"));
  return [...documents]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([version, document]) => {
      const group = copies.get(version);
      return group === undefined ? [] : [{ envelope: mergeEnvelopes(group, keys), document }];
    });
}
