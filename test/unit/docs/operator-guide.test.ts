/** The operator guide explains everything that a screen can say, in each language that it speaks. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { en } from "../../../src/panel/words/en.ts";
import type { Words } from "../../../src/panel/words/words.ts";
import { zh } from "../../../src/panel/words/zh.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/operator-guide.md"), "utf8");
const [NEW, BEFORE, PERCENT, SECONDS] = ["42.3.1", "42.3.0", 42, 30];

/** What the words are given, where it is not the new version first. */
const GIVEN: Readonly<Record<string, readonly unknown[]>> = {
  ready: [NEW, null, ""],
  restartingIn: [SECONDS, NEW, BEFORE],
  goingBack: [NEW, BEFORE],
  wentBack: [BEFORE, NEW],
  wentBackUnchecked: [BEFORE, NEW],
};

function headlinesOf(words: Words): readonly string[] {
  return Object.entries(words).flatMap(([key, value]) => {
    const said: unknown = typeof value === "function" ? value(...(GIVEN[key] ?? [NEW, BEFORE])) : value;
    return typeof said === "object" && said !== null && "headline" in said ? [String(said.headline)] : [];
  });
}

describe.each([
  ["English", en],
  ["Chinese", zh],
])("the operator guide in %s", (_, words) => {
  it("explains every headline", () => {
    const headlines = headlinesOf(words);
    expect(headlines.length).toBeGreaterThan(15);
    expect(headlines.filter((headline) => !PAGE.includes(headline))).toEqual([]);
  });

  it("says when the stick may be removed, in the words of the screen", () => {
    expect(PAGE).toContain(words.doNotRemove);
    expect(PAGE).toContain(words.canRemove);
  });

  it("shows progress as the screen does", () => {
    expect(PAGE).toContain(`${words.copying(NEW).headline} ${words.percent(PERCENT)}`);
  });
});
