/** The one way in which a verb makes version N+1 of a root: from the newest root of OLD, signed by those who are here. */
import { type Command, Option } from "commander";
import { EXIT } from "../error.ts";
import { createDurably } from "../host/durable-write.ts";
import { addSignatures, formatEnvelope } from "../trust/dsse.ts";
import { TrustError } from "../trust/error.ts";
import { draftNextRoot } from "../trust/next-root.ts";
import { ROOT_PAYLOAD_TYPE } from "../trust/root.ts";
import { replacesReleaseKeys } from "../trust/root-chain.ts";
import { formatRootDocument, type RootDocument, usableKeys } from "../trust/root-document.ts";
import type { Signer } from "../trust/signer.ts";
import { formatUtcTime } from "../trust/utc-time.ts";
import type { CliContext } from "./context.ts";
import { addOutputOptions, addSigningOptions, type SigningOptions } from "./options.ts";
import type { Output, OutputOptions } from "./output.ts";
import { readRootFile } from "./read-root.ts";
import { addRootChangeOptions, type RootChangeOptions, readRootChanges } from "./root-change-options.ts";
import { describeRoot, rootFacts } from "./root-facts.ts";
import { openSigners } from "./signers.ts";

export interface NextRootOptions extends RootChangeOptions, SigningOptions, OutputOptions {
  readonly passphraseFile?: readonly string[];
  readonly out: string;
}

export const NEXT_ROOT_EXITS = [EXIT.notTrusted] as const;

/** The argument and the options of {@link makeNextRoot}. */
export function addNextRootOptions(command: Command): Command {
  command
    .argument("<old>", "the root that devices have now: a file with one root, or a chain of which the newest counts")
    .addOption(new Option("--out <file>", "the new root; it is never overwritten").makeOptionMandatory());
  addRootChangeOptions(command);
  addSigningOptions(command, "root, in the old root or the new one");
  return addOutputOptions(command);
}

/** @throws CliError, TrustError, HostError; the file is written even when signatures are still wanted, and says whose */
export async function makeNextRoot(context: CliContext, oldFile: string, options: NextRootOptions): Promise<void> {
  const output = context.openOutput(options);
  const old = readRootFile(context, oldFile);
  const { changes, signers } = await readRootChanges(context, old.document, options);
  const payload = formatRootDocument(draftNextRoot(old.document, changes));
  const unsigned = { payloadType: ROOT_PAYLOAD_TYPE, payload, signatures: [] };
  const { document: next } = rootFacts(unsigned);
  const isSigning = (options.key ?? []).length + (options.signer ?? []).length > 0;
  const all = [...(isSigning ? await openSigners(context, options) : []), ...signers];
  verifyRootSigners(all, [old.document, next]);
  const envelope = await addSignatures(unsigned, all);
  const file = context.path(options.out);
  createDurably(file, formatEnvelope(envelope));
  const facts = rootFacts(envelope, old.document);
  warnOfConsequences(context, output, old.document, next);
  output.result({ file, ...facts }, () => `file      ${file}\n${describeRoot(facts, old.document)}`);
}

/** @throws TrustError TRUST_KEY_UNKNOWN for a key whose signature would count under none of `documents` */
export function verifyRootSigners(signers: readonly Signer[], documents: readonly RootDocument[]): void {
  const allowed = documents.flatMap((document) => usableKeys(document, "root")).map(({ keyId }) => keyId);
  const stranger = signers.find(({ publicKey }) => !allowed.includes(publicKey.keyId))?.publicKey.keyId;
  if (stranger === undefined) return;
  const versions = documents.map(({ version }) => version).join(" and ");
  throw new TrustError("TRUST_KEY_UNKNOWN", `key ${stranger} does not hold the role "root" in version ${versions}`);
}

/** What a new root does to devices and to releases that are under way. */
function warnOfConsequences(context: CliContext, output: Output, old: RootDocument, next: RootDocument): void {
  const now = formatUtcTime(context.clock.nowUtc());
  if (next.expiresAt !== null && next.expiresAt <= now) {
    output.warn(`it expired on ${next.expiresAt}: devices that take it accept no release until the next root`);
  }
  const ids = (document: RootDocument) => usableKeys(document, "release").map(({ keyId }) => keyId);
  const [before, after] = [ids(old), ids(next)];
  if (replacesReleaseKeys({ document: old }, { document: next })) {
    output.warn(
      "the release keys are replaced: no release of before passes any more, and devices forget the sequences that they have confirmed, but for --min-sequence",
    );
  } else if (before.some((keyId) => !after.includes(keyId))) {
    output.warn(
      "releases count without the signatures of the keys that go: have those that are under way signed again",
    );
  }
  if (after.some((keyId) => !before.includes(keyId))) {
    output.warn(
      "devices accept releases of the new keys only once they have this root: carry the chain on the same media (`release create --root CHAIN`)",
    );
  }
}
