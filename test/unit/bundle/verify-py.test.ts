/**
 * bundle-format/verify.py, written from the text of the spec, and our reader come to the same outcome on every vector and on media
 * that our writer makes. Needs python3 and openssl, and fails where they are missing: a second opinion that nobody asks for is none.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { buildImage } from "../../../bundle-format/vectors/source/image.ts";
import { MediumDraft } from "../../../bundle-format/vectors/source/medium-draft.ts";
import { statementOf } from "../../../bundle-format/vectors/source/parts.ts";
import { testSigner } from "../../../bundle-format/vectors/source/test-keys.ts";
import { STATEMENT_PAYLOAD_TYPE } from "../../../src/bundle/media-type.ts";
import { openMedium } from "../../../src/bundle/medium.ts";
import { listReleases } from "../../../src/bundle/read-release.ts";
import { listRoots } from "../../../src/bundle/read-root.ts";
import { formatStatement, type Statement } from "../../../src/bundle/statement.ts";
import { verifyContents } from "../../../src/bundle/verify-contents.ts";
import { verifyRelease } from "../../../src/bundle/verify-release.ts";
import { CodedError } from "../../../src/error.ts";
import { digestHex } from "../../../src/oci/digest.ts";
import { type AbsPath, toAbsPath } from "../../../src/path.ts";
import { createRelease } from "../../../src/release/create-release.ts";
import { addSignature, formatEnvelope, signPayload } from "../../../src/trust/dsse.ts";
import { type PrivateKey, publicKeyOf } from "../../../src/trust/keys.ts";
import { createRoot } from "../../../src/trust/root.ts";
import { extendRoot, newestOf, parseRootFile } from "../../../src/trust/root-chain.ts";
import { keySigner } from "../../../src/trust/signer.ts";
import {
  fixtureDraft,
  fixturePorts,
  RELEASE_KEY,
  SECOND_KEY,
  STRANGER_KEY,
  writeFixtureImage,
  writeFixtureKeys,
} from "../../support/release-fixtures.ts";
import { layOutFiles, layOutVector, readVectorIndex, VECTORS } from "./vector-reader.ts";

const rootFile = (name: string) => join(VECTORS, "roots", `${name}.json`);
const vectors = readVectorIndex();

let directory: AbsPath;
beforeEach(() => {
  directory = toAbsPath(mkdtempSync(join(tmpdir(), "verify-py-")));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
});

interface Outcome {
  /** Absent when the medium, or the root, is refused as a whole. */
  readonly rootVersion?: number;
  /** Payload digests, sorted. */
  readonly accepted: readonly string[];
  /** Clauses. */
  readonly refused: readonly string[];
}

type Verdict = { readonly accepted: string } | { readonly refused: string; readonly why: string };

async function verifyByPython(medium: string, root: string): Promise<Outcome> {
  const [status, stdout, stderr] = await run(["python3", join(VECTORS, "../verify.py"), medium, root, "--json"]);
  expect(stderr).toBe("");
  const said = JSON.parse(stdout) as { rootVersion?: number; releases?: readonly Verdict[] } & Verdict;
  const verdicts = said.releases ?? [said];
  const accepted = verdicts.flatMap((it) => ("accepted" in it ? [it.accepted] : []));
  expect(status).toBe(accepted.length > 0 ? 0 : 3);
  return {
    ...(said.rootVersion === undefined ? {} : { rootVersion: said.rootVersion }),
    accepted: accepted.sort(),
    refused: verdicts.flatMap((it) => ("refused" in it ? [it.refused] : [])),
  };
}

function run([command = "", ...args]: readonly string[]): Promise<[number, string, string]> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { timeout: 60_000 }, (error, stdout, stderr) => {
      if (error === null || typeof error.code === "number") resolve([Number(error?.code ?? 0), stdout, stderr]);
      else reject(error);
    });
  });
}

/** What our reader accepts of a medium, whatever device it arrives at. */
async function acceptedByUs(medium: AbsPath, rootFile: string): Promise<readonly string[]> {
  const trusted = newestOf(parseRootFile(readFileSync(rootFile)));
  const accepted: string[] = [];
  const unlessRefused = async (attempt: () => Promise<unknown>) => {
    try {
      await attempt();
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
    }
  };
  await unlessRefused(async () => {
    const opened = await openMedium(medium);
    const carried = (await listRoots(opened)).roots.map(({ root }) => root);
    const root = extendRoot(trusted, carried).at(-1) ?? trusted;
    for (const release of (await listReleases(opened)).releases) {
      await unlessRefused(async () => {
        const verified = verifyRelease(release, root);
        await verifyContents(opened, verified);
        accepted.push(verified.payloadDigest);
      });
    }
  });
  return accepted.sort();
}

describe("verify.py and our reader", () => {
  const media = vectors.filter(({ kind }) => kind === "medium");
  it.each(media)("agree on the medium $name: $about", async ({ file, context, clauses, expect: expected }) => {
    layOutVector(file, directory);
    const root = rootFile(context?.root ?? "");
    const outcome = await verifyByPython(directory, root);
    expect(outcome.accepted).toEqual(await acceptedByUs(directory, root));
    const isOfTheDevice = clauses.some((clause) => clause.startsWith("BF-6."));
    expect(outcome.accepted.length > 0).toBe(expected.result === "valid" || isOfTheDevice);
    if (outcome.accepted.length === 0) expect(clauses).toContain(outcome.refused[0]);
  });

  const documents = vectors.filter(({ kind }) => kind === "envelope" || kind === "statement");
  it.each(documents)("agree on the $kind $name: $about", async ({ kind, file, clauses, expect: expected }) => {
    layOutVector(file, directory);
    const document = readFileSync(join(directory, "document"));
    layOutFiles(await mediumWith(kind === "envelope" ? document : await signed(document)), directory);
    const outcome = await verifyByPython(directory, rootFile("single"));
    expect(outcome.accepted).toHaveLength(expected.result === "valid" ? 1 : 0);
    if (expected.result === "refused") expect(clauses).toContain(outcome.refused[0]);
  });

  const roots = vectors.filter(({ kind }) => kind === "root");
  it.each(roots)("agree on $name: $about", async ({ file, clauses, expect: expected }) => {
    layOutVector("medium/single-release.json", directory);
    layOutVector(file, directory);
    const outcome = await verifyByPython(directory, join(directory, "document"));
    expect(outcome.rootVersion !== undefined).toBe(expected.result === "valid");
    if (expected.result === "refused") expect(clauses).toContain(outcome.refused[0]);
  });

  /** A statement as it stands in a vector, signed by a key that may. */
  async function signed(payload: Buffer): Promise<Buffer> {
    const draft = { payloadType: STATEMENT_PAYLOAD_TYPE, payload, signatures: [] };
    return formatEnvelope(await addSignature(draft, testSigner("release-a")));
  }

  async function mediumWith(envelope: Buffer) {
    const image = await buildImage({ version: "42.3.1" });
    const medium = new MediumDraft().addImage(image, statementOf(image));
    medium.addRelease(envelope, statementOf(image));
    return medium.files();
  }
});

describe("verify.py and our reader on media of our writer", () => {
  let workstation: string;
  let statement: Statement;
  beforeAll(async () => {
    workstation = mkdtempSync(join(tmpdir(), "verify-py-writer-"));
    await writeFixtureImage(workstation);
    await writeFixtureKeys(workstation);
    writeFileSync(
      join(workstation, "key-revoked.json"),
      await revoking({ revokedKeys: [RELEASE_KEY.publicKey.keyId] }),
    );
    const created = await createRelease(fixtureDraft(workstation), fixturePorts(workstation));
    writeFileSync(
      join(workstation, "release-revoked.json"),
      await revoking({ revokedReleases: [created.payloadDigest] }),
    );
    ({ statement } = created);
    return () => rmSync(workstation, { recursive: true });
  });

  async function revoking(revoked: Pick<Parameters<typeof createRoot>[0], "revokedKeys" | "revokedReleases">) {
    const release = { keys: [RELEASE_KEY.publicKey, SECOND_KEY.publicKey], threshold: 1 };
    const roles = { root: { keys: [STRANGER_KEY.publicKey], threshold: 1 }, release };
    const draft = { version: 1, createdAt: "2026-01-01T00:00:00Z", expiresAt: null, roles, ...revoked };
    return formatEnvelope(await createRoot(draft, [keySigner(STRANGER_KEY)]));
  }

  it("refuse an envelope whose type is half a character, and do not stumble over it", async () => {
    const envelope = {
      payloadType: "\ud800",
      payload: "",
      signatures: [{ keyid: "0".repeat(64), sig: `${"A".repeat(86)}==` }],
    };
    const image = await buildImage({ version: "42.3.1" });
    const medium = new MediumDraft().addImage(image, statementOf(image));
    medium.addRelease(Buffer.from(JSON.stringify(envelope)), statementOf(image));
    layOutFiles(medium.files(), directory);
    const outcome = await verifyByPython(directory, rootFile("single"));
    expect(outcome).toEqual({ rootVersion: 1, accepted: [], refused: ["BF-2.5"] });
    expect(await acceptedByUs(directory, rootFile("single"))).toEqual([]);
  });

  it("follow a chain of roots in a file and on the medium, whatever decoys stand beside it", async () => {
    const keys = (...signers: readonly PrivateKey[]) => ({ keys: signers.map(publicKeyOf), threshold: 1 });
    const rootOf = async (version: number, by: PrivateKey, release: PrivateKey, ...signers: readonly PrivateKey[]) => {
      const roles = { root: keys(by), release: keys(release) };
      const draft = { version, createdAt: "2026-01-01T00:00:00Z", expiresAt: "2026-01-02T00:00:00Z", roles };
      return formatEnvelope(await createRoot(draft, signers.map(keySigner)));
    };
    const [first, second, third, decoy] = await Promise.all([
      rootOf(1, STRANGER_KEY, STRANGER_KEY, STRANGER_KEY),
      rootOf(2, SECOND_KEY, STRANGER_KEY, STRANGER_KEY, SECOND_KEY),
      rootOf(3, SECOND_KEY, RELEASE_KEY, SECOND_KEY),
      rootOf(3, RELEASE_KEY, RELEASE_KEY, RELEASE_KEY),
    ]);
    const image = await buildImage({ version: "42.3.1" });
    const envelope = await signPayload(STATEMENT_PAYLOAD_TYPE, formatStatement(statementOf(image)), [
      keySigner(RELEASE_KEY),
    ]);
    const medium = new MediumDraft().addImage(image, statementOf(image)).addRoot(decoy, 3).addRoot(third, 4);
    medium.addRelease(formatEnvelope(envelope), statementOf(image));
    layOutFiles(medium.files(), directory);
    const file = join(directory, "roots.json");
    writeFileSync(file, Buffer.concat([first, Buffer.from("\r\n"), second]));
    expect(await verifyByPython(directory, file)).toMatchObject({ rootVersion: 3, refused: [] });
    expect(await acceptedByUs(directory, file)).toEqual((await verifyByPython(directory, file)).accepted);
    writeFileSync(file, Buffer.concat([first, third]));
    expect(await verifyByPython(directory, file)).toEqual({ accepted: [], refused: ["BF-3.11"] });
    writeFileSync(file, first);
    expect(await verifyByPython(directory, file)).toEqual({ rootVersion: 1, accepted: [], refused: ["BF-2.8"] });
    expect(await acceptedByUs(directory, file)).toEqual([]);
  });

  it.each([
    ["accept a good one", "root", undefined, () => undefined],
    ["refuse one with a changed blob", "root", "BF-1.9", (blob) => writeFileSync(blob, flipped(readFileSync(blob)))],
    ["refuse one that lacks a blob", "root", "BF-1.9", (blob) => rmSync(blob)],
    ["refuse a release that one of two keys has signed", "two", "BF-2.7", () => undefined],
    ["refuse a release of a revoked key", "key-revoked", "BF-3.9", () => undefined],
    ["refuse a revoked release", "release-revoked", "BF-3.10", () => undefined],
  ] as const satisfies readonly [string, string, string | undefined, (blob: string) => void][])(
    "%s",
    async (_, rootName, clause, spoil: (blob: string) => void) => {
      cpSync(join(workstation, "stick"), directory, { recursive: true });
      const { image } = statement.targets[0]?.tree ?? { image: undefined };
      if (image === undefined) throw new Error("the release has no tree");
      spoil(join(directory, "bootferry/blobs/sha256", digestHex(image.digest)));
      const root = join(workstation, `${rootName}.json`);
      const outcome = await verifyByPython(directory, root);
      expect(outcome.refused).toEqual(clause === undefined ? [] : [clause]);
      expect(outcome.accepted).toHaveLength(clause === undefined ? 1 : 0);
      expect(outcome.accepted).toEqual(await acceptedByUs(directory, root));
    },
  );

  function flipped(bytes: Buffer): Buffer {
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
    return bytes;
  }
});
