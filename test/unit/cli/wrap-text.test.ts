/** Lines for a terminal, in scripts with narrow and with wide characters. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { textWidth, wrapText } from "../../../src/cli/wrap-text.ts";

describe("wrapping", () => {
  it.each<[string, number, readonly string[]]>([
    ["Do not remove the stick", 12, ["Do not", "remove the", "stick"]],
    ["a bb ccc", 80, ["a bb ccc"]],
    ["", 10, []],
    ["sha256:0123456789abcdef", 10, ["sha256:012", "3456789abc", "def"]],
    ["请勿拔出介质", 8, ["请勿拔出", "介质"]],
    ["更新完成。请拔出介质。", 8, ["更新完", "成。请拔", "出介质。"]],
    ["已更新到 42.3.1，一切正常", 10, ["已更新到", "42.3.1，一", "切正常"]],
  ])("makes of %j in %i columns the lines %j", (text, columns, lines) => {
    expect(wrapText(text, columns)).toEqual(lines);
  });

  it("keeps to the columns and loses nothing but spaces", () => {
    const texts = fc.string({ unit: fc.constantFrom("a", "b", " ", "介", "质", "。", "-", "é") });
    fc.assert(
      fc.property(texts, fc.integer({ min: 4, max: 30 }), (text, columns) => {
        const lines = wrapText(text, columns);
        expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns);
      }),
    );
  });
});
