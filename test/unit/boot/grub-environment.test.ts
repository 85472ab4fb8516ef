import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatGrubEnvironment, parseGrubEnvironment } from "../../../src/boot/grub-environment.ts";

const SIGNATURE = "# GRUB Environment Block\n";
const block = (text: string) => Buffer.alloc(1024, "#").fill(text, 0, Buffer.byteLength(text));

describe("the environment block of GRUB", () => {
  it("is written as grub-editenv writes it: signature, variables, filling", () => {
    const bytes = formatGrubEnvironment(new Map([["saved_entry", "x"]]));
    expect(bytes.equals(block(`${SIGNATURE}saved_entry=x\n`))).toBe(true);
  });

  it("has what counts in its first sector, so that a count changes one byte of one sector", () => {
    const others = Array.from({ length: 20 }, (_, index) => [`other_variable_${index}`, "x".repeat(8)] as const);
    const write = (count: string) => formatGrubEnvironment(new Map([...others, ["boot_counter", count]]));
    const [three, two] = [write("3"), write("2")];
    const differences = [...three].flatMap((byte, index) => (byte === two[index] ? [] : [index]));
    expect(differences).toEqual([SIGNATURE.length + "boot_counter=".length]);
  });

  it("passes over comments, as Fedora writes them, and what is no variable", () => {
    const text = `${SIGNATURE}# WARNING: Do not edit\n#####\nboot_success=1\nnonsense\n=x\nempty=\n`;
    expect([...parseGrubEnvironment(block(text))]).toEqual([
      ["boot_success", "1"],
      ["empty", ""],
    ]);
  });

  it("reads back whatever was written", () => {
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,9}$/);
    const value = fc.string({ maxLength: 20 }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 8, noNullPrototype: true }), (variables) => {
        const environment = new Map(Object.entries(variables));
        expect(new Map(parseGrubEnvironment(formatGrubEnvironment(environment)))).toEqual(environment);
      }),
    );
  });

  it("keeps what other programs wrote byte for byte, whatever they called it", () => {
    const bytes = block(`${SIGNATURE}kernel.opts=caf\xe9\nboot/suc\xff=1\n`);
    expect(formatGrubEnvironment(parseGrubEnvironment(bytes)).equals(bytes)).toBe(true);
  });

  it.each(["", "#a", "a=b", "a\nb"])("refuses to write a name that no line can hold: %j", (name) => {
    expect(() => formatGrubEnvironment(new Map([[name, "1"]]))).toThrow(TypeError);
  });

  it.each([
    ["a file that is too short", Buffer.from(SIGNATURE)],
    ["a file that is too long", Buffer.concat([block(SIGNATURE), Buffer.from("#")])],
    ["zeroes", Buffer.alloc(1024)],
  ])("refuses %s", (_what, bytes) => {
    expect(() => parseGrubEnvironment(bytes)).toThrow(expect.objectContaining({ code: "BOOT_ENVIRONMENT_DAMAGED" }));
  });

  it("refuses more than fits", () => {
    const full = new Map([["other", "x".repeat(1000)]]);
    expect(() => formatGrubEnvironment(full)).toThrow(expect.objectContaining({ code: "BOOT_ENVIRONMENT_FULL" }));
  });
});
