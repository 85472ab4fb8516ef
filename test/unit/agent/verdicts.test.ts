import { existsSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ReleaseFacts } from "../../../src/agent/release-facts.ts";
import {
  evaluatePermission,
  forgiveRelease,
  MAX_UNFINISHED_ATTEMPTS,
  NO_VERDICTS,
  readVerdicts,
  recordAttempt,
  type Verdicts,
  verdictsFile,
  writeVerdicts,
} from "../../../src/agent/verdicts.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { scratchDirectory } from "./scratch.ts";

const release = (sequence: number): ReleaseFacts => ({
  name: "os",
  version: `${sequence}.0`,
  sequence,
  payloadDigest: digestOf(`payload ${sequence}`),
  createdAtUtc: null,
});
const R3 = release(3);

type Outcome = "unhealthy" | "unfinished" | "other";

function verdictsAfter(...attempts: readonly (readonly [id: string, outcome: Outcome])[]): Verdicts {
  return attempts.reduce(
    (verdicts, [id, outcome]) =>
      recordAttempt(verdicts, R3, { id, outcome, mayRetry: true, atUtc: "2026-11-20T10:00:00Z" }),
    NO_VERDICTS,
  );
}

describe("whether a release may be tried", () => {
  it.each([
    ["a new one may", NO_VERDICTS, "may-try"],
    ["one that was not well may not", verdictsAfter(["a", "unhealthy"]), "unhealthy"],
    ["one that fell back once may", verdictsAfter(["a", "unfinished"]), "may-try"],
    ["one that fell back twice may", verdictsAfter(["a", "unfinished"], ["b", "unfinished"]), "may-try"],
    [
      "one that fell back three times may not",
      verdictsAfter(["a", "unfinished"], ["b", "unfinished"], ["c", "unfinished"]),
      "unfinished",
    ],
    [
      "an attempt that is recorded again counts once",
      verdictsAfter(["a", "unfinished"], ["a", "unfinished"], ["a", "unfinished"]),
      "may-try",
    ],
    [
      "one whose attempt ended otherwise may",
      verdictsAfter(["a", "other"], ["b", "unfinished"], ["c", "other"]),
      "may-try",
    ],
    ["a verdict is for good", verdictsAfter(["a", "unhealthy"], ["b", "unfinished"]), "unhealthy"],
    ["a forgiven one may", forgiveRelease(verdictsAfter(["a", "unhealthy"]), R3.payloadDigest), "may-try"],
  ] as const)("%s", (_, verdicts, kind) => {
    expect(evaluatePermission(verdicts, R3.payloadDigest).kind).toBe(kind);
    expect(evaluatePermission(verdicts, release(4).payloadDigest).kind).toBe("may-try");
  });

  it("stays forgiven when the end of a forgiven attempt is recorded again", () => {
    const forgiven = forgiveRelease(verdictsAfter(["a", "unhealthy"]), R3.payloadDigest);
    const again = recordAttempt(forgiven, R3, {
      id: "a",
      outcome: "unhealthy",
      mayRetry: false,
      atUtc: "2026-11-21T10:00:00Z",
    });
    expect(again).toBe(forgiven);
    const sickAgain = recordAttempt(forgiven, R3, {
      id: "b",
      outcome: "unhealthy",
      mayRetry: false,
      atUtc: "2026-11-21T10:00:00Z",
    });
    expect(evaluatePermission(sickAgain, R3.payloadDigest).kind).toBe("unhealthy");
  });

  it("is never more than three attempts without a person", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.constantFrom<Outcome>("unhealthy", "unfinished", "other"))),
        (all) => {
          let verdicts = NO_VERDICTS;
          const ids = new Set<string>();
          for (const [id, outcome] of all) {
            if (evaluatePermission(verdicts, R3.payloadDigest).kind !== "may-try") break;
            if (outcome !== "other") ids.add(id);
            verdicts = recordAttempt(verdicts, R3, { id, outcome, mayRetry: true, atUtc: "t" });
          }
          expect(ids.size).toBeLessThanOrEqual(MAX_UNFINISHED_ATTEMPTS);
        },
      ),
    );
  });
});

describe("the file of verdicts", () => {
  it("gives back what was written", () => {
    const directory = scratchDirectory();
    const verdicts = verdictsAfter(["a", "unhealthy"]);
    writeVerdicts(directory, verdicts);
    expect(readVerdicts(directory, expect.fail)).toEqual(verdicts);
  });

  it("forgets the oldest verdicts, so that it cannot grow for ever", () => {
    let verdicts = NO_VERDICTS;
    for (let sequence = 1; sequence <= 100; sequence++) {
      const atUtc = `2026-01-01T00:00:${String(sequence).padStart(3, "0")}Z`;
      verdicts = recordAttempt(verdicts, release(sequence), {
        id: `${sequence}`,
        outcome: "unhealthy",
        mayRetry: false,
        atUtc,
      });
    }
    expect(Object.keys(verdicts.releases)).toHaveLength(64);
    expect(evaluatePermission(verdicts, release(100).payloadDigest).kind).toBe("unhealthy");
    expect(evaluatePermission(verdicts, release(1).payloadDigest).kind).toBe("may-try");
  });

  it.each(["", "{", '{"version":1}', '{"version":1,"releases":{"x":1}}', '{"version":1,"version":1,"releases":{}}'])(
    "is set aside when it is damaged: %j",
    (text) => {
      const directory = scratchDirectory();
      writeFileSync(verdictsFile(directory), text);
      const damaged: string[] = [];
      expect(readVerdicts(directory, (why) => damaged.push(why))).toEqual(NO_VERDICTS);
      expect(damaged).toEqual([expect.stringContaining("was set aside")]);
      expect(existsSync(verdictsFile(directory))).toBe(false);
      expect(existsSync(`${verdictsFile(directory)}.damaged`)).toBe(true);
    },
  );
});

describe("another try without the medium", () => {
  const isDue = (verdicts: Verdicts) => {
    const permission = evaluatePermission(verdicts, R3.payloadDigest);
    return permission.kind === "may-try" && permission.isRetryDue;
  };

  it.each([
    ["is not due for a new release", NO_VERDICTS, false],
    ["is due after a first fallback", verdictsAfter(["a", "unfinished"]), true],
    ["is due after a second", verdictsAfter(["a", "unfinished"], ["b", "unfinished"]), true],
    ["is not due after a third", verdictsAfter(["a", "unfinished"], ["b", "unfinished"], ["c", "unfinished"]), false],
    ["is not due for one that was not well", verdictsAfter(["a", "unhealthy"]), false],
    ["is due when a person allows it", forgiveRelease(verdictsAfter(["a", "unhealthy"]), R3.payloadDigest), true],
  ])("%s", (_, verdicts, due) => {
    expect(isDue(verdicts)).toBe(due);
  });

  it("is due no more once it has ended in any way, and the end of an older one changes nothing", () => {
    const allowed = forgiveRelease(verdictsAfter(["a", "unhealthy"]), R3.payloadDigest);
    const other = { outcome: "other", mayRetry: false, atUtc: "2026-11-21T10:00:00Z" } as const;
    expect(isDue(recordAttempt(allowed, R3, { id: "b", ...other }))).toBe(false);
    expect(isDue(recordAttempt(allowed, R3, { id: "a", ...other }))).toBe(true);
  });
});
