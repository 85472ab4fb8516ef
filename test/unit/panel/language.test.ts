import { describe, expect, it } from "vitest";
import { preferredLanguage } from "../../../src/panel/language.ts";

describe("the language that a browser likes", () => {
  it.each([
    ["zh-CN,zh;q=0.9,en;q=0.8", "zh"],
    ["en-GB,en;q=0.9,zh;q=0.8", "en"],
    ["de-DE,zh-Hans;q=0.4,en;q=0.3", "zh"],
    ["en;q=0.2, ZH;q=0.7", "zh"],
    ["en;q=0, zh;q=0", undefined],
    ["fr, de", undefined],
    ["*", undefined],
    ["en;q=abc", "en"],
    ["en;q=9..9,zh;q=0.1", "zh"],
    ["", undefined],
    [undefined, undefined],
    [`${"x,".repeat(5000)}zh`, undefined],
  ])("%j: %s", (header, language) => {
    expect(preferredLanguage(header)).toBe(language);
  });
});
