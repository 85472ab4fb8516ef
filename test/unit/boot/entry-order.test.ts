import { describe, expect, it } from "vitest";
import { parseBlsEntry } from "../../../src/boot/bls-entry.ts";
import { compareEntries } from "../../../src/boot/entry-order.ts";

const file = (fileName: string, text = "") => ({ fileName, entry: parseBlsEntry(text.replaceAll("; ", "\n")) });

describe("compareEntries", () => {
  it.each([
    [
      "a bad entry comes last, whatever its version",
      file("b+0-3.conf", "sort-key a; version 9"),
      file("a.conf", "sort-key z; version 1"),
    ],
    ["a bad entry comes after an old-style one", file("b+0-3.conf", "sort-key a"), file("a.conf")],
    ["without a sort key comes after with one", file("z.conf", "version 9"), file("a.conf", "sort-key z; version 1")],
    ["sort keys go up", file("a.conf", "sort-key b"), file("a.conf", "sort-key a")],
    ["machine ids go up, none first", file("a.conf", "sort-key a; machine-id 1"), file("a.conf", "sort-key a")],
    ["versions go down", file("b.conf", "sort-key a; version 9"), file("a.conf", "sort-key a; version 10")],
    ["no version is the oldest", file("b.conf", "sort-key a"), file("a.conf", "sort-key a; version 0")],
    [
      "names go down when the rest is equal",
      file("a-9.conf", "sort-key a; version 1"),
      file("a-10.conf", "sort-key a; version 1"),
    ],
    ["old-style entries go by name, downwards", file("a-1.conf", "version 9"), file("a-2.conf", "version 1")],
    ["more tries left come first", file("a+1-2.conf"), file("a+2-1.conf")],
    ["fewer tries done come first", file("a+1-2.conf"), file("a+1-1.conf")],
  ])("%s", (_what, later, earlier) => {
    expect(compareEntries(earlier, later)).toBeLessThan(0);
    expect(compareEntries(later, earlier)).toBeGreaterThan(0);
  });

  it("does not see a counter in the version or the name: an armed entry goes before the good one that it replaces", () => {
    const good = file("bootferry-aa.7.conf", "sort-key bootferry; version 7");
    const armed = file("bootferry-bb.8+3.conf", "sort-key bootferry; version 8");
    expect([good, armed].sort(compareEntries)).toEqual([armed, good]);
  });

  it("treats two names of one entry as equal when one has no counter", () => {
    expect(compareEntries(file("a.conf"), file("a+2.conf"))).toBe(0);
  });
});
