import { beforeAll, describe, expect, it } from "vitest";
import { verifySecondLock } from "../../../src/agent/second-lock.ts";
import type { DeployBackend, StagedDeployment } from "../../../src/deploy/port.ts";
import type { StoredTree } from "../../../src/store/ingest.ts";
import { codeOf } from "../store/store-fixture.ts";
import { makeRelease, openWorld, type SignedRelease } from "./agent-fixture.ts";

let installed: SignedRelease;
let next: SignedRelease;
beforeAll(async () => {
  [installed, next] = await Promise.all([makeRelease(1), makeRelease(2)]);
});

type Digest = "signed" | "other" | null;

interface Case {
  readonly needsTree: boolean;
  readonly signed: Digest;
  readonly staged: Digest;
  readonly listed: Digest;
}

/** What the second lock says of a backend that tells these composefs digests. */
async function lock({ needsTree, signed, staged, listed }: Case, manifest: "signed" | "other" = "signed") {
  const { backend } = (await openWorld(installed)).device;
  const digests = { signed: next.image.imageDigest, other: installed.image.imageDigest };
  const digest = (name: Digest) => (name === null ? null : digests[name]);
  const real = await backend.stage({ ...next.image, kind: "tree" } as StoredTree);
  const telling: DeployBackend = {
    ...backend,
    needsTree,
    async bootFacts() {
      const facts = await backend.bootFacts();
      const deployments = facts.deployments.map((it) =>
        it.id === real.id ? { ...it, imageDigest: digest(listed) } : it,
      );
      return { ...facts, deployments };
    },
  };
  const { manifestDigest } = manifest === "signed" ? next.image : installed.image;
  const told: StagedDeployment = { ...real, manifestDigest, imageDigest: digest(staged) };
  const pinned = { imageManifestDigest: next.image.manifestDigest, imageDigest: digest(signed) };
  return codeOf(() => verifySecondLock(telling, told, pinned));
}

const FITS = undefined;
const LOCKED = "AGENT_SECOND_LOCK";

describe("the second lock of a backend that deploys from the signed tree", () => {
  it.each<[Omit<Case, "needsTree">, string | undefined]>([
    [{ signed: "signed", staged: "signed", listed: "signed" }, FITS],
    [{ signed: "signed", staged: "other", listed: "signed" }, LOCKED],
    [{ signed: "signed", staged: "signed", listed: "other" }, LOCKED],
    [{ signed: "signed", staged: null, listed: "signed" }, LOCKED],
    [{ signed: "signed", staged: "signed", listed: null }, LOCKED],
    [{ signed: null, staged: null, listed: null }, LOCKED],
  ])("wants both digests to be there and equal: %j → %s", async (digests, expected) => {
    expect(await lock({ needsTree: true, ...digests })).toBe(expected);
  });
});

describe("the second lock of a backend without trees", () => {
  it.each<[Omit<Case, "needsTree">, string | undefined]>([
    [{ signed: null, staged: null, listed: null }, FITS],
    [{ signed: null, staged: "signed", listed: null }, LOCKED],
    [{ signed: null, staged: null, listed: "signed" }, LOCKED],
    [{ signed: "signed", staged: null, listed: null }, FITS],
    [{ signed: "signed", staged: "signed", listed: "signed" }, FITS],
    [{ signed: "signed", staged: "other", listed: null }, LOCKED],
    [{ signed: "signed", staged: null, listed: "other" }, LOCKED],
  ])("takes no composefs digest that was not signed: %j → %s", async (digests, expected) => {
    expect(await lock({ needsTree: false, ...digests })).toBe(expected);
  });

  it("compares the manifest's digest all the same", async () => {
    expect(await lock({ needsTree: false, signed: null, staged: null, listed: null }, "other")).toBe(LOCKED);
  });
});
