import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type BuiltImage, buildImage } from "../../../bundle-format/vectors/source/image.ts";
import { statementOf, targetOf } from "../../../bundle-format/vectors/source/parts.ts";
import { formatStatement, parseStatement, type Statement, type Target } from "../../../src/bundle/statement.ts";
import { digestOf } from "../../../src/oci/digest.ts";

let image: BuiltImage;
let statement: Statement;
beforeAll(async () => {
  image = await buildImage({ version: "42.3.1" });
  statement = statementOf(image, { requires: { minSequence: 30, minAgent: "1.0.0" } });
});

const anyDigest = fc.string().map(digestOf);
const size = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const anyImage = fc.record({
  mediaType: fc.constantFrom(
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
  ),
  digest: anyDigest,
  size,
});
const anyTree = fc.record({
  composefs: fc.stringMatching(/^v1-sha256-12:[0-9a-f]{64}$/),
  image: fc.record({
    mediaType: fc.constantFrom(
      "application/vnd.bootferry.composefs.v1" as const,
      "application/vnd.bootferry.composefs.v1+gzip" as const,
      "application/vnd.bootferry.composefs.v1+zstd" as const,
    ),
    digest: anyDigest,
    size,
  }),
  objectsSize: fc.nat(),
});
const anyApp = fc
  .record({ name: fc.stringMatching(/^[0-9A-Za-z][0-9A-Za-z.:/+_-]{0,40}$/), hasDigest: fc.boolean(), image: anyImage })
  .map(({ name, hasDigest, image }) => ({ name: hasDigest ? `${name}@${image.digest}` : name, image }));
const anyTarget: fc.Arbitrary<Target> = fc.record({
  compatible: fc.stringMatching(/^[0-9A-Za-z][0-9A-Za-z.,:+_-]{0,127}$/),
  architecture: fc.stringMatching(/^[a-z0-9]{1,16}(\/[a-z0-9]{1,8})?$/),
  devices: fc.option(fc.uniqueArray(fc.stringMatching(/^[0-9A-Za-z][0-9A-Za-z.:+_-]{0,20}$/), { minLength: 1 })),
  image: anyImage,
  apps: fc.uniqueArray(anyApp, { maxLength: 2, selector: ({ name }) => name }),
  tree: fc.option(anyTree),
});
const anyTime = fc
  .integer({ min: 0, max: 4e9 })
  .map((seconds) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`);
const anyStatement: fc.Arbitrary<Statement> = fc.record({
  specVersion: fc.constant("1" as const),
  name: fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  version: fc.stringMatching(/^[0-9A-Za-z][0-9A-Za-z.+_~-]{0,63}$/),
  sequence: size,
  createdAt: anyTime,
  expiresAt: fc.option(anyTime),
  notes: fc.stringMatching(/^[ -~\n\täöü€]{0,50}$/),
  targets: fc.uniqueArray(anyTarget, {
    minLength: 1,
    maxLength: 4,
    selector: (it) => `${it.compatible} ${it.architecture}`,
  }),
  requires: fc.record(
    { minSequence: size, minAgent: fc.stringMatching(/^\d{1,6}\.\d{1,6}\.\d{1,6}$/) },
    { requiredKeys: [] },
  ),
});

function codeOf(text: string): string | undefined {
  try {
    parseStatement(Buffer.from(text));
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

describe("a release statement", () => {
  it("comes back as it was written", () => {
    fc.assert(
      fc.property(anyStatement, (made) => {
        expect(parseStatement(formatStatement(made))).toEqual(made);
      }),
    );
  });

  it("has the same bytes whatever the order of its members (BF-4.2)", () => {
    fc.assert(
      fc.property(anyStatement, (made) => {
        const turned = JSON.parse(JSON.stringify(made), (_, value) => reversed(value)) as Statement;
        expect(formatStatement(turned).toString()).toBe(formatStatement(made).toString());
      }),
    );
  });

  it("is written with its members in the order of the spec, two spaces and a newline", () => {
    const text = formatStatement(statement).toString();
    expect(text.match(/^ {2}"(\w+)"/gm)).toEqual(
      ["specVersion", "name", "version", "sequence", "createdAt", "expiresAt", "notes", "targets", "requires"].map(
        (name) => `  "${name}"`,
      ),
    );
    expect(text.endsWith("}\n")).toBe(true);
  });

  it("is refused with any one member missing", () => {
    const members = Object.keys(statement) as (keyof Statement)[];
    for (const missing of members) {
      const { [missing]: _, ...rest } = statement;
      expect(codeOf(JSON.stringify(rest)), missing).toBe("BUNDLE_STATEMENT_INVALID");
    }
  });

  it("never makes the reader fail in another way than with a code", () => {
    const text = formatStatement(statement).toString();
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.nat(4), fc.string({ maxLength: 4 }), (at, cut, inserted) => {
        const changed = `${text.slice(0, at)}${inserted}${text.slice(at + cut)}`;
        expect(codeOf(changed) ?? "accepted").toMatch(/^(BUNDLE_|OCI_JSON_|accepted)/);
      }),
      { numRuns: 300 },
    );
  });

  it.each<[string, unknown]>([
    ["name", "Kiosk"],
    ["name", ""],
    ["name", "a".repeat(65)],
    ["version", "1.0 beta"],
    ["version", "1".repeat(65)],
    ["sequence", 1.5],
    ["sequence", -1],
    ["sequence", "42"],
    ["sequence", 2 ** 53],
    ["notes", "\u001b]0;owned\u0007"],
    ["notes", "abc\u202edef"],
    ["notes", "x".repeat(16_385)],
    ["notes", "\ud800"],
    ["targets", []],
    ["requires", null],
    ["requires", { minAgent: "1.0" }],
    ["requires", { minSequence: 0 }],
    ["expiresAt", ""],
  ])("is refused with %s %j (BF-4.5)", (member, value) => {
    expect(codeOf(JSON.stringify({ ...statement, [member]: value }))).toBe("BUNDLE_STATEMENT_INVALID");
  });

  it.each<[string, unknown]>([
    ["architecture", "AMD64"],
    ["compatible", "acme kiosk"],
    ["devices", []],
    ["devices", ["a", "a"]],
    ["devices", ["*"]],
    ["tree", { composefs: "v2-sha256-12:00" }],
    ["image", { mediaType: "application/vnd.oci.image.index.v1+json", digest: digestOf(""), size: 1 }],
    ["apps", [{ name: "has space", image: { mediaType: "", digest: digestOf(""), size: 1 } }]],
  ])("is refused with a target of %s %j", (member, value) => {
    const targets = [{ ...targetOf(image), [member]: value }];
    expect(codeOf(JSON.stringify({ ...statement, targets }))).toBe("BUNDLE_STATEMENT_INVALID");
  });

  it.each<[string, readonly (readonly string[] | null)[], boolean]>([
    ["one target for all devices", [null], true],
    ["two for all devices", [null, null], false],
    ["one for all and one for some", [null, ["a"]], false],
    ["one for some and one for all", [["a"], null], false],
    ["lists that have no device in common", [["a", "b"], ["c"]], true],
    [
      "lists that have one in common",
      [
        ["a", "b"],
        ["c", "b"],
      ],
      false,
    ],
  ])("lets at most one target fit: %s (BF-4.8)", (_, lists, isAllowed) => {
    const targets = lists.map((devices) => ({ ...targetOf(image), devices: devices === null ? null : [...devices] }));
    expect(codeOf(JSON.stringify({ ...statement, targets }))).toBe(isAllowed ? undefined : "BUNDLE_STATEMENT_INVALID");
  });

  it.each([
    { what: "of two names", names: ["docker.io/acme/ui:7", "docker.io/acme/ui:8"], isAllowed: true },
    { what: "with the digest of the image", names: ["docker.io/acme/ui@DIGEST"], isAllowed: true },
    { what: "of one name", names: ["docker.io/acme/ui:7", "docker.io/acme/ui:7"], isAllowed: false },
    { what: "with another digest", names: [`docker.io/acme/ui@${digestOf("another")}`], isAllowed: false },
    { what: "with something else than a digest", names: ["docker.io/acme/ui@7"], isAllowed: false },
  ])("lets apps be told apart by their names: $what (BF-4.9)", ({ names, isAllowed }) => {
    const named = names.map((name) => name.replace("DIGEST", image.manifest.digest));
    const targets = [{ ...targetOf(image), apps: named.map((name) => ({ name, image: image.manifest })) }];
    expect(codeOf(JSON.stringify({ ...statement, targets }))).toBe(isAllowed ? undefined : "BUNDLE_STATEMENT_INVALID");
  });

  it("may have targets that differ in kind or architecture alone", () => {
    const targets = [
      targetOf(image),
      { ...targetOf(image), architecture: "arm64" },
      { ...targetOf(image), compatible: "acme-kiosk-v3" },
    ];
    expect(codeOf(JSON.stringify({ ...statement, targets }))).toBeUndefined();
  });

  it("is not written when it would not be read", () => {
    expect(() => formatStatement({ ...statement, name: "../up" })).toThrow(
      expect.objectContaining({ code: "BUNDLE_STATEMENT_INVALID" }),
    );
    const targets = [targetOf(image), targetOf(image)];
    expect(() => formatStatement({ ...statement, targets })).toThrow(
      expect.objectContaining({ code: "BUNDLE_STATEMENT_INVALID" }),
    );
  });
});

function reversed(value: unknown): unknown {
  const isMembers = value !== null && typeof value === "object" && !Array.isArray(value);
  return isMembers ? Object.fromEntries(Object.entries(value).reverse()) : value;
}
