import { describe, expect, it } from "vitest";
import { kernelWordsForGrub, quoteForGrub } from "../../../src/boot/grub-words.ts";

describe("quoteForGrub", () => {
  it.each([
    ["plain", "/bootferry/0a/vmlinuz", "/bootferry/0a/vmlinuz"],
    ["nothing", "", "''"],
    ["blanks and variables", "a $b", "'a $b'"],
    ["a quote", "it's", "'it'\\''s'"],
    ["what ends a command", "a;b}", "'a;b}'"],
  ])("makes one word of %s", (_what, word, quoted) => {
    expect(quoteForGrub(word)).toBe(quoted);
  });
});

describe("kernelWordsForGrub", () => {
  it.each([
    ["root=UUID=0a-1 rw  quiet", ["root=UUID=0a-1", "rw", "quiet"]],
    ['dyndbg="file x.c +p" quiet', ["'dyndbg=file x.c +p'", "quiet"]], // GRUB puts the quotes back, around it all
    ['a="b"', ["a=b"]],
    ["console=ttyS0,115200n8", ["console=ttyS0,115200n8"]],
    ["x=$HOME;y", ["'x=$HOME;y'"]],
    ["", []],
  ])("hands %j over", (options, words) => {
    expect(kernelWordsForGrub(options)).toEqual(words);
  });

  it.each(["x=it's", "x=a\\b", "x=a\\x2d"])("refuses %j, which GRUB would change", (options) => {
    expect(() => kernelWordsForGrub(options)).toThrow(expect.objectContaining({ code: "BOOT_ARGUMENT_UNFIT" }));
  });
});
