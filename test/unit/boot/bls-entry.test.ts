import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blsValue, blsValues, formatBlsEntry, parseBlsEntry } from "../../../src/boot/bls-entry.ts";

describe("parseBlsEntry", () => {
  it("reads keys, comments, repeated keys and keys of others", () => {
    const entry = parseBlsEntry(
      "# made by hand\r\ntitle   Kiosk OS\nversion\t7\n\n  linux /a/vmlinuz  \noptions quiet\noptions panic=10\ngrub_class kernel\nalone\n",
    );
    expect(blsValue(entry, "title")).toBe("Kiosk OS");
    expect(blsValue(entry, "version")).toBe("7");
    expect(blsValue(entry, "linux")).toBe("/a/vmlinuz");
    expect(blsValues(entry, "options")).toEqual(["quiet", "panic=10"]);
    expect(blsValue(entry, "grub_class")).toBe("kernel");
    expect(blsValue(entry, "alone")).toBeUndefined();
  });

  it("takes the last of two equal keys, and quotes off", () => {
    const entry = parseBlsEntry('title one\ntitle "two words"\n');
    expect(blsValue(entry, "title")).toBe("two words");
  });

  it("reads back every entry that it formats, unknown keys in their places", () => {
    const key = fc.string({ unit: fc.constantFrom(..."abcxyz-_0"), minLength: 1 });
    const value = fc.string({ unit: fc.constantFrom(...'aé \t"#=/~^+-.0') });
    const entry = fc.record({ fields: fc.array(fc.record({ key, value })) });
    fc.assert(
      fc.property(entry, (made) => {
        // `key ""` says nothing to systemd-boot, so that an empty value does not come back
        const expected = { fields: made.fields.filter((field) => field.value !== "") };
        const read = parseBlsEntry(formatBlsEntry(made));
        expect({ fields: read.fields.filter((field) => field.value !== "") }).toEqual(expected);
      }),
    );
  });

  it.each([
    ["a key with a blank", { key: "a b", value: "x" }],
    ["a key that is a comment", { key: "#a", value: "x" }],
    ["a value of two lines", { key: "options", value: "quiet\noptions init=/bin/sh" }],
  ])("refuses to write %s", (_what, field) => {
    expect(() => formatBlsEntry({ fields: [field] })).toThrow(TypeError);
  });
});
