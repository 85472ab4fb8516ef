/**
 * The composefs image of each real image equals, byte for byte, the one that Debian forky's mkcomposefs writes of the tree
 * that umoci unpacks. Between the layers and that file stands no code of ours: composefs_dump.py makes the tree canonical
 * and digests its contents, mkcomposefs does the rest.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { verityOf } from "../../src/composefs/verity.ts";
import { imageOnMedium, layoutOf, openWorkshop } from "./carried.ts";
import { unpackByUmoci } from "./foreign-tree.ts";

const COMPOSEFS_DUMP = fileURLToPath(new URL("composefs_dump.py", import.meta.url));
const MKCOMPOSEFS = fileURLToPath(new URL("../../.cache/oracle/mkcomposefs", import.meta.url));
const MAX_DUMP_BYTES = 256 << 20;

describe.each(["debian-v1", "debian-v2", "layers"] as const)("the image of %s", (name) => {
  it("is the one that mkcomposefs writes", async () => {
    using workshop = await openWorkshop();
    const created = await workshop.createRelease(name, 1);
    const ours = imageOnMedium(workshop, created);
    const tree = unpackByUmoci(layoutOf(name), join(workshop.directory, "bundle"));
    const dump = execFileSync("python3", [COMPOSEFS_DUMP, tree], { maxBuffer: MAX_DUMP_BYTES });
    const theirs = makeImage(dump, workshop.directory);
    expect(ours.equals(theirs)).toBe(true);
    expect(verityOf(theirs)).toBe(created.imageDigest); // what is signed is the name of their image too

    // The comparison can fail: another time of one file is another image.
    const changed = dump
      .toString("latin1")
      .replace(/^(\/etc\/passwd .*) (\d+)\.0 /m, (_, head, time) => `${head} ${Number(time) + 1}.0 `);
    expect(changed).not.toBe(dump.toString("latin1"));
    expect(ours.equals(makeImage(Buffer.from(changed, "latin1"), workshop.directory))).toBe(false);
    const flipped = Buffer.from(ours);
    flipped[ours.length >> 1] = (flipped[ours.length >> 1] ?? 0) ^ 1;
    expect(flipped.equals(theirs)).toBe(false);
  });
});

function makeImage(dump: Buffer, directory: string): Buffer {
  const file = join(directory, "theirs.cfs");
  // Without --min-version=1 it writes the older version of the format, with another digest.
  execFileSync(MKCOMPOSEFS, ["--min-version=1", "--from-file", "-", file], { input: dump });
  return readFileSync(file);
}
