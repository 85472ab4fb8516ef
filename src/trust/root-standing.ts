/** Who has signed a root and who still may: against its own root role, and against that of the root before it. */
import { type Envelope, preAuthEncoding } from "./dsse.ts";
import { isSignatureOf } from "./ed25519.ts";
import type { KeyId } from "./keys.ts";
import { type RootDocument, usableKeys } from "./root-document.ts";

export interface RootStanding {
  /** Whose threshold it is. */
  readonly version: number;
  readonly threshold: number;
  /** Keys whose signatures fit. */
  readonly signedBy: readonly KeyId[];
  /** How many more it takes; 0 when it is enough. */
  readonly missing: number;
  /** Keys that could still sign. */
  readonly waiting: readonly KeyId[];
}

/** @param judge the root whose root role is asked: the one in `envelope`, or the one before it */
export function rootStanding(envelope: Envelope, judge: RootDocument): RootStanding {
  const { threshold } = judge.roles.root;
  const message = preAuthEncoding(envelope.payloadType, envelope.payload);
  const keys = usableKeys(judge, "root");
  const hasSigned = keys.map((key) =>
    envelope.signatures.some(({ keyId, sig }) => keyId === key.keyId && isSignatureOf(sig, message, key.raw)),
  );
  const ids = keys.map(({ keyId }) => keyId);
  const signedBy = ids.filter((_, index) => hasSigned[index]);
  return {
    version: judge.version,
    threshold,
    signedBy,
    missing: Math.max(0, threshold - signedBy.length),
    waiting: ids.filter((_, index) => !hasSigned[index]),
  };
}
