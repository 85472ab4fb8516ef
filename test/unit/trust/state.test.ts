import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { digestOf } from "../../../src/oci/digest.ts";
import { type AbsPath, toAbsPath } from "../../../src/path.ts";
import { INITIAL_TRUST_STATE, readTrustState, type TrustState, writeTrustState } from "../../../src/trust/state.ts";

const state: TrustState = {
  version: 1,
  floors: {
    "kiosk-os": { sequence: 42, payloadDigest: digestOf("a") },
    constructor: { sequence: 1, payloadDigest: digestOf("b") },
  },
  timeFloorUtc: "2026-11-20T10:00:00Z",
  rootVersion: 3,
};

let path: AbsPath;
beforeEach(() => {
  const directory = mkdtempSync(join(tmpdir(), "trust-state-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  path = toAbsPath(join(directory, "state", "trust.json"));
});

describe("the trust state file", () => {
  it("comes back as it was written, and leaves nothing beside it", () => {
    writeTrustState(path, state);
    expect(readTrustState(path)).toEqual(state);
    expect(existsSync(`${path}.tmp`)).toBe(false);
  });

  it("is the initial state when it was never written", () => {
    expect(readTrustState(path)).toEqual(INITIAL_TRUST_STATE);
  });

  it("is an error after a cut at any byte, and never a new device (BF-6.10)", () => {
    writeTrustState(path, state);
    const bytes = readFileSync(path);
    const whole = bytes.length - 1; // without its last newline it still says everything
    for (let length = 0; length < whole; length++) {
      writeFileSync(path, bytes.subarray(0, length));
      expect(() => readTrustState(path), `${length} bytes`).toThrow(
        expect.objectContaining({ code: "TRUST_STATE_INVALID" }),
      );
    }
  });

  it.each([
    ["zeros, as after a lost write", Buffer.alloc(200), "TRUST_STATE_INVALID"],
    ["another shape", Buffer.from('{"version":1}'), "TRUST_STATE_INVALID"],
    ["a floor below one", Buffer.from(JSON.stringify(state).replace("42", "0")), "TRUST_STATE_INVALID"],
    [
      "two floors of one name",
      Buffer.from(JSON.stringify(state).replace("constructor", "kiosk-os")),
      "TRUST_STATE_INVALID",
    ],
    ["a list", Buffer.from("[]"), "TRUST_STATE_INVALID"],
    ["a later version", Buffer.from(JSON.stringify({ ...state, version: 2, more: {} })), "TRUST_STATE_VERSION"],
  ])("is refused when it holds %s", (_, bytes, code) => {
    writeTrustState(path, state);
    writeFileSync(path, bytes);
    expect(() => readTrustState(path)).toThrow(expect.objectContaining({ code }));
  });

  it("hands on what a newer bootferry has added to it", () => {
    writeTrustState(path, state);
    writeFileSync(path, JSON.stringify({ ...state, extra: 1 }));
    const read = readTrustState(path);
    writeTrustState(path, { ...read, rootVersion: 9 });
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ ...state, rootVersion: 9, extra: 1 });
  });

  it("is refused when it is a directory", () => {
    expect(() => readTrustState(toAbsPath(tmpdir()))).toThrow(expect.objectContaining({ code: "HOST_IO" }));
  });

  it("is not written when it would not be read", () => {
    writeTrustState(path, state);
    expect(() => writeTrustState(path, { ...state, timeFloorUtc: "yesterday" })).toThrow();
    expect(readTrustState(path)).toEqual(state);
  });
});
