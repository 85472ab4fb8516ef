/** Release statements by themselves, as the payload of an envelope whose signatures are good. */
import { formatStatement, type Statement } from "../../../src/bundle/statement.ts";
import { buildImage } from "./image.ts";
import { statementOf } from "./parts.ts";
import { type Vector, vectorFile } from "./vector.ts";

interface Case {
  readonly name: string;
  readonly clause: string;
  readonly about: string;
  readonly code: string;
  readonly change: (text: string, statement: Statement) => string;
}

const CASES: readonly Case[] = [
  {
    name: "statement-spec-version-unknown",
    clause: "BF-4.3",
    about: "A later version of the format, with members of its own.",
    code: "BUNDLE_SPEC_VERSION_UNSUPPORTED",
    change: (text) => text.replace('"specVersion": "1"', '"specVersion": "2",\n  "channels": []'),
  },
  {
    name: "statement-member-unknown",
    clause: "BF-4.4",
    about: "A member that version 1 does not have: it may say when not to install.",
    code: "BUNDLE_MEMBER_UNKNOWN",
    change: (text) => text.replace('"notes"', '"onlyIfDocked": true,\n  "notes"'),
  },
  {
    name: "statement-target-member-unknown",
    clause: "BF-4.4",
    about: "The same deeper down.",
    code: "BUNDLE_MEMBER_UNKNOWN",
    change: (text) => text.replace('"compatible"', '"region": "eu",\n      "compatible"'),
  },
  {
    name: "statement-requirement-unknown",
    clause: "BF-4.4",
    about: "A requirement that version 1 does not have.",
    code: "BUNDLE_REQUIREMENT_UNKNOWN",
    change: (text) => text.replace('"requires": {}', '"requires": { "minBattery": 50 }'),
  },
  {
    name: "statement-duplicate-key",
    clause: "BF-4.1",
    about: "Two sequences; parsers differ in which they take.",
    code: "OCI_JSON_DUPLICATE_KEY",
    change: (text) => text.replace('"sequence": 42', '"sequence": 42,\n  "sequence": 43'),
  },
  {
    name: "statement-duplicate-key-escaped",
    clause: "BF-4.1",
    about: "Two sequences, one of them written with an escape.",
    code: "OCI_JSON_DUPLICATE_KEY",
    change: (text) => text.replace('"sequence": 42', '"sequence": 42,\n  "\\u0073equence": 43'),
  },
  {
    name: "statement-too-deep",
    clause: "BF-4.1",
    about: "Nine levels of nesting.",
    code: "OCI_JSON_TOO_DEEP",
    change: (text) => text.replace('"requires": {}', `"requires": ${"[".repeat(9)}${"]".repeat(9)}`),
  },
  {
    name: "statement-not-utf8",
    clause: "BF-4.1",
    about: "A byte order mark, which some parsers skip.",
    code: "OCI_JSON_INVALID",
    change: (text) => `\ufeff${text}`,
  },
  {
    name: "statement-digest-algorithm",
    clause: "BF-4.6",
    about: "A digest of sha512.",
    code: "BUNDLE_STATEMENT_INVALID",
    change: (text, { targets }) => text.replace(targets[0]?.image.digest ?? "", `sha512:${"0".repeat(128)}`),
  },
  {
    name: "statement-sequence-zero",
    clause: "BF-4.5",
    about: "Sequences begin with 1.",
    code: "BUNDLE_STATEMENT_INVALID",
    change: (text) => text.replace('"sequence": 42', '"sequence": 0'),
  },
  {
    name: "statement-sequence-unsafe",
    clause: "BF-4.5",
    about: "A sequence that IEEE 754 numbers cannot tell from its neighbour.",
    code: "BUNDLE_STATEMENT_INVALID",
    change: (text) => text.replace('"sequence": 42', '"sequence": 9007199254740993'),
  },
  {
    name: "statement-name-traversal",
    clause: "BF-4.5",
    about: "A name that would leave a directory when used as a file name.",
    code: "BUNDLE_STATEMENT_INVALID",
    change: (text) => text.replace('"kiosk-os"', '"../kiosk-os"'),
  },
  {
    name: "statement-time-impossible",
    clause: "BF-4.7",
    about: "31 November.",
    code: "BUNDLE_STATEMENT_INVALID",
    change: (text) => text.replace("2026-11-20T10", "2026-11-31T10"),
  },
  {
    name: "statement-time-with-offset",
    clause: "BF-4.7",
    about: "A time that is not in UTC.",
    code: "BUNDLE_STATEMENT_INVALID",
    change: (text) => text.replace("10:00:00Z", "10:00:00+01:00"),
  },
  {
    name: "statement-notes-control-characters",
    clause: "BF-4.5",
    about: "Notes that would move the cursor of the operator's terminal.",
    code: "BUNDLE_STATEMENT_INVALID",
    change: (text) => text.replace("Fixes the", "\\u001b[2JFixes the"),
  },
  {
    name: "statement-two-targets-fit",
    clause: "BF-4.8",
    about: "Two targets for one kind of device and architecture.",
    code: "BUNDLE_STATEMENT_INVALID",
    change: (_, statement) => JSON.stringify({ ...statement, targets: [...statement.targets, ...statement.targets] }),
  },
  {
    name: "statement-two-apps-of-one-name",
    clause: "BF-4.9",
    about: "Two images under one name: a container storage keeps one of them.",
    code: "BUNDLE_STATEMENT_INVALID",
    change: (_, statement) => JSON.stringify(withApps(statement, ["docker.io/acme/ui:7", "docker.io/acme/ui:7"])),
  },
  {
    name: "statement-app-of-another-digest",
    clause: "BF-4.9",
    about: "A name with a digest that is not the image's.",
    code: "BUNDLE_STATEMENT_INVALID",
    change: (_, statement) => JSON.stringify(withApps(statement, [`docker.io/acme/ui@sha256:${"0".repeat(64)}`])),
  },
  {
    name: "statement-image-index",
    clause: "BF-4.6",
    about: "A target that pins an image index and so leaves the choice to the device.",
    code: "BUNDLE_STATEMENT_INVALID",
    change: (text) => text.replace("image.manifest.v1+json", "image.index.v1+json"),
  },
];

/** Its own image stands in for that of the apps. */
function withApps(statement: Statement, names: readonly string[]): Statement {
  const targets = statement.targets.map((target) => ({
    ...target,
    apps: names.map((name) => ({ name, image: target.image })),
  }));
  return { ...statement, targets };
}

export async function statementVectors(): Promise<readonly Vector[]> {
  const statement = statementOf(await buildImage({ version: "42.3.1" }));
  const text = formatStatement(statement).toString();
  const refused = CASES.map(({ name, clause, about, code, change }): Vector => {
    const document = vectorFile(Buffer.from(change(text, statement)));
    return {
      name,
      kind: "statement",
      clauses: [clause],
      about,
      files: { document },
      expect: { result: "refused", code },
    };
  });
  const blank: Vector = {
    name: "statement-too-large",
    kind: "statement",
    clauses: ["BF-4.1", "BF-2.3"],
    about: "A statement of over 1 MiB.",
    files: {
      document: {
        repeat: [
          { text, times: 1 },
          { text: " ", times: 1 << 20 },
        ],
      },
    },
    expect: { result: "refused", code: "OCI_JSON_TOO_LARGE" },
  };
  const good: Vector = {
    name: "statement-compact",
    kind: "statement",
    clauses: ["BF-4.2"],
    about: "Another spelling of the same statement: members in another order and no white space.",
    files: {
      document: vectorFile(Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(statement).reverse())))),
    },
    expect: { result: "valid", sequence: 42 },
  };
  return [good, ...refused, blank];
}
