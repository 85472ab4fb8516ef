/** Lays out the files of a vector and does with them what a device does; the outcome is what `index.json` must say. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DEVICE_KEY } from "../../../bundle-format/vectors/source/receipts.ts";
import { testKey } from "../../../bundle-format/vectors/source/test-keys.ts";
import type {
  Vector,
  VectorContext,
  VectorExpectation,
  VectorFile,
  VectorFiles,
} from "../../../bundle-format/vectors/source/vector.ts";
import { chooseRelease } from "../../../src/bundle/choose-release.ts";
import { openMedium } from "../../../src/bundle/medium.ts";
import { listReleases } from "../../../src/bundle/read-release.ts";
import { listRoots } from "../../../src/bundle/read-root.ts";
import { parseStatement } from "../../../src/bundle/statement.ts";
import { verifyContents } from "../../../src/bundle/verify-contents.ts";
import { type VerifiedRelease, verifyRelease } from "../../../src/bundle/verify-release.ts";
import { CodedError } from "../../../src/error.ts";
import { type AbsPath, below } from "../../../src/path.ts";
import { verifyReceipt } from "../../../src/receipt/receipt.ts";
import { verifyVisit } from "../../../src/receipt/visit.ts";
import { parseEnvelope } from "../../../src/trust/dsse.ts";
import type { TrustedRoot } from "../../../src/trust/root.ts";
import { extendRoot, newestOf, parseRootFile, replacesReleaseKeys } from "../../../src/trust/root-chain.ts";
import type { TrustState } from "../../../src/trust/state.ts";

export const VECTORS = join(import.meta.dirname, "../../../bundle-format/vectors");

type Entry = Omit<Vector, "files"> & { readonly file: string };

export function readVectorIndex(): readonly Entry[] {
  return JSON.parse(readFileSync(join(VECTORS, "index.json"), "utf8")).vectors;
}

/** Writes the files of a vector below `directory`. */
export function layOutVector(file: string, directory: AbsPath): void {
  const { files } = JSON.parse(readFileSync(join(VECTORS, file), "utf8")) as Pick<Vector, "files">;
  layOutFiles(files, directory);
}

export function layOutFiles(files: VectorFiles, directory: AbsPath): void {
  for (const [path, content] of Object.entries(files)) {
    const target = below(directory, path);
    mkdirSync(dirname(target), { recursive: true });
    if ("symlink" in content) symlinkSync(content.symlink, target);
    else if ("directory" in content) mkdirSync(target);
    else writeFileSync(target, bytesOf(content));
  }
}

function bytesOf(content: Exclude<VectorFile, { symlink: string } | { directory: true }>): Buffer {
  if ("text" in content) return Buffer.from(content.text);
  if ("base64" in content) return Buffer.from(content.base64, "base64");
  return Buffer.from(content.repeat.map(({ text, times }) => text.repeat(times)).join(""));
}

/** What comes of a vector whose files lie in `directory`. */
export async function outcomeOf({ kind, context }: Entry, directory: AbsPath): Promise<VectorExpectation> {
  try {
    switch (kind) {
      case "medium":
        if (context === undefined) throw new Error("a medium needs a context");
        return await outcomeOfMedium(directory, context);
      case "envelope":
        parseEnvelope(readFileSync(below(directory, "document")));
        return { result: "valid" };
      case "receipt":
        verifyReceipt(parseEnvelope(readFileSync(below(directory, "document"))), testKey(DEVICE_KEY).publicKey);
        return { result: "valid" };
      case "visit":
        verifyVisit(parseEnvelope(readFileSync(below(directory, "document"))), testKey(DEVICE_KEY).publicKey);
        return { result: "valid" };
      case "statement":
        return { result: "valid", sequence: parseStatement(readFileSync(below(directory, "document"))).sequence };
      case "root":
        return {
          result: "valid",
          rootVersion: newestOf(parseRootFile(readFileSync(below(directory, "document")))).version,
        };
    }
  } catch (error) {
    if (error instanceof CodedError) return { result: "refused", code: error.code };
    throw error;
  }
}

async function outcomeOfMedium(directory: AbsPath, context: VectorContext): Promise<VectorExpectation> {
  const trusted = newestOf(parseRootFile(readFileSync(join(VECTORS, "roots", `${context.root}.json`))));
  const medium = await openMedium(directory);
  const { roots } = await listRoots(medium, { aboveVersion: trusted.version });
  const steps = extendRoot(
    trusted,
    roots.map(({ root }) => root),
  );
  const root = steps.at(-1) ?? trusted;
  const { releases, problems } = await listReleases(medium);
  const refusals = problems.map(({ error }) => error);
  const verified: VerifiedRelease[] = [];
  for (const release of releases) {
    try {
      verified.push(verifyRelease(release, root));
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      refusals.push(error);
    }
  }
  const clock = context.synchronisedNowUtc === null ? {} : { synchronisedNowUtc: new Date(context.synchronisedNowUtc) };
  const choice = chooseRelease(
    verified,
    context.device,
    stateUnder(root, trusted, context.state),
    context.followName,
    clock,
  );
  if (choice.kind === "nothing") throw refusals[0] ?? choice.reasons[0].reason;
  await verifyContents(medium, choice.release);
  const { sequence } = choice.release.statement;
  return { result: "valid", sequence, ...(choice.kind === "current" ? { current: true } : {}) };
}

/** BF-6.14: what the device remembers once it trusts `next`. */
function stateUnder(next: TrustedRoot, trusted: TrustedRoot, state: TrustState): TrustState {
  if (!replacesReleaseKeys(trusted, next)) return state;
  return { ...state, floors: {}, timeFloorUtc: next.document.createdAt };
}
