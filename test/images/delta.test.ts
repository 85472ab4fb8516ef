/** A delta of two real Debian systems: what it weighs, and that a device ends with the tree of the full release. */
import { cpSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { imageObjects } from "../../src/composefs/image-objects.ts";
import { readImage } from "../../src/composefs/read-image.ts";
import { type CreatedTree, carried, install, openWorkshop, update, type Workshop } from "./carried.ts";
import { listDeployment } from "./list-deployment.ts";

/** What a delta may weigh beside the files that it carries. */
const MAX_FACTOR = 1.15;

const Copied = z.object({
  carried: z.tuple([z.object({ deltas: z.tuple([z.object({ packBytes: z.number(), objects: z.number() })]) })]),
});

let workshop: Workshop;
let full: Workshop;
let first: CreatedTree;
let second: CreatedTree;
let pack: { readonly packBytes: number; readonly objects: number };

beforeAll(async () => {
  workshop = await openWorkshop();
  first = await workshop.createRelease("debian-v1", 1);
  await install(workshop);
  second = await workshop.createRelease("debian-v2", 2);
  full = { ...workshop, sysroot: join(workshop.directory, "full") };
  cpSync(workshop.sysroot, full.sysroot, { recursive: true, verbatimSymlinks: true });
  mkdirSync(join(workshop.directory, "delta"));
  const copy = ["release", "copy", "medium", "--release", "images@2", "--to", "delta", "--base", "images@1", "--json"];
  [pack] = Copied.parse(JSON.parse(await workshop.bootferry(...copy))).carried[0].deltas;
  await update(full);
  await workshop.bootferry("agent", "run", "--sysroot", workshop.sysroot, "--medium", "delta");
});
afterAll(() => workshop[Symbol.dispose]());

describe("a delta of two Debian systems", () => {
  it("gives a device the tree of the full release", () => {
    const [ours, theirs] = [carried(workshop, second), carried(full, second)];
    expect(ours.image).toEqual(theirs.image);
    const tree = listDeployment(ours.image, ours.objects);
    expect(tree).toEqual(listDeployment(theirs.image, theirs.objects));
    expect(tree.length).toBeGreaterThan(5000);
    const names = (objects: string) => readdirSync(objects, { recursive: true }).sort();
    expect(names(ours.objects)).toEqual(names(theirs.objects));
  });

  it("weighs little more than the files that changed", () => {
    const [before, after] = [first, second].map((tree) => imageObjects(readImage(carried(full, tree).image)));
    const changed = [...(after ?? [])].filter(([digest]) => !before?.has(digest));
    const changedBytes = changed.reduce((sum, [, size]) => sum + size, 0);
    const stickBytes = sizeOf(join(workshop.directory, "delta"));
    const fullBytes = sizeOf(workshop.medium);
    console.log(
      `delta: ${changed.length} changed objects of ${changedBytes} bytes as a pack of ${pack.packBytes} (factor ${factor(pack.packBytes, changedBytes)}); ` +
        `all of the stick, with the composefs image, ${stickBytes} (factor ${factor(stickBytes, changedBytes)}); ` +
        `a stick with both releases in full ${fullBytes}`,
    );
    expect(pack.objects).toBe(changed.length);
    expect(changed.length).toBeGreaterThan(5);
    expect(stickBytes).toBeLessThanOrEqual(MAX_FACTOR * changedBytes);
  });
});

function factor(part: number, whole: number): string {
  return (part / whole).toFixed(2);
}

function sizeOf(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
