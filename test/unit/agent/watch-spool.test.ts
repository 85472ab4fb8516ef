import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SETTLE_MS, watchSpool } from "../../../src/agent/watch-spool.ts";
import type { BundleSurvey } from "../../../src/bundle/survey-bundle.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import type { AbsPath } from "../../../src/path.ts";
import { scratchDirectory } from "./scratch.ts";

interface Step {
  /** What happens before the look. */
  readonly act?: (spool: AbsPath) => void;
  /** What a look finds, by the name of the directory (`.` for the spool itself); absent unless given. */
  readonly finds?: Readonly<Record<string, string>>;
  /** Whether somebody says that something changed. */
  readonly hint?: boolean;
}

/** `whole:…` is a complete bundle with that fingerprint; anything else a reason why it is not. */
function surveyOf(text: string | undefined): BundleSurvey {
  if (text === undefined) return { kind: "absent" };
  if (text.startsWith("whole")) return { kind: "complete", fingerprint: digestOf(text) };
  return { kind: "incomplete", why: text };
}

/** Plays one step for each look. @returns for each step the names that were yielded in it, and what was told */
async function play(steps: readonly Step[], spool = scratchDirectory()) {
  const stop = new AbortController();
  const taken: string[][] = [];
  const told: string[] = [];
  const looks: number[] = [];
  let hint: () => void = () => undefined;
  let step = -1;
  const begin = () => {
    step += 1;
    if (step >= steps.length) return stop.abort();
    taken.push([]);
    steps[step]?.act?.(spool);
    if (steps[step]?.hint) hint();
  };
  const nameOf = (directory: AbsPath) => (directory === spool ? "." : directory.slice(spool.length + 1));
  begin();
  const arrivals = watchSpool(
    {
      directory: spool,
      hints: {
        name: "test",
        async open(callback) {
          hint = callback;
          return { isAlive: () => true, [Symbol.asyncDispose]: async () => undefined };
        },
      },
      async sleep(ms) {
        expect(ms).toBe(SETTLE_MS);
        begin();
      },
      async survey(directory) {
        looks.push(step);
        return surveyOf(steps[step]?.finds?.[nameOf(directory)]);
      },
      onIncomplete: (directory, why) => told.push(`${nameOf(directory)}: ${why}`),
    },
    stop.signal,
  );
  for await (const { source } of arrivals) {
    if (source.kind === "directory") taken.at(-1)?.push(nameOf(source.directory));
  }
  return { taken, told, looks: [...new Set(looks)] };
}

const mkdir = (name: string) => (spool: AbsPath) => void mkdirSync(join(spool, name));

describe("a spool directory", () => {
  it.each<[string, readonly Step[], readonly (readonly string[])[]]>([
    [
      "takes a bundle that two looks find complete and unchanged",
      [{ finds: { ".": "whole" } }, { finds: { ".": "whole" } }],
      [[], ["."]],
    ],
    [
      "takes it once",
      [
        { finds: { ".": "whole" } },
        { finds: { ".": "whole" } },
        { finds: { ".": "whole" }, hint: true },
        { finds: { ".": "whole" } },
      ],
      [[], ["."], [], []],
    ],
    [
      "waits while somebody still writes, though all is there by size",
      [
        { finds: { ".": "whole 1" } },
        { finds: { ".": "whole 2" } },
        { finds: { ".": "whole 3" } },
        { finds: { ".": "whole 3" } },
      ],
      [[], [], [], ["."]],
    ],
    [
      "waits for what is missing, and looks again at a hint",
      [{ finds: { ".": "no index" } }, {}, { finds: { ".": "whole" }, hint: true }, { finds: { ".": "whole" } }],
      [[], [], [], ["."]],
    ],
    [
      "begins anew with a bundle that is incomplete again",
      [
        { finds: { ".": "whole" } },
        { finds: { ".": "half" } },
        { finds: { ".": "whole" }, hint: true },
        { finds: { ".": "whole" } },
      ],
      [[], [], [], ["."]],
    ],
    [
      "takes a bundle again when it has changed",
      [
        { finds: { ".": "whole 1" } },
        { finds: { ".": "whole 1" } },
        { finds: { ".": "whole 2" }, hint: true },
        { finds: { ".": "whole 2" } },
      ],
      [[], ["."], [], ["."]],
    ],
    [
      "takes bundles in directories of it, in the order of their names",
      [
        { act: (spool) => ["b", "a"].map((name) => mkdir(name)(spool)), finds: { a: "whole a", b: "whole b" } },
        { finds: { a: "whole a", b: "whole b" } },
      ],
      [[], ["a", "b"]],
    ],
    [
      "passes over a directory with a dot, until it is renamed",
      [
        { act: mkdir(".copying"), finds: { ".copying": "whole" } },
        { finds: { ".copying": "whole" }, hint: true },
        {
          act: (spool) => renameSync(join(spool, ".copying"), join(spool, "bundle")),
          finds: { bundle: "whole" },
          hint: true,
        },
        { finds: { bundle: "whole" } },
      ],
      [[], [], [], ["bundle"]],
    ],
  ])("%s", async (_, steps, expected) => {
    expect((await play(steps)).taken).toEqual(expected);
  });

  it("tells each reason to wait once", async () => {
    const half = { finds: { ".": "half" }, hint: true };
    const { told } = await play([half, half, { finds: { ".": "a little more" }, hint: true }, half]);
    expect(told).toEqual([".: half", ".: a little more", ".: half"]);
  });

  it("is looked through once a minute without a hint, and at each tick while something settles", async () => {
    const steps = Array.from({ length: 13 }, (): Step => ({ finds: { ".": "half" } }));
    expect((await play(steps)).looks).toEqual([0, 6, 12]);
  });

  it("may come later", async () => {
    const spool = scratchDirectory();
    rmSync(spool, { recursive: true });
    const { taken } = await play(
      [
        { finds: { ".": "whole" } },
        { act: (it) => void mkdirSync(it), hint: true, finds: { ".": "whole" } },
        { finds: { ".": "whole" } },
      ],
      spool,
    );
    expect(taken).toEqual([[], [], ["."]]);
  });
});
