/** The completion script in a real bash with readline. zsh and fish: test/images/shells.test.ts. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bashScript } from "../../../../src/cli/completion/bash-script.ts";
import { COMPLETION_CASES, deviceCase, furnish, programShape } from "../../../support/completion-cases.ts";
import { ALL, TAB, typeInto } from "../../../support/typed-shell.ts";

const directory = mkdtempSync(join(tmpdir(), "bootferry-bash-"));
const script = join(directory, "bootferry.bash");
afterAll(() => rmSync(directory, { recursive: true, force: true }));

beforeAll(async () => {
  furnish(directory);
  writeFileSync(script, bashScript(await programShape()));
});

const type = (...lines: readonly string[]) => typeInto("bash", script, directory, lines);

describe("completion in bash", () => {
  const cases = [...COMPLETION_CASES, deviceCase()];
  let results: readonly (readonly string[])[];
  beforeAll(async () => {
    results = await type(...cases.map(({ line }) => `${line}${ALL}`));
  });

  it.each(cases.map((each, index) => ({ ...each, index })))("offers $what: $line", ({ line, gives, index }) => {
    const before = line.split(" ").slice(1, -1);
    expect(results[index]?.slice(0, before.length)).toEqual(before);
    expect(results[index]?.slice(before.length).toSorted()).toEqual(gives);
  });

  it.each([
    {
      what: "a directory with a space",
      line: `bootferry release list my${TAB}`,
      gives: ["release", "list", "my stick/"],
    },
    {
      what: "the value behind an equals sign",
      line: `bootferry release sign --key=a${TAB}`,
      gives: ["release", "sign", "--key=a.key"],
    },
    {
      what: "a transport, without a space behind it",
      line: `bootferry release create cont${TAB}x`,
      gives: ["release", "create", "containers-storage:x"],
    },
    {
      what: "a path behind a transport",
      line: `bootferry release create oci:./st${TAB}`,
      gives: ["release", "create", "oci:./stick/"],
    },
    {
      what: "a path behind kind and transport",
      line: `bootferry release create v2=oci:st${TAB}`,
      gives: ["release", "create", "v2=oci:stick/"],
    },
    {
      what: "the second operand after the first",
      line: `bootferry release push stick doc${TAB}reg`,
      gives: ["release", "push", "stick", "docker://reg"],
    },
    {
      what: "no option behind a double dash",
      line: `bootferry release list -- st${TAB}`,
      gives: ["release", "list", "--", "stick/"],
    },
  ])("completes $what", async ({ line, gives }) => {
    expect(await type(line)).toEqual([gives]);
  });

  it("is a script without errors, and defines nothing but its own names", () => {
    const shown = "declare -F | sed 's/declare -f //'; complete -p bootferry";
    const said = execFileSync("bash", ["--noprofile", "--norc", "-euc", `. ${script}; ${shown}`], { encoding: "utf8" });
    const names = said.trimEnd().split("\n");
    expect(names.at(-1)).toBe("complete -F _bootferry bootferry");
    expect(names.slice(0, -1).filter((name) => !name.startsWith("_bootferry"))).toEqual([]);
  });
});
