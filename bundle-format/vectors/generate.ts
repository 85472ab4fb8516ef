/**
 * Writes the vectors (`npm run vectors`): the same bytes each time, from fixed keys and fixed times.
 *
 *     vectors/index.json          what each vector is, its context, and what must come out
 *     vectors/<kind>/<name>.json  its files
 *     vectors/roots/<name>.json   the trusted roots that contexts name
 *     vectors/keys/<name>.pem     the test keys
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { digestOf } from "../../src/oci/digest.ts";
import { parseEnvelope } from "../../src/trust/dsse.ts";
import { formatPrivateKeyPem } from "../../src/trust/keys.ts";
import { damagedMedia } from "./source/damaged-media.ts";
import { envelopeVectors } from "./source/envelopes.ts";
import { goodMedium, ROOT_DRAFTS, rootEnvelope, SINGLE_ROOT } from "./source/parts.ts";
import { receiptVectors } from "./source/receipts.ts";
import { rootChainVectors } from "./source/root-chains.ts";
import { rootVectors } from "./source/roots.ts";
import { statementVectors } from "./source/statements.ts";
import { TEST_KEY_NAMES, testKey, testKeySentence } from "./source/test-keys.ts";
import { unfitMedia } from "./source/unfit-media.ts";
import { untrustedMedia } from "./source/untrusted-media.ts";
import { validMedia } from "./source/valid-media.ts";
import type { Vector } from "./source/vector.ts";

/** Directories below `vectors/` that hold nothing but what is generated. */
export const GENERATED_DIRECTORIES = [
  "medium",
  "root",
  "envelope",
  "statement",
  "receipt",
  "visit",
  "roots",
  "keys",
] as const;

/** Paths below `vectors/` and the content of each file. */
export async function generateVectors(): Promise<Map<string, string>> {
  const vectors: readonly Vector[] = [
    ...(await validMedia()),
    ...(await untrustedMedia()),
    ...(await damagedMedia()),
    ...(await unfitMedia()),
    ...(await envelopeVectors()),
    ...(await statementVectors()),
    ...(await rootVectors()),
    ...(await rootChainVectors()),
    ...(await receiptVectors()),
  ];
  const files = new Map<string, string>();
  const entries = vectors.map(({ files: vectorFiles, ...entry }) => {
    const file = `${entry.kind}/${entry.name}.json`;
    if (files.has(file)) throw new Error(`two vectors are called ${entry.name}`);
    files.set(file, text({ files: vectorFiles }));
    return { ...entry, file };
  });
  for (const [name, bytes] of await trustedRoots()) files.set(`roots/${name}.json`, bytes.toString());
  for (const name of TEST_KEY_NAMES) {
    files.set(`keys/${name}.pem`, `${testKeySentence(name)}\n${formatPrivateKeyPem(testKey(name))}`);
  }
  files.set("index.json", text({ vectors: entries }));
  return files;
}

async function trustedRoots(): Promise<readonly (readonly [string, Buffer])[]> {
  const { envelope } = await goodMedium();
  const goodReleases = [digestOf(parseEnvelope(envelope).payload)];
  const drafts = {
    ...ROOT_DRAFTS,
    "release-revoked": {
      draft: { ...SINGLE_ROOT, version: 2, revokedReleases: goodReleases },
      signers: ["root-a"] as const,
    },
    downgrade: { draft: { ...SINGLE_ROOT, downgrades: goodReleases }, signers: ["root-a"] as const },
  };
  const roots = Object.entries(drafts).map(
    async ([name, { draft, signers }]) => [name, await rootEnvelope(draft, signers)] as const,
  );
  return Promise.all(roots);
}

function text(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

if (import.meta.main) {
  const root = import.meta.dirname;
  const files = await generateVectors();
  for (const directory of GENERATED_DIRECTORIES) rmSync(join(root, directory), { recursive: true, force: true });
  for (const [path, content] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  console.log(`wrote ${files.size} files`);
}
