import { describe, expect, it } from "vitest";
import {
  bootFactsOf,
  deploymentIdOf,
  isOnTrial,
  isRollbackQueued,
  type KnownHost,
  ownStaged,
  requireConfirmed,
} from "../../../../src/deploy/bootc/boot-facts.ts";
import { manifestDigestOf } from "../../../../src/deploy/bootc/host-facts.ts";
import { type BootcRecord, NO_RECORD, type RecordedImage, withImage } from "../../../../src/deploy/bootc/record.ts";
import { parseHost } from "../../../../src/deploy/host-status.ts";
import { type Digest, digestOf } from "../../../../src/oci/digest.ts";
import { HOST_FIXTURES } from "../host-fixtures.ts";
import { type HostSketch, hostWith } from "./hosts.ts";

const [OLD, NEW, OTHER] = ["old", "new", "other"].map((name) => digestOf(name)) as [Digest, Digest, Digest];
const BOOT = "00000000-0000-4000-8000-000000000001";

const recordOf = (images: Readonly<Record<string, Partial<RecordedImage>>>, rest: Partial<BootcRecord> = {}) =>
  Object.entries(images).reduce<BootcRecord>((record, [digest, facts]) => withImage(record, digest as Digest, facts), {
    ...NO_RECORD,
    ...rest,
  });
const known = (sketch: HostSketch, record = NO_RECORD): KnownHost => ({
  host: hostWith(sketch),
  record,
  bootId: BOOT,
  tries: 3,
});

describe("what runs, and what it is worth", () => {
  it("takes a system that nobody recorded for one that is good", () => {
    const facts = bootFactsOf(known({ booted: OLD }));
    expect(facts).toMatchObject({ assessment: "confirmed", canFallBack: false, nextBoot: deploymentIdOf(OLD) });
    expect(facts.booted).toMatchObject({ state: "good", release: null, payloadDigest: null, imageDigest: null });
  });

  it("has an image of ours prove itself, whoever had it booted", () => {
    const record = recordOf({ [NEW]: { standing: "new", trials: ["a", "b"] } });
    const facts = bootFactsOf(known({ booted: NEW, rollback: OLD }, record));
    expect(facts).toMatchObject({ assessment: "assessing", canFallBack: true, nextBoot: deploymentIdOf(NEW) });
    expect(facts.booted).toMatchObject({ state: "armed", triesLeft: 1 });
    expect(() => requireConfirmed(known({ booted: NEW }, record))).toThrow(
      expect.objectContaining({ code: "DEPLOY_UNCONFIRMED" }),
    );
  });

  it("tells a fallback: what did not prove itself is in the rollback slot", () => {
    const record = recordOf({ [NEW]: { standing: "new", trials: ["a"] } });
    const facts = bootFactsOf(known({ booted: OLD, rollback: NEW, rollbackQueued: true }, record));
    expect(facts.assessment).toBe("confirmed");
    expect(facts.deployments.find(({ manifestDigest }) => manifestDigest === NEW)).toMatchObject({
      state: "bad",
      triesLeft: 0,
    });
    expect(facts.canFallBack).toBe(false);
  });

  it("tells what was never finalised: it is nowhere", () => {
    const record = recordOf({ [NEW]: { standing: "new" } });
    expect(bootFactsOf(known({ booted: OLD, rollback: OTHER }, record)).deployments).toHaveLength(2);
  });

  it("shows what was asked for once more in this boot as one that will be tried", () => {
    const record = recordOf({ [NEW]: { standing: "bad" } }, { reorderedInBoot: BOOT });
    const facts = bootFactsOf(known({ booted: OLD, rollback: NEW, rollbackQueued: true }, record));
    expect(facts.deployments[0]).toMatchObject({ manifestDigest: NEW, state: "armed", triesLeft: 3 });
    expect(facts.nextBoot).toBe(deploymentIdOf(NEW));
  });

  it.each([
    [true, "staged", OLD],
    [false, "armed", NEW],
  ])("shows what is staged (locked: %s) as %s", (isLocked, state, next) => {
    const facts = bootFactsOf(known({ booted: OLD, staged: NEW, isLocked }, recordOf({ [NEW]: { standing: "new" } })));
    expect(facts.deployments.find(({ manifestDigest }) => manifestDigest === NEW)).toMatchObject({ state });
    expect(facts.nextBoot).toBe(deploymentIdOf(next));
    expect(facts.deployments.at(isLocked ? -1 : 0)?.manifestDigest).toBe(NEW);
  });

  it("names an image once, however often it is deployed", () => {
    const facts = bootFactsOf(known({ booted: OLD, rollback: OLD, staged: OLD, others: [OTHER, OTHER] }));
    expect(facts.deployments.map(({ manifestDigest }) => manifestDigest)).toEqual([OLD, OTHER]);
    expect(facts.deployments[0]?.isBooted).toBe(true);
  });

  it("shows what fell back and is staged once more as staged", () => {
    const record = recordOf({ [NEW]: { standing: "new" } });
    const sketch = { booted: OLD, rollback: NEW, staged: NEW };
    for (const isLocked of [true, false]) {
      const facts = bootFactsOf(known({ ...sketch, isLocked }, record));
      expect(facts.deployments.filter(({ manifestDigest }) => manifestDigest === NEW)).toMatchObject([
        { state: isLocked ? "staged" : "armed" },
      ]);
      expect(facts.nextBoot).toBe(deploymentIdOf(isLocked ? OLD : NEW));
    }
  });

  it("knows what it has staged itself from what somebody else has", () => {
    const record = recordOf({ [NEW]: { standing: "new" } });
    expect(ownStaged(known({ booted: OLD, staged: NEW }, record))).toBe(NEW);
    expect(ownStaged(known({ booted: OLD, staged: OTHER }, record))).toBeUndefined();
    expect(ownStaged(known({ booted: OLD }, record))).toBeUndefined();
  });
});

describe("the boot order of a host whose bootc tells it the wrong way round", () => {
  it.each(["Bls", "Uki"] as const)("is read from bootc on composefs with %s only where that is right", (composefs) => {
    const sketch = { booted: OLD, rollback: NEW, rollbackQueued: true, composefs };
    expect(isRollbackQueued(known(sketch))).toBe(composefs === "Bls");
    const reordered = { ...NO_RECORD, reorderedInBoot: BOOT };
    expect(isRollbackQueued(known({ ...sketch, rollbackQueued: false }, reordered))).toBe(composefs === "Uki");
  });
});

describe("statuses as bootc's own tests have them", () => {
  it.each(Object.entries(HOST_FIXTURES))("%s", (name, fixture) => {
    const host = parseHost(fixture);
    const facts = bootFactsOf({ host, record: NO_RECORD, bootId: BOOT, tries: 3 });
    const isBooted = host.status.booted !== null;
    expect(facts.assessment).toBe(isBooted ? "confirmed" : "not-booted");
    expect(isOnTrial({ host, record: NO_RECORD })).toBe(false);
    const digests = [host.status.booted, host.status.staged, host.status.rollback].flatMap(
      (entry) => manifestDigestOf(entry) ?? [],
    );
    expect(new Set(facts.deployments.map(({ manifestDigest }) => manifestDigest))).toEqual(
      new Set([...digests, ...(host.status.otherDeployments ?? []).flatMap((entry) => manifestDigestOf(entry) ?? [])]),
    );
    if (name === "rfeOstree") expect(facts.booted).toBeUndefined();
  });

  it("reads a digest that an old composefs host gives without its prefix", () => {
    const entry = hostWith({ booted: OLD }).status.booted;
    if (entry?.image == null) throw new Error("the sketch has an image");
    const bare = { ...entry, image: { ...entry.image, imageDigest: OLD.slice("sha256:".length) } };
    expect(manifestDigestOf(bare)).toBe(OLD);
    expect(manifestDigestOf({ ...entry, image: { ...entry.image, imageDigest: "md5:1" } })).toBeUndefined();
    expect(manifestDigestOf(null)).toBeUndefined();
  });
});
