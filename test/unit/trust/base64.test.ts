import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseBase64 } from "../../../src/trust/base64.ts";

describe("strict base64", () => {
  it("reads back what was encoded", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(parseBase64(Buffer.from(bytes).toString("base64"))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it("takes no text that it would not write itself (BF-2.4)", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9+/=_ \n-]{0,12}$/), (text) => {
        const bytes = parseBase64(text);
        if (bytes !== undefined) expect(bytes.toString("base64")).toBe(text);
      }),
    );
  });

  it.each(["QQ", "QQ=", "QR==", "QQ==\n", " QQ==", "-_-_", "QQ==QQ==", "A"])("refuses %j", (text) => {
    expect(parseBase64(text)).toBeUndefined();
  });
});
