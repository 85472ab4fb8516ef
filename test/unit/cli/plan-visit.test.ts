import { beforeAll, describe, expect, it } from "vitest";
import { type BuiltImage, buildImage } from "../../../bundle-format/vectors/source/image.ts";
import { MediumDraft } from "../../../bundle-format/vectors/source/medium-draft.ts";
import {
  CONTEXT,
  envelopeOf,
  NAME,
  rootEnvelope,
  SINGLE_ROOT,
  statementOf,
  targetOf,
} from "../../../bundle-format/vectors/source/parts.ts";
import { openMedium } from "../../../src/bundle/medium.ts";
import { formatStatement, type Statement } from "../../../src/bundle/statement.ts";
import { commonBase, type NamedRelease } from "../../../src/cli/delta-base.ts";
import { type PlanContext, planDevice } from "../../../src/cli/plan-visit.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import type { Receipt } from "../../../src/receipt/receipt.ts";
import { parseRoot, type TrustedRoot } from "../../../src/trust/root.ts";
import { packFixture } from "../../support/pack-fixtures.ts";
import { makeReceipt } from "../../support/receipt-fixtures.ts";
import { scratchDirectory } from "../agent/scratch.ts";
import { layOutFiles } from "../bundle/vector-reader.ts";

let image: BuiltImage;
let one: TrustedRoot;
let two: TrustedRoot;
beforeAll(async () => {
  image = await buildImage({ version: "42.3.1" });
  one = parseRoot(await rootEnvelope(SINGLE_ROOT, ["root-a"]));
  two = parseRoot(await rootEnvelope({ ...SINGLE_ROOT, version: 2 }, ["root-a"]));
});

const BEFORE = { name: NAME, version: "41.0.0", sequence: 41, payloadDigest: digestOf("release 41") };

/** A device that has confirmed sequence 41 under root 1. */
function receiptOf(overrides: Partial<Receipt> = {}): Receipt {
  const { compatible, architecture } = CONTEXT.device;
  const { device } = makeReceipt();
  return makeReceipt({
    ...{
      device: { ...device, compatible, architecture },
      follows: NAME,
      running: { release: BEFORE, deployment: "41-ab" },
    },
    held: [{ payloadDigest: BEFORE.payloadDigest, tree: null }],
    floors: { sequence: 41, payloadDigest: BEFORE.payloadDigest, timeUtc: "2026-01-02T00:00:00Z" },
    root: { version: one.version, digest: one.digest },
    ...overrides,
  });
}

async function contextOf(statement: Statement, changes: Partial<PlanContext> = {}): Promise<PlanContext> {
  const draft = new MediumDraft();
  draft.addImage(image, statement).addRelease(await envelopeOf(statement, ["release-a"]), statement);
  const directory = scratchDirectory();
  layOutFiles(draft.files(), directory);
  const { signal } = new AbortController();
  const medium = await openMedium(directory);
  const visitUtc = new Date("2026-12-01T00:00:00Z");
  return {
    medium,
    roots: [one],
    onlyPayload: undefined,
    findTree: async () => undefined,
    visitUtc,
    signal,
    ...changes,
  };
}

const digestOfStatement = (statement: Statement) => digestOf(formatStatement(statement));

describe("the plan of a visit", () => {
  it("says that a device would install what is newer than what it has confirmed", async () => {
    const statement = statementOf(image);
    expect(await planDevice(receiptOf(), await contextOf(statement))).toMatchObject({
      ...{ kind: "install", release: { name: NAME, sequence: statement.sequence }, message: "" },
    });
  });

  it("says that a device does nothing with what it has, and with what was not well on it", async () => {
    const statement = statementOf(image);
    const payloadDigest = digestOfStatement(statement);
    const { name, version, sequence } = statement;
    const has: Partial<Receipt> = {
      running: { release: { name, version, sequence, payloadDigest }, deployment: "42-ab" },
      held: [{ payloadDigest, tree: null }],
      floors: { sequence, payloadDigest, timeUtc: null },
    };
    const context = await contextOf(statement);
    expect(await planDevice(receiptOf(has), context)).toMatchObject({
      ...{ kind: "nothing", message: expect.stringContaining("is installed already") },
    });
    expect(await planDevice(receiptOf({ refusedReleases: [payloadDigest] }), context)).toMatchObject({
      ...{ kind: "nothing", message: expect.stringContaining("was tried already") },
    });
  });

  it.each([
    ["would install a delta whose base it holds", BEFORE.payloadDigest, { kind: "install" }],
    [
      "may do without the base of a delta, when nobody knows what else it has",
      digestOf("40"),
      { kind: "unknown", message: expect.stringContaining("--base-from") },
    ],
  ])("says that a device %s", async (_, payloadDigest, answer) => {
    const statement = statementOf(image);
    const draft = new MediumDraft();
    draft.addImage(image, statement).addRelease(await envelopeOf(statement, ["release-a"]), statement);
    const { layers } = JSON.parse(draft.blobs.get(image.manifest.digest)?.toString() ?? "");
    for (const { digest } of layers) draft.blobs.delete(digest);
    const subject = image.manifest;
    const pack = packFixture({
      subject,
      tree: image.tree.composefs,
      files: [],
      base: { version: "41.0.0", payloadDigest },
    });
    for (const blob of pack.blobs) draft.addBlob(blob);
    draft.addEntry(draft.addBlob(pack.manifest));
    const directory = scratchDirectory();
    layOutFiles(draft.files(), directory);
    const context = await contextOf(statement, { medium: await openMedium(directory) });
    expect(await planDevice(receiptOf(), context)).toMatchObject(answer);
  });

  const { device } = makeReceipt();
  it.each<[string, Partial<Receipt>, Partial<Statement>, string]>([
    [
      "it has confirmed a later one",
      { floors: { sequence: 43, payloadDigest: digestOf("43"), timeUtc: null } },
      {},
      "TRUST_SEQUENCE_OLDER",
    ],
    [
      "another one has its sequence",
      { floors: { sequence: 42, payloadDigest: digestOf("42"), timeUtc: null } },
      {},
      "TRUST_SEQUENCE_CONFLICT",
    ],
    ["it is another kind of device", { device: { ...device, compatible: "fridge" } }, {}, "BUNDLE_COMPATIBLE_MISMATCH"],
    ["it follows another name", { follows: "fridge-os" }, {}, "BUNDLE_NAME_NOT_FOLLOWED"],
    [
      "its bootferry is too old",
      { agentVersion: "0.1.0" },
      { requires: { minAgent: "3.0.0" } },
      "BUNDLE_AGENT_TOO_OLD",
    ],
    ["a step is needed first", {}, { requires: { minSequence: 42 }, sequence: 50 }, "BUNDLE_STEP_NEEDED"],
    ["it is past its day", { isClockTrusted: true }, { expiresAt: "2026-11-30T00:00:00Z" }, "TRUST_EXPIRED"],
  ])("says that a device refuses because %s", async (_, receipt, statement, code) => {
    const context = await contextOf(statementOf(image, statement));
    expect(await planDevice(receiptOf(receipt), context)).toMatchObject({ kind: "refuse", error: { code } });
  });

  it("knows no day on a device that does not", async () => {
    const context = await contextOf(statementOf(image, { expiresAt: "2026-11-30T00:00:00Z" }));
    expect(await planDevice(receiptOf({ isClockTrusted: false }), context)).toMatchObject({ kind: "install" });
  });

  it("looks for the device's own name in a list of devices", async () => {
    const targets = [{ ...targetOf(image), devices: ["kiosk-0017"] }];
    const context = await contextOf(statementOf(image, { targets }));
    const named = (name: string | null) => receiptOf({ device: { ...receiptOf().device, name } });
    expect(await planDevice(named("kiosk-0017"), context)).toMatchObject({ kind: "install" });
    expect(await planDevice(named(null), context)).toMatchObject({ error: { code: "BUNDLE_DEVICE_NOT_LISTED" } });
  });

  it("asks for the tree only where a device deploys from it", async () => {
    const context = await contextOf(statementOf(image, { targets: [{ ...targetOf(image), tree: null }] }));
    const on = (backend: "native" | "bootc") => receiptOf({ device: { ...receiptOf().device, backend } });
    expect(await planDevice(on("native"), context)).toMatchObject({ error: { code: "STORE_TREE_ABSENT" } });
    expect(await planDevice(on("bootc"), context)).toMatchObject({ kind: "install" });
  });

  it("follows the roots of the medium as the device does, and does not guess at a root that it does not have", async () => {
    const draft = new MediumDraft();
    const statement = statementOf(image);
    draft.addImage(image, statement).addRelease(await envelopeOf(statement, ["release-a"]), statement);
    draft.addRoot(await rootEnvelope({ ...SINGLE_ROOT, version: 2 }, ["root-a"]), 2);
    const directory = scratchDirectory();
    layOutFiles(draft.files(), directory);
    const context = { ...(await contextOf(statement)), medium: await openMedium(directory), roots: [one, two] };
    expect(await planDevice(receiptOf(), context)).toMatchObject({
      ...{ kind: "install", message: "A run would trust root version 2." },
    });
    const unknown = { kind: "unknown", message: expect.stringContaining("whole chain") };
    expect(await planDevice(receiptOf({ root: { version: 3, digest: digestOf("x") } }), context)).toMatchObject(
      unknown,
    );
    expect(await planDevice(receiptOf({ root: null }), context)).toMatchObject({ kind: "unknown" });
  });

  it("is about one release when one is asked about", async () => {
    const context = await contextOf(statementOf(image), { onlyPayload: digestOf("another") });
    expect(await planDevice(receiptOf(), context)).toMatchObject({ error: { code: "BUNDLE_NO_RELEASE" } });
  });
});

describe("the base of a delta", () => {
  const release = (sequence: number): NamedRelease => ({ payloadDigest: digestOf(`release ${sequence}`), sequence });
  it.each<[readonly (readonly number[])[], number | undefined]>([
    [[], undefined],
    [[[3, 2]], 3],
    [
      [
        [3, 2],
        [2, 1],
      ],
      2,
    ],
    [
      [
        [3, 2],
        [3, 2],
      ],
      3,
    ],
    [[[3], [2]], undefined],
    [[[3], []], undefined],
  ])("of devices that have %j is %s", (held, expected) => {
    expect(commonBase(held.map((it) => it.map(release)))?.sequence).toBe(expected);
  });
});
