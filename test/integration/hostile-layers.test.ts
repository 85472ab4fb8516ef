/**
 * The corpus of hostile layers (test/hostile-layers), each on both of its ways: merged into a tree on a workstation, and
 * given to a device under a signed tree that was made of honest layers, as a hostile builder or medium would do.
 *
 * No case unpacks anything, so none can leave the tree: what is shown is that the device's disk, to the inode, is what it
 * was, that nothing appears where the layers aim at, and that no case takes more memory than the bounds say. Case folding
 * of file names is a matter of media alone, and what we read from media is named by hexadecimal digits.
 */
import { existsSync, readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HOSTILE_LAYERS } from "../hostile-layers/corpus.ts";
import { NOT_THERE, TAR, TARGET } from "../hostile-layers/hostile-layer.ts";
import { outcomeOnWorkstation } from "../hostile-layers/merge-hostile.ts";
import {
  type BadInputDevice,
  buildBadImage,
  mediumOf,
  openBadInputDevice,
  rootFiles,
  treeOf,
} from "../support/bad-media.ts";
import { buildTar } from "../support/oci-fixtures.ts";

/** A merge may hold 512 MiB (src/tree/limits.ts) and a window of zstd 128 MiB; the rest is Node and the tests. */
const MAX_RSS_MIB = 1024;

let device: BadInputDevice;
let honest: Buffer;
let withAbsent: Buffer;
let outcomes = 0;

beforeAll(async () => {
  device = await openBadInputDevice();
  honest = await buildTar(rootFiles("42"));
  // The tree asks for one file more than the layers hold, so that a device reads them to their ends.
  withAbsent = await buildTar([{ name: "usr/lib/absent", content: "in no layer ".repeat(20) }]);
});
afterAll(() => {
  device[Symbol.dispose]();
  const sources = new Set(HOSTILE_LAYERS.map(({ source }) => source));
  const peakMib = process.resourceUsage().maxRSS >> 10;
  console.log(
    `hostile layers: ${HOSTILE_LAYERS.length} cases of ${sources.size} sources, ${outcomes} outcomes as expected; memory ${peakMib} MiB at most`,
  );
});

const code = (layer: (typeof HOSTILE_LAYERS)[number]) =>
  "code" in layer.onWorkstation ? layer.onWorkstation.code : "a tree";
const cases = HOSTILE_LAYERS.map((layer) => ({ ...layer, becomes: code(layer), layer }));

it("names each case once and its source", () => {
  expect(new Set(HOSTILE_LAYERS.map(({ what }) => what)).size).toBe(HOSTILE_LAYERS.length);
  expect(HOSTILE_LAYERS.filter(({ source }) => source.length < 3)).toEqual([]);
});

describe("on the workstation", () => {
  it.each(cases)("$what ($source) becomes $becomes", async ({ layer }) => {
    const expected = layer.onWorkstation;
    expect(await outcomeOnWorkstation(layer)).toEqual(
      "tree" in expected ? { tree: [...expected.tree].sort() } : expected,
    );
    outcomes++;
  });
});

describe("a device that is given a signed layer with", () => {
  it.each(cases)("$what ends with $onDevice", async ({ layer }) => {
    const tree = treeOf([honest, withAbsent]);
    const layers = [
      ...layer.below.map((bytes) => ({ mediaType: TAR, bytes })),
      layer.blob(honest.subarray(0, -1024)), // without its end
    ];
    const { medium } = await mediumOf(buildBadImage({ layers, tree }));
    const around = readdirSync(device.directory);
    await device.refuses(medium, layer.onDevice, layer.onDevice === NOT_THERE ? 6 : 1);
    expect(readdirSync(device.directory)).toEqual(around);
    expect(existsSync(TARGET)).toBe(false);
    outcomes++;
  });
});

it("no case took more memory than the bounds say", () => {
  expect(process.resourceUsage().maxRSS >> 10).toBeLessThan(MAX_RSS_MIB);
});
