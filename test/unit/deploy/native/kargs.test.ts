import { describe, expect, it } from "vitest";
import { changeLocalKargs, parseKarg, parseKargsFile } from "../../../../src/deploy/native/kargs.ts";

const parse = (text: string, architecture = "amd64") => parseKargsFile(Buffer.from(text), "10-a.toml", architecture);

describe("parseKargsFile", () => {
  it.each([
    [
      "arguments in their order",
      'kargs = ["quiet", "console=ttyS0,115200"]',
      "amd64",
      ["quiet", "console=ttyS0,115200"],
    ],
    ["none", "kargs = []", "amd64", []],
    ["blanks inside quotes", `kargs = ['dyndbg="file x.c +p"']`, "amd64", ['dyndbg="file x.c +p"']],
    ["an architecture that matches, by Rust's name", 'kargs = ["a"]\nmatch-architectures = ["x86_64"]', "amd64", ["a"]],
    ["one with a variant", 'kargs = ["a"]\nmatch-architectures = ["arm"]', "arm/v7", ["a"]],
    ["another architecture", 'kargs = ["a"]\nmatch-architectures = ["aarch64"]', "amd64", []],
    ["not OCI's name for it", 'kargs = ["a"]\nmatch-architectures = ["amd64"]', "amd64", []],
    ["no architecture at all", 'kargs = ["a"]\nmatch-architectures = []', "amd64", []],
  ])("reads %s", (_what, text, architecture, expected) => {
    expect(parse(text, architecture)).toEqual(expected);
  });

  it.each([
    ["an unknown key", 'kargs = ["a"]\nmatch-architecture = ["x86_64"]'],
    ["no kargs", 'match-architectures = ["x86_64"]'],
    ["a text for a list", 'kargs = "quiet"'],
    ["two arguments in one", 'kargs = ["quiet splash"]'],
    ["a line break", 'kargs = ["quiet\\ninit=/bin/sh"]'],
    ["an open quote", `kargs = ['a="b']`],
    ["an empty argument", 'kargs = [""]'],
    ["what is no TOML", "kargs = ["],
  ])("refuses %s", (_what, text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "DEPLOY_KARGS_INVALID" }));
  });

  it("refuses what is not UTF-8", () => {
    expect(() => parseKargsFile(Buffer.from([0xff]), "10-a.toml", "amd64")).toThrow(
      expect.objectContaining({ code: "DEPLOY_KARGS_INVALID" }),
    );
  });
});

describe("changeLocalKargs", () => {
  it.each([
    [["a", "b"], { add: ["c"] }, ["a", "b", "c"]],
    [["a", "b"], { remove: ["a"] }, ["b"]],
    [["a"], { add: ["a", "b", "b"] }, ["a", "b"]],
    [["a=1"], { add: ["a=2"], remove: ["a"] }, ["a=1", "a=2"]],
  ])("changes %j by %j to %j", (local, change, expected) => {
    expect(changeLocalKargs(local, change)).toEqual(expected);
  });

  it("takes one argument at a time from people too", () => {
    expect(() => parseKarg("quiet init=/bin/sh")).toThrow(expect.objectContaining({ code: "DEPLOY_KARGS_INVALID" }));
  });
});
