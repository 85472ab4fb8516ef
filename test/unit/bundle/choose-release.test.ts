import fc from "fast-check";
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
import { evaluateApplicability } from "../../../src/bundle/applicability.ts";
import { chooseRelease, type ReleaseChoice } from "../../../src/bundle/choose-release.ts";
import { openMedium } from "../../../src/bundle/medium.ts";
import { listReleases } from "../../../src/bundle/read-release.ts";
import type { Statement } from "../../../src/bundle/statement.ts";
import { type VerifiedRelease, verifyRelease } from "../../../src/bundle/verify-release.ts";
import { evaluateRollback, raiseFloor } from "../../../src/trust/rollback-policy.ts";
import { parseRoot, type RootDraft } from "../../../src/trust/root.ts";
import { INITIAL_TRUST_STATE, type TrustState } from "../../../src/trust/state.ts";
import { temporaryDirectory } from "./temporary-directory.ts";
import { layOutFiles } from "./vector-reader.ts";

let image: BuiltImage;
beforeAll(async () => {
  image = await buildImage({ version: "42.3.1" });
});

/** Verified releases, made the only way there is: signed, laid out, read back. */
const releases = (...statements: readonly Partial<Statement>[]) => releasesUnder({}, statements);

/** The same under a root that says more. Calls with equal statements give equal payloads. */
async function releasesUnder(
  changes: Partial<RootDraft>,
  statements: readonly Partial<Statement>[],
): Promise<readonly VerifiedRelease[]> {
  const medium = new MediumDraft();
  for (const overrides of statements) {
    const statement = statementOf(image, overrides);
    medium.addRelease(await envelopeOf(statement), statement);
  }
  const stick = temporaryDirectory();
  layOutFiles(medium.files(), stick);
  const root = parseRoot(await rootEnvelope({ ...SINGLE_ROOT, ...changes }, ["root-a"]));
  const { releases: found } = await listReleases(await openMedium(stick));
  const verified = found.map((release) => verifyRelease(release, root));
  return verified.toSorted((a, b) => a.statement.sequence - b.statement.sequence);
}

const choose = (candidates: readonly VerifiedRelease[], state = INITIAL_TRUST_STATE) =>
  chooseRelease(candidates, CONTEXT.device, state, NAME);

function outcome(choice: ReleaseChoice): unknown {
  if (choice.kind === "nothing") return choice.reasons.map(({ reason }) => reason.code);
  return [choice.kind, choice.release.statement.sequence];
}

describe("choosing a release", () => {
  it("takes the highest sequence that fits, and not a higher one that does not", async () => {
    const candidates = await releases(
      { sequence: 5 },
      { sequence: 9, targets: [{ ...targetOf(image), compatible: "other" }] },
      { sequence: 7 },
      { sequence: 8, requires: { minAgent: "9.0.0" } },
    );
    expect(outcome(choose(candidates))).toEqual(["install", 7]);
  });

  it("says first why the newest release of the followed name is refused, and then all the rest", async () => {
    const candidates = await releases(
      { sequence: 50, name: "gateway-os" },
      { sequence: 3, requires: { minAgent: "9.0.0" } },
      { sequence: 4, targets: [{ ...targetOf(image), compatible: "other" }] },
    );
    expect(outcome(choose(candidates))).toEqual([
      "BUNDLE_COMPATIBLE_MISMATCH",
      "BUNDLE_AGENT_TOO_OLD",
      "BUNDLE_NAME_NOT_FOLLOWED",
    ]);
  });

  it("finds nothing on an empty medium", () => {
    expect(outcome(choose([]))).toEqual(["BUNDLE_NO_RELEASE"]);
  });

  it("is current when the newest that fits is what was confirmed, and installs what is newer", async () => {
    const [older, newer] = await releases({ sequence: 41 }, { sequence: 42 });
    if (older === undefined || newer === undefined) throw new Error("two releases");
    const confirmed = {
      name: NAME,
      sequence: 41,
      payloadDigest: older.payloadDigest,
      createdAt: older.statement.createdAt,
    };
    const state = raiseFloor(INITIAL_TRUST_STATE, confirmed);
    expect(outcome(choose([older], state))).toEqual(["current", 41]);
    expect(outcome(choose([older, newer], state))).toEqual(["install", 42]);
  });

  it("installs again what it has confirmed and no longer has, and still nothing older or other (BF-6.3)", async () => {
    const expired = { sequence: 42, expiresAt: "2026-12-01T00:00:00Z" };
    const [older, confirmed] = await releases({ sequence: 41 }, expired);
    const [other] = await releases({ sequence: 42, version: "other" });
    if (older === undefined || confirmed === undefined || other === undefined) throw new Error("three releases");
    const { payloadDigest, statement } = confirmed;
    const state = raiseFloor(INITIAL_TRUST_STATE, { ...statement, payloadDigest });
    const deployed = (...those: readonly VerifiedRelease[]) => ({
      synchronisedNowUtc: new Date("2027-01-01T00:00:00Z"),
      deployedPayloads: new Set(those.map((release) => release.payloadDigest)),
    });
    const chooseWith = (candidates: readonly VerifiedRelease[], options: ReturnType<typeof deployed>) =>
      outcome(chooseRelease(candidates, CONTEXT.device, state, NAME, options));
    expect(chooseWith([older, confirmed], deployed(older))).toEqual(["install", 42]);
    expect(chooseWith([older, confirmed], deployed(older, confirmed))).toEqual(["current", 42]);
    expect(chooseWith([older, other], deployed(older))).toEqual(["TRUST_SEQUENCE_CONFLICT", "TRUST_SEQUENCE_OLDER"]);
  });

  it("installs neither of two equal sequences, and a third that is higher (BF-6.4)", async () => {
    const twins = await releases({ sequence: 42, version: "a" }, { sequence: 42, version: "b" }, { sequence: 41 });
    expect(outcome(choose(twins))).toEqual(["TRUST_SEQUENCE_CONFLICT", "TRUST_SEQUENCE_CONFLICT"]);
    const higher = await releases({ sequence: 43 });
    expect(outcome(choose([...twins, ...higher]))).toEqual(["install", 43]);
  });

  describe("under a root that says more", () => {
    const OLD = { sequence: 41 };
    const NEW = { sequence: 42 };
    /** The state of a device that has confirmed the last of these. */
    const confirmed = async (...statements: readonly Partial<Statement>[]): Promise<TrustState> => {
      const last = (await releases(...statements)).at(-1);
      if (last === undefined) throw new Error("a release");
      const { statement, payloadDigest } = last;
      const state = raiseFloor(INITIAL_TRUST_STATE, { ...statement, payloadDigest });
      return { ...state, followedName: statement.name };
    };
    const digestsOf = async (...statements: readonly Partial<Statement>[]) =>
      (await releases(...statements)).map(({ payloadDigest }) => payloadDigest);

    it("refuses what is below its lowest sequence, on new devices and where it runs (BF-6.11)", async () => {
      const candidates = await releasesUnder({ minSequences: { [NAME]: 42 } }, [OLD]);
      expect(outcome(choose(candidates))).toEqual(["TRUST_SEQUENCE_BELOW_MINIMUM"]);
      expect(outcome(choose(candidates, await confirmed(OLD)))).toEqual(["TRUST_SEQUENCE_BELOW_MINIMUM"]);
      expect(outcome(choose(await releasesUnder({ minSequences: { [NAME]: 42 } }, [OLD, NEW])))).toEqual([
        "install",
        42,
      ]);
    });

    it("goes back to the release that it permits, once, and to no other (BF-6.12)", async () => {
      const downgrades = await digestsOf(OLD);
      const candidates = await releasesUnder({ downgrades }, [OLD, { sequence: 40 }]);
      const state = await confirmed(NEW);
      expect(outcome(choose(candidates, state))).toEqual(["install", 41]);
      const there = { deployedPayloads: new Set(downgrades) };
      expect(outcome(chooseRelease(candidates, CONTEXT.device, state, NAME, there))).toEqual(["current", 41]);
      expect(outcome(choose(await releasesUnder({ downgrades }, [{ sequence: 40 }]), state))).toEqual([
        "TRUST_SEQUENCE_OLDER",
      ]);
      expect(outcome(choose(await releasesUnder({ downgrades }, [OLD, NEW]), state))).toEqual(["current", 42]);
    });

    it("permits no downgrade below its own lowest sequence, nor one that has expired", async () => {
      const expired = { ...OLD, expiresAt: "2026-12-01T00:00:00Z" };
      const state = await confirmed(NEW);
      const minimum = { downgrades: await digestsOf(OLD), minSequences: { [NAME]: 42 } };
      expect(outcome(choose(await releasesUnder(minimum, [OLD]), state))).toEqual(["TRUST_SEQUENCE_BELOW_MINIMUM"]);
      const late = { ...state, timeFloorUtc: "2027-01-01T00:00:00Z" };
      const permitted = { downgrades: await digestsOf(expired) };
      expect(outcome(choose(await releasesUnder(permitted, [expired]), late))).toEqual(["TRUST_EXPIRED"]);
    });

    it("lets a device change its name only where it says so, whatever the configuration asks (BF-6.13)", async () => {
      const other = { sequence: 1, name: "kiosk-ng" };
      const state = await confirmed(NEW);
      const follow = async (changes: Partial<RootDraft>, at: TrustState) =>
        outcome(chooseRelease(await releasesUnder(changes, [other]), CONTEXT.device, at, "kiosk-ng"));
      expect(await follow({}, state)).toEqual(["TRUST_NAME_NOT_PERMITTED"]);
      expect(await follow({ successors: { [NAME]: ["kiosk-ng"] } }, state)).toEqual(["install", 1]);
      expect(await follow({ successors: { "kiosk-ng": [NAME] } }, state)).toEqual(["TRUST_NAME_NOT_PERMITTED"]);
      expect(await follow({}, INITIAL_TRUST_STATE)).toEqual(["install", 1]);
    });
  });

  it("takes twins for one when only their signatures differ", async () => {
    const [release] = await releases({ sequence: 42 });
    if (release === undefined) throw new Error("a release");
    expect(outcome(choose([release, { ...release }]))).toEqual(["install", 42]);
  });

  it("never installs what the floor or the identity forbids, whatever is on the medium", async () => {
    const kinds = [
      {},
      { targets: [{ ...targetOf(image), compatible: "other" }] },
      { targets: [{ ...targetOf(image), devices: ["another"] }] },
      { name: "gateway-os" },
      { requires: { minAgent: "2.0.0" } },
    ];
    const pool = await releases(...kinds.flatMap((kind) => [1, 2, 3, 4].map((sequence) => ({ sequence, ...kind }))));
    const someOf = fc.subarray([...pool]);
    const confirmedOne = fc.constantFrom(...pool.filter(({ statement }) => statement.name === NAME));
    fc.assert(
      fc.property(someOf, fc.option(confirmedOne), (candidates, confirmed) => {
        const state =
          confirmed === null
            ? INITIAL_TRUST_STATE
            : raiseFloor(INITIAL_TRUST_STATE, { ...confirmed.statement, payloadDigest: confirmed.payloadDigest });
        const choice = choose(candidates, state);
        if (choice.kind === "nothing") return;
        const { statement, payloadDigest } = choice.release;
        expect(statement.name).toBe(NAME);
        expect(evaluateApplicability(statement, CONTEXT.device).kind).toBe("applies");
        const verdict = evaluateRollback(state, { ...statement, payloadDigest }, choice.release.root).kind;
        expect(verdict).toBe(choice.kind === "install" ? "newer" : "same");
      }),
    );
  });
});
