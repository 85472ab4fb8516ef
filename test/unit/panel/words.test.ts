import { describe, expect, it } from "vitest";
import { AGENT_ERRORS } from "../../../src/agent/error.ts";
import { BUNDLE_ERRORS } from "../../../src/bundle/error.ts";
import { COMPOSEFS_ERRORS } from "../../../src/composefs/error.ts";
import { DEPLOY_ERRORS } from "../../../src/deploy/error.ts";
import { HOST_ERRORS } from "../../../src/host/error.ts";
import { MEDIA_ERRORS } from "../../../src/media/error.ts";
import { OCI_ERRORS } from "../../../src/oci/error.ts";
import { en } from "../../../src/panel/words/en.ts";
import { zh } from "../../../src/panel/words/zh.ts";
import { STORE_ERRORS } from "../../../src/store/error.ts";
import { TRUST_ERRORS } from "../../../src/trust/error.ts";

const tables = {
  ...AGENT_ERRORS,
  ...BUNDLE_ERRORS,
  ...COMPOSEFS_ERRORS,
  ...DEPLOY_ERRORS,
  ...HOST_ERRORS,
  ...MEDIA_ERRORS,
};
const CODES = Object.keys({ ...tables, ...OCI_ERRORS, ...STORE_ERRORS, ...TRUST_ERRORS });

/** All that a language says, with its functions called: `path → text`. */
function textsOf(value: unknown, path = ""): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") return textsOf(value("1.0", "person", "02:00-03:00"), path);
  return Object.entries(value as object).flatMap(([key, inner]) => textsOf(inner, `${path}.${key}`));
}
const pathsOf = (words: object) =>
  textsOf(words)
    .map(([path]) => path)
    .filter((path) => !path.startsWith(".remedies"));

describe("the words", () => {
  it("are the same in each language, none of them empty", () => {
    expect(pathsOf(zh)).toEqual(pathsOf(en));
    for (const [path, text] of [...textsOf(en), ...textsOf(zh)]) expect([path, text.trim()]).not.toEqual([path, ""]);
  });

  it("are translated: what two languages share is neither a sentence nor a word", () => {
    const english = new Map(textsOf(en));
    const same = textsOf(zh).filter(([path, text]) => english.get(path) === text);
    expect(same.map(([path]) => path)).toEqual([".percent"]);
  });

  it("have spaces in Chinese beside versions, and none beside what stands in for one", () => {
    expect([zh.attempt.refused("42.3.1"), zh.attempt.refused(zh.someRelease)]).toEqual([
      "42.3.1 没有安装",
      "某个版本没有安装",
    ]);
    expect(zh.installing(zh.newSystem).headline).toBe("正在安装新系统");
  });

  it("have remedies for codes that exist, with the commands of the English ones", () => {
    expect(Object.keys(zh.remedies).filter((code) => !CODES.includes(code))).toEqual([]);
    expect(Object.keys(zh.remedies)).toEqual(expect.arrayContaining(Object.keys(AGENT_ERRORS)));
    for (const remedy of Object.values(zh.remedies)) expect(remedy).toMatch(/^[^a-z].*。$/);
  });
});
