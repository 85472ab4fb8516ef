/** The completion scripts in real zsh and fish. bash has its test among the unit tests: it is there on every Debian. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fishScript } from "../../src/cli/completion/fish-script.ts";
import { zshScript } from "../../src/cli/completion/zsh-script.ts";
import { COMPLETION_CASES, deviceCase, furnish, programShape } from "../support/completion-cases.ts";
import { ALL, TAB, typeInto } from "../support/typed-shell.ts";

const directory = mkdtempSync(join(tmpdir(), "bootferry-shells-"));
const [zsh, fish] = [join(directory, "_bootferry"), join(directory, "bootferry.fish")];
afterAll(() => rmSync(directory, { recursive: true, force: true }));

beforeAll(async () => {
  furnish(directory);
  const program = await programShape();
  writeFileSync(zsh, zshScript(program));
  writeFileSync(fish, fishScript(program));
});

const cases = [...COMPLETION_CASES, deviceCase()].map((each, index) => ({ ...each, index }));
const PATHS = [
  { what: "a path behind a transport", typed: "release create oci:./st", gives: "oci:./stick" },
  { what: "a path behind kind and transport", typed: "release create v2=oci:./st", gives: "v2=oci:./stick" },
  { what: "the value behind an equals sign", typed: "release sign --key=a", gives: "--key=a.key" },
  { what: "a directory with a space", typed: "release list my", gives: "my stick" },
  { what: "the second operand", typed: "release push stick doc", gives: "docker://" },
] as const;

describe("completion in zsh", () => {
  let results: readonly (readonly string[])[];
  beforeAll(async () => {
    const lines = [
      ...cases.map(({ line }) => `${line}${ALL}`),
      ...PATHS.map(({ typed }) => `bootferry ${typed}${TAB}`),
    ];
    results = await typeInto("zsh", zsh, directory, lines);
  });

  it.each(cases)("offers $what: $line", ({ line, gives, index }) => {
    const before = line.split(" ").slice(1, -1);
    expect(results[index]?.slice(0, before.length)).toEqual(before);
    expect(results[index]?.slice(before.length).toSorted()).toEqual(gives);
  });

  it.each(PATHS.map((each, index) => ({ ...each, index })))("completes $what", ({ gives, index }) => {
    expect(results[cases.length + index]?.at(-1)).toBe(gives);
  });
});

describe("completion in fish", () => {
  const offers = (line: string) => {
    const command = `source ${fish}; complete -C ${JSON.stringify(line)}`;
    const said = execFileSync("fish", ["--no-config", "-c", command], { cwd: directory, encoding: "utf8" });
    return said
      .split("\n")
      .map((each) => each.split("\t")[0] ?? "")
      .filter((each) => each !== "");
  };
  const withoutDirectories = (names: readonly string[]) => names.filter((name) => !name.endsWith("/"));

  it.each(cases)("offers $what: $line", ({ line, gives }) => {
    expect(withoutDirectories(offers(line)).toSorted()).toEqual(gives);
  });

  it.each(PATHS)("completes $what", ({ typed, gives }) => {
    const wanted = gives.replace(/^--key=/, "");
    expect(offers(`bootferry ${typed}`).map((each) => each.replace(/^--key=|\/$/g, ""))).toContain(
      wanted.replace(/\/$/, ""),
    );
  });

  it("says what each verb does", () => {
    const said = execFileSync("fish", ["--no-config", "-c", `source ${fish}; complete -C 'bootferry release cr'`], {
      encoding: "utf8",
    });
    expect(said).toBe("create\tmake a signed release of images\n");
  });
});
