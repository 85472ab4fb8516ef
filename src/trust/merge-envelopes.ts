/**
 * Brings together what several holders of keys have signed, each in a copy of one file. Nothing here says that the
 * signatures are enough: `verifyEnvelope` does, with the keys of a root.
 */
import { type Envelope, type EnvelopeSignature, MAX_SIGNATURES, preAuthEncoding } from "./dsse.ts";
import { isSignatureOf } from "./ed25519.ts";
import { TrustError } from "./error.ts";
import type { KeyId, PublicKey } from "./keys.ts";

/**
 * One envelope with the signatures of all, one for each key.
 * @param keys those that are known here: a signature of one of them is checked. One of another key cannot be; two of such
 *   a key that differ are refused
 * @throws TrustError TRUST_PAYLOADS_DIFFER, TRUST_SIGNATURE_UNFIT, TRUST_ENVELOPE_INVALID for too many signatures
 */
export function mergeEnvelopes(
  envelopes: readonly [Envelope, ...Envelope[]],
  keys: readonly PublicKey[] = [],
): Envelope {
  const [first] = envelopes;
  const merged = new Map<KeyId, EnvelopeSignature>();
  for (const envelope of envelopes) {
    const isSame = envelope.payloadType === first.payloadType && envelope.payload.equals(first.payload);
    if (!isSame) throw new TrustError("TRUST_PAYLOADS_DIFFER", "what was signed is not the same in all files");
    for (const signature of envelope.signatures) {
      const { keyId, sig } = signature;
      const key = keys.find((known) => known.keyId === keyId);
      if (key !== undefined && !fits(signature, envelope, key)) {
        throw new TrustError("TRUST_SIGNATURE_UNFIT", `the signature of key ${keyId} does not fit the payload`);
      }
      const earlier = merged.get(keyId);
      if (key === undefined && earlier !== undefined && !Buffer.from(earlier.sig).equals(sig)) {
        throw new TrustError(
          "TRUST_SIGNATURE_UNFIT",
          `two signatures of key ${keyId} differ, and the key is not known`,
        );
      }
      merged.set(keyId, earlier ?? signature);
    }
  }
  if (merged.size > MAX_SIGNATURES) {
    throw new TrustError(
      "TRUST_ENVELOPE_INVALID",
      `there are ${merged.size} signatures, at most ${MAX_SIGNATURES} fit`,
    );
  }
  return { ...first, signatures: [...merged.values()] };
}

/** The envelope without signatures of `keys` that do not fit: what damaged ones there were can be replaced then. */
export function dropUnfit(envelope: Envelope, keys: readonly PublicKey[]): Envelope {
  const signatures = envelope.signatures.filter((signature) => {
    const key = keys.find(({ keyId }) => keyId === signature.keyId);
    return key === undefined || fits(signature, envelope, key);
  });
  return { ...envelope, signatures };
}

function fits({ sig }: EnvelopeSignature, { payloadType, payload }: Envelope, key: PublicKey): boolean {
  return isSignatureOf(sig, preAuthEncoding(payloadType, payload), key.raw);
}
