/**
 * Our images of difficult trees, made by hand and at random, equal those of mkcomposefs byte for byte.
 *
 * `test/images/oracle.sh` sets mkcomposefs up; BOOTFERRY_MKCOMPOSEFS names another one, BOOTFERRY_SEED other trees.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readImage } from "../../src/composefs/read-image.ts";
import { writeImage } from "../../src/composefs/write-image.ts";
import type { DirectoryNode } from "../../src/tree/node.ts";
import { formatDump } from "../support/composefs-dump.ts";
import { PINNED_TREES } from "../support/pinned-trees.ts";
import { arbitraryTree } from "../support/tree-fixtures.ts";

const MKCOMPOSEFS =
  process.env["BOOTFERRY_MKCOMPOSEFS"] ?? fileURLToPath(new URL("../../.cache/oracle/mkcomposefs", import.meta.url));
const SEED = Number(process.env["BOOTFERRY_SEED"] ?? 1);
const RANDOM_TREES = 400;

let directory = "";

beforeAll(() => {
  if (!existsSync(MKCOMPOSEFS)) throw new Error(`${MKCOMPOSEFS} is not there: run test/images/oracle.sh first`);
  directory = mkdtempSync(join(tmpdir(), "bootferry-oracle-"));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function imageByMkcomposefs(tree: DirectoryNode): Buffer {
  const file = join(directory, "theirs.cfs");
  execFileSync(MKCOMPOSEFS, ["--min-version=1", "--from-file", "-", file], { input: formatDump(tree) });
  return readFileSync(file);
}

describe("mkcomposefs writes our image", () => {
  it.each(PINNED_TREES)("of $title", ({ tree, imageSha256 }) => {
    const theirs = imageByMkcomposefs(tree);
    expect(createHash("sha256").update(theirs).digest("hex")).toBe(imageSha256);
    expect(writeImage(tree).equals(theirs)).toBe(true);
    expect(readImage(theirs)).toEqual(tree);
  });

  it(`of ${RANDOM_TREES} random trees of seed ${SEED}`, () => {
    const trees = fc.sample(arbitraryTree, { seed: SEED, numRuns: RANDOM_TREES });
    const different = trees.flatMap((tree, index) =>
      writeImage(tree).equals(imageByMkcomposefs(tree)) ? [] : [index],
    );
    expect(different).toEqual([]);
  });

  it("of no other tree: one second of one file makes another image", () => {
    const [first, second] = fc.sample(arbitraryTree, { seed: SEED, numRuns: 2 });
    if (first === undefined || second === undefined) throw new Error("no trees");
    const later = { ...first, metadata: { ...first.metadata, mtimeSeconds: first.metadata.mtimeSeconds + 1 } };
    expect(writeImage(later).equals(imageByMkcomposefs(first))).toBe(false);
    expect(writeImage(second).equals(imageByMkcomposefs(first))).toBe(false);
  });
});
