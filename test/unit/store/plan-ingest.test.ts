import { describe, expect, it } from "vitest";
import { verityOf } from "../../../src/composefs/verity.ts";
import { planIngest, type StoreFacts } from "../../../src/store/plan-ingest.ts";
import { noise, treeOf } from "./store-fixture.ts";

const facts: StoreFacts = {
  hasObject: () => false,
  hasImage: false,
  imageSizeBytes: 5000,
  blockBytes: 4096,
  isSealing: false,
};
const root = treeOf({ a: noise("a", 4097), b: noise("b", 100), same: noise("b", 100), inline: "small" });

describe("planIngest", () => {
  it("counts each object once, in whole blocks, with its directory and the image", () => {
    const plan = planIngest(root, facts);
    expect(plan).toMatchObject({ missingBytes: 4197, reusedBytes: 0, neededInodes: 2 + 2 + 1 });
    expect(plan.neededBytes).toBe((2 + 1 + 2 + 2) * 4096); // a, b, two directories, the image
  });

  it("leaves out what the store has", () => {
    const plan = planIngest(root, { ...facts, hasObject: (digest) => digest === verityOf(noise("b", 100)) });
    expect(plan).toMatchObject({ missingBytes: 4097, reusedBytes: 100, neededInodes: 1 + 1 + 1 });
  });

  it("needs nothing when image and objects are there", () => {
    const plan = planIngest(root, { ...facts, hasObject: () => true, hasImage: true });
    expect(plan).toMatchObject({ neededBytes: 0, neededInodes: 0, missingBytes: 0, reusedBytes: 4197 });
  });

  it("adds the hash tree of each file where files are sealed", () => {
    const sealed = planIngest(root, { ...facts, isSealing: true });
    expect(sealed.neededBytes).toBeGreaterThan(planIngest(root, facts).neededBytes);
  });

  // fs-verity's hash tree: none for one block, one block for 128, 1 + 2 for 129, and one block for the descriptor.
  it.each([
    [1, 1 + 1],
    [4096, 1 + 1],
    [4097, 2 + 1 + 1],
    [128 * 4096, 128 + 1 + 1],
    [128 * 4096 + 1, 129 + 2 + 1 + 1],
    [128 * 128 * 4096 + 1, 128 * 128 + 1 + 129 + 2 + 1 + 1],
  ])("counts the hash tree of a sealed file of %d bytes", (sizeBytes, blocks) => {
    const content = { kind: "object", digest: verityOf(Buffer.alloc(0)), sizeBytes } as const;
    const plan = planIngest(treeOf({ a: content }), { ...facts, hasImage: true, isSealing: true });
    expect(plan.neededBytes).toBe((blocks + 1) * 4096); // and the object's directory
  });
});
