/**
 * How one root succeeds another (bundle-format/spec.md, section 3; TUF 5.3): each version by the threshold of the one
 * before it and by its own, without a gap. Whoever holds the root keys of any version can so change all keys, and whoever
 * holds none of them can change nothing, whatever stands on a medium.
 *
 * Expiry plays no part: steps on the way may be long past, and the last one is asked when something is installed. Pure.
 */
import { verifyEnvelope } from "./dsse.ts";
import { TrustError } from "./error.ts";
import { parseRoot, rootRule, type TrustedRoot } from "./root.ts";
import { type RootDocument, usableKeys } from "./root-document.ts";

const MAX_ROOT_FILE_BYTES = 8 << 20; // thousands of such roots as we write, four of the largest possible ones
const MAX_CHAIN = 1024; // as many as the index of a medium holds

/**
 * Requires that `next` may take the place of `current`. That its own root keys have signed it is known: it is a
 * `TrustedRoot`.
 * @throws TrustError TRUST_ROOT_NOT_SUCCESSOR when its version is not the next one; TRUST_KEY_UNKNOWN, TRUST_KEY_REVOKED,
 * TRUST_SIGNATURE_INVALID, TRUST_THRESHOLD_NOT_MET when the root keys of `current` do not vouch for it
 */
export function verifySuccessor(current: TrustedRoot, next: TrustedRoot): void {
  const expected = current.version + 1;
  if (next.version !== expected) {
    const message = `root version ${current.version} is succeeded by version ${expected}, got version ${next.version}`;
    throw new TrustError("TRUST_ROOT_NOT_SUCCESSOR", message); // BF-3.11
  }
  try {
    verifyEnvelope(next.envelope, rootRule(current.document)); // BF-3.13: what the new root revokes counts here all the same
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    const message = `root version ${next.version} does not succeed version ${current.version}: ${error.message}`;
    throw new TrustError(error.code, message, { cause: error });
  }
}

/**
 * The roots of a file, ascending: one envelope on each line, or a single one that is spread over several. The first one
 * is believed because of where the file stands; each of the others is held against the one before it.
 * @throws TrustError as `parseRoot` and {@link verifySuccessor}; OciError OCI_JSON_…
 */
export function parseRootFile(bytes: Uint8Array): readonly [TrustedRoot, ...TrustedRoot[]] {
  if (bytes.length > MAX_ROOT_FILE_BYTES) throw tooLong(`it has over ${MAX_ROOT_FILE_BYTES} bytes`);
  const [first, ...others] = splitRootFile(bytes);
  if (others.length >= MAX_CHAIN) throw tooLong(`it holds over ${MAX_CHAIN} roots`);
  const chain: [TrustedRoot, ...TrustedRoot[]] = [parseRoot(first)];
  for (const line of others) {
    const next = parseRoot(line);
    verifySuccessor(newestOf(chain), next);
    chain.push(next);
  }
  return chain;
}

/** The root that a whole chain stands for. */
export function newestOf(chain: readonly [TrustedRoot, ...TrustedRoot[]]): TrustedRoot {
  return chain.at(-1) ?? chain[0];
}

/**
 * The envelopes of a root file (BF-3.18): one on each line when the first line is a whole object, which it is not of a
 * document that was indented. Nothing about them is checked.
 */
export function splitRootFile(bytes: Uint8Array): readonly [Uint8Array, ...Uint8Array[]] {
  const text = Buffer.from(bytes).toString("latin1"); // one character for each byte, whatever they are
  const [first, ...others] = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (first === undefined || !first.startsWith("{") || !first.endsWith("}")) return [bytes];
  return [Buffer.from(first, "latin1"), ...others.map((line) => Buffer.from(line, "latin1"))];
}

function tooLong(why: string): TrustError {
  return new TrustError("TRUST_ENVELOPE_INVALID", `root file is too long: ${why}`);
}

/**
 * The steps that lead from `current` to the highest version that can be reached, none when there are none. What does not
 * fit is passed over: lower and equal versions change nothing, and decoys must not hide the root that verifies.
 */
export function extendRoot(current: TrustedRoot, candidates: readonly TrustedRoot[]): readonly TrustedRoot[] {
  const steps: TrustedRoot[] = [];
  for (;;) {
    const newest = steps.at(-1) ?? current;
    const next = candidates.find((candidate) => isSuccessor(newest, candidate)); // BF-3.14
    if (next === undefined) return steps;
    steps.push(next);
  }
}

function isSuccessor(current: TrustedRoot, candidate: TrustedRoot): boolean {
  try {
    verifySuccessor(current, candidate);
    return true;
  } catch (error) {
    if (error instanceof TrustError) return false;
    throw error;
  }
}

/**
 * Whether no release that was signed under `old` can pass under `next` (fast-forward recovery, BF-3.16): too few of the
 * keys that have ever signed releases may still do so. Then the floors, which a thief of the old keys may have raised as
 * high as numbers go, protect nothing more and lock the device out.
 */
export function replacesReleaseKeys(
  { document: old }: Pick<TrustedRoot, "document">,
  { document: next }: Pick<TrustedRoot, "document">,
): boolean {
  const signers = new Set([...listedKeys(old, "release"), ...listedKeys(old, "countersign")]);
  const still = usableKeys(next, "release").filter(({ keyId }) => signers.has(keyId));
  return still.length < next.roles.release.threshold;
}

/** Revoked ones too: what they signed before is still about, and the next root may have forgotten the revocation. */
function listedKeys({ roles }: RootDocument, role: "release" | "countersign"): readonly string[] {
  return roles[role]?.keyIds ?? [];
}
