import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { verityOf } from "../../../src/composefs/verity.ts";
import { WantedObjects } from "../../../src/composefs/wanted-objects.ts";

const digest = (index: number) => verityOf(Buffer.from(String(index)));

describe("WantedObjects", () => {
  it("gives each object once and asks for a size as long as one of that size is wanted", () => {
    const sizes = fc.array(fc.integer({ min: 65, max: 70 }), { maxLength: 30 });
    fc.assert(
      fc.property(sizes, (sizesBytes) => {
        const left = new Map(sizesBytes.map((sizeBytes, index) => [digest(index), sizeBytes]));
        const wanted = new WantedObjects(left);
        for (const [object, sizeBytes] of [...left]) {
          expect(wanted.take(object, sizeBytes + 1)).toBe(false);
          expect(wanted.take(object, sizeBytes)).toBe(true);
          expect(wanted.take(object, sizeBytes)).toBe(false);
          left.delete(object);
          expect(wanted.mayWant(sizeBytes)).toBe([...left.values()].includes(sizeBytes));
          expect([wanted.count, wanted.bytes]).toEqual([left.size, [...left.values()].reduce((a, b) => a + b, 0)]);
        }
      }),
    );
  });

  it("wants nothing that it was not told of", () => {
    expect(new WantedObjects(new Map([[digest(1), 100]])).take(digest(2), 100)).toBe(false);
  });
});
