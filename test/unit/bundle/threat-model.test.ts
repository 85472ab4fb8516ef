/** The threat model and SECURITY.md speak of clauses and files that are there, and leave nothing unanswered. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { clausesOf } from "../../support/format-clauses.ts";
import { VECTORS } from "./vector-reader.ts";

const HOUSE = join(VECTORS, "../..");
const THREAT_MODEL = "bundle-format/threat-model.md";
const read = (page: string) => readFileSync(join(HOUSE, page), "utf8");
const known = new Set([...clausesOf("spec.md"), ...clausesOf("tree.md")].map(({ id }) => id));
const attackers = [...read(THREAT_MODEL).matchAll(/^### ([^\n]*)\n(.*?)(?=^##|(?![\s\S]))/gms)].map(
  ([, attacker = "", answer = ""]) => ({ attacker, answer }),
);

describe.each([THREAT_MODEL, "SECURITY.md"])("%s", (page) => {
  it("names clauses that the format has", () => {
    expect((read(page).match(/BF-\d+\.\d+/g) ?? []).filter((id) => !known.has(id))).toEqual([]);
  });

  it("names test files that are there, and links to pages that are", () => {
    const tests = [...read(page).matchAll(/`(test\/[^`]+)`/g)].map(([, path = ""]) => path);
    const links = [...read(page).matchAll(/\]\(([^)#]+)\)/g)].map(([, path = ""]) => join(dirname(page), path));
    expect(links.length).toBeGreaterThan(0);
    expect([...tests, ...links].filter((path) => !existsSync(join(HOUSE, path)))).toEqual([]);
  });
});

describe("the threat model", () => {
  it("has not lost an attacker", () => {
    expect(attackers.length).toBeGreaterThanOrEqual(19);
  });

  // Against nobody is everything defended.
  it.each(attackers)("says what is not defended: $attacker", ({ answer }) => {
    expect(answer).toMatch(/[Nn]ot defended/);
  });

  it("names a test beside every clause that it claims", () => {
    const claims = attackers.flatMap(({ answer }) => answer.split(/^- /m)).filter((item) => /BF-/.test(item));
    const unproven = claims.filter((item) => !/`test\//.test(item) && !/^(?:Not defended|LUKS keeps)/.test(item));
    expect(unproven).toEqual([]);
  });
});
