import { beforeAll, describe, expect, it } from "vitest";
import { rootEnvelope, SINGLE_ROOT } from "../../../bundle-format/vectors/source/parts.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { parseRoot } from "../../../src/trust/root.ts";
import {
  formatTrustState,
  INITIAL_TRUST_STATE,
  parseTrustState,
  rememberedRoot,
  type TrustState,
} from "../../../src/trust/state.ts";

const LABEL = "trust.json";
const read = (bytes: string | Uint8Array) => parseTrustState(Buffer.from(bytes), LABEL);

let state: TrustState;
beforeAll(async () => {
  const envelope = await rootEnvelope(SINGLE_ROOT, ["root-a"]);
  const { version, digest } = parseRoot(envelope);
  state = {
    ...{ version: 2, serial: 7, root: { version, digest, envelope: envelope.toString() } },
    chain: [{ version, digest }],
    floors: {
      "kiosk-os": { sequence: 42, payloadDigest: digestOf("a") },
      constructor: { sequence: 1, payloadDigest: digestOf("b") },
    },
    ...{ timeFloorUtc: "2026-11-20T10:00:00Z", followedName: "kiosk-os", disregarded: [digestOf("c")] },
  };
});

describe("the trust state", () => {
  it("comes back as it was written, with its root", () => {
    expect(read(formatTrustState(state))).toEqual(state);
    expect(rememberedRoot(state)).toMatchObject({ version: 1, digest: state.root?.digest });
    expect(read(formatTrustState(INITIAL_TRUST_STATE))).toEqual(INITIAL_TRUST_STATE);
    expect(rememberedRoot(INITIAL_TRUST_STATE)).toBeUndefined();
  });

  it("is carried over from version 1: floors and time floor stay", () => {
    const { floors, timeFloorUtc } = state;
    const first = JSON.stringify({ version: 1, floors, timeFloorUtc, rootVersion: 0, extra: true });
    expect(read(first)).toEqual({ ...INITIAL_TRUST_STATE, floors, timeFloorUtc, extra: true });
  });

  it("is an error after a cut at any byte, and never a new device (BF-6.10)", () => {
    const bytes = Buffer.from(formatTrustState(state));
    const whole = bytes.length - 1; // without its last newline it still says everything
    for (let length = 0; length < whole; length++) {
      expect(() => read(bytes.subarray(0, length)), `${length} bytes`).toThrow(
        expect.objectContaining({ code: "TRUST_STATE_INVALID" }),
      );
    }
  });

  it.each([
    ["zeros, as after a lost write", () => "\0".repeat(200), "TRUST_STATE_INVALID"],
    ["another shape", () => '{"version":2}', "TRUST_STATE_INVALID"],
    ["no version", () => "{}", "TRUST_STATE_INVALID"],
    ["a floor below one", () => formatTrustState(state).replace("42", "0"), "TRUST_STATE_INVALID"],
    ["two floors of one name", () => formatTrustState(state).replace("constructor", "kiosk-os"), "TRUST_STATE_INVALID"],
    ["a list", () => "[]", "TRUST_STATE_INVALID"],
    ["another root than it names", () => JSON.stringify(withRoot({ digest: digestOf("x") })), "TRUST_STATE_INVALID"],
    ["a root that nobody signed", () => JSON.stringify(withRoot({ envelope: "{}" })), "TRUST_STATE_INVALID"],
    ["a later version", () => JSON.stringify({ ...state, version: 3, more: {} }), "TRUST_STATE_VERSION"],
  ])("is refused when it holds %s", (_, text, code) => {
    expect(() => read(text())).toThrow(expect.objectContaining({ code }));
  });

  it("hands on what a newer bootferry has added to it", () => {
    const newer = read(JSON.stringify({ ...state, extra: 1 }));
    expect(JSON.parse(formatTrustState({ ...newer, serial: 9 }))).toEqual({ ...state, serial: 9, extra: 1 });
  });

  it("is not written when it would not be read", () => {
    expect(() => formatTrustState({ ...state, timeFloorUtc: "yesterday" })).toThrow();
  });
});

function withRoot(change: object): object {
  return { ...state, root: { ...state.root, ...change } };
}
