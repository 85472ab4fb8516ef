import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inflationBudgetBytes } from "../../../src/store/inflation-budget.ts";
import { buildTar } from "../../support/oci-fixtures.ts";
import { treeOf } from "./store-fixture.ts";

describe("inflationBudgetBytes", () => {
  it("is enough for any layer whose content is visible, however well it compresses", async () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,200}$/), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(names, fc.nat({ max: 300_000 }), async (paths, sizeBytes) => {
        const files = Object.fromEntries(paths.map((path) => [path, Buffer.alloc(sizeBytes)]));
        const tar = await buildTar(paths.map((name) => ({ name, content: files[name] ?? "" })));
        expect(inflationBudgetBytes(treeOf(files), gzipSync(tar).length)).toBeGreaterThan(tar.length);
      }),
      { numRuns: 20 },
    );
  });

  it("counts equal content under each of its names", () => {
    const same = Buffer.alloc(50_000_000);
    expect(inflationBudgetBytes(treeOf({ a: same, b: same, c: same }), 0)).toBeGreaterThan(3 * same.length);
  });

  it("leaves room for content that upper layers hide, up to 64 times its compressed size", () => {
    const root = treeOf({});
    expect(inflationBudgetBytes(root, 10_000_000) - inflationBudgetBytes(root, 0)).toBe(640_000_000);
  });

  it("is far below what a bomb wants", () => {
    expect(inflationBudgetBytes(treeOf({ a: "x" }), 1_000_000)).toBeLessThan(0.1 * 1032 * 1_000_000);
  });
});
