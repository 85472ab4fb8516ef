/** Envelopes by themselves: what a reader refuses before it looks at a signature. */

import { buildImage } from "./image.ts";
import { envelopeOf, statementOf } from "./parts.ts";
import { type Vector, type VectorFile, vectorFile } from "./vector.ts";

interface Case {
  readonly name: string;
  readonly clause: string;
  readonly about: string;
  readonly code: string;
  readonly file: (text: string) => VectorFile;
}

const CASES: readonly Case[] = [
  {
    name: "envelope-duplicate-key",
    clause: "BF-2.3",
    about: "Two payloads; parsers differ in which they take.",
    code: "OCI_JSON_DUPLICATE_KEY",
    file: (text) => ({ text: text.replace('"signatures"', '"payload":"AAAA","signatures"') }),
  },
  {
    name: "envelope-oversize",
    clause: "BF-2.3",
    about: "An envelope of over 2 MiB.",
    code: "OCI_JSON_TOO_LARGE",
    file: (text) => ({
      repeat: [
        { text, times: 1 },
        { text: " ", times: 2 << 20 },
      ],
    }),
  },
  {
    name: "envelope-payload-oversize",
    clause: "BF-2.3",
    about: "A payload of over 1 MiB in an envelope that is small enough.",
    code: "TRUST_ENVELOPE_INVALID",
    file: (text) => ({
      repeat: [
        { text: `{"payloadType":"text/plain","payload":"`, times: 1 },
        { text: "AAAA", times: 349_526 },
        { text: `","signatures":${text.slice(text.indexOf("["))}`, times: 1 },
      ],
    }),
  },
  {
    name: "envelope-deep",
    clause: "BF-2.3",
    about: "100,000 levels of nesting.",
    code: "OCI_JSON_TOO_DEEP",
    file: () => ({
      repeat: [
        { text: "[", times: 100_000 },
        { text: "]", times: 100_000 },
      ],
    }),
  },
  {
    name: "envelope-trailing-text",
    clause: "BF-2.3",
    about: "A second document after the first.",
    code: "OCI_JSON_INVALID",
    file: (text) => ({ text: `${text}${text}` }),
  },
  {
    name: "envelope-url-safe-base64",
    clause: "BF-2.4",
    about: "The payload in the URL-safe alphabet.",
    code: "TRUST_ENVELOPE_INVALID",
    file: (text) => ({ text: text.replace(/"payload":"..../, '"payload":"-_-_') }),
  },
  {
    name: "envelope-key-id-upper-case",
    clause: "BF-2.3",
    about: "A key id in upper case: two spellings of one key would count as two keys.",
    code: "TRUST_ENVELOPE_INVALID",
    file: (text) => ({ text: text.replace(/"keyid":"[^"]*"/, (id) => id.toUpperCase().replace("KEYID", "keyid")) }),
  },
  {
    name: "envelope-signature-short",
    clause: "BF-2.3",
    about: "A signature of 63 bytes.",
    code: "TRUST_ENVELOPE_INVALID",
    file: (text) => ({ text: text.replace(/"sig":"[^"]*"/, `"sig":"${Buffer.alloc(63).toString("base64")}"`) }),
  },
];

export async function envelopeVectors(): Promise<readonly Vector[]> {
  const good = (await envelopeOf(statementOf(await buildImage({ version: "42.3.1" })))).toString();
  const valid: Vector = {
    name: "envelope-reformatted",
    kind: "envelope",
    clauses: ["BF-2.3"],
    about: "White space and another order of members: the envelope itself is not signed.",
    files: { document: vectorFile(Buffer.from(JSON.stringify(reversed(JSON.parse(good)), null, 4))) },
    expect: { result: "valid" },
  };
  const refused = CASES.map(({ name, clause, about, code, file }): Vector => {
    const files = { document: file(good) };
    return { name, kind: "envelope", clauses: [clause], about, files, expect: { result: "refused", code } };
  });
  return [valid, ...refused];
}

function reversed(members: object): object {
  return Object.fromEntries(Object.entries(members).reverse());
}
