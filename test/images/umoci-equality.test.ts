/**
 * What a device gets is what umoci unpacks: names, types, modes, owners, times, sizes, link counts, extended attributes
 * and contents, with no difference, for two Debian systems and for six layers of everything that layers may do.
 *
 * Three programs list the trees: ours reads the composefs image, the kernel mounts it (EROFS and overlayfs), and
 * canonical_tree.py walks what umoci 0.4.7 unpacked as root. No deviation of umoci from the OCI specification had to be
 * allowed for; it dates directories that a layer only implies at the time of unpacking, so the set-up's layers imply none.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ComposefsError } from "../../src/composefs/error.ts";
import { objectPath } from "../../src/composefs/object-name.ts";
import { readImage } from "../../src/composefs/read-image.ts";
import { verityOf } from "../../src/composefs/verity.ts";
import { utf8ToByteString } from "../../src/path.ts";
import type { ContentDigest, DirectoryNode } from "../../src/tree/node.ts";
import { findNode } from "../../src/tree/walk.ts";
import {
  type Carried,
  carried,
  type ImageName,
  install,
  layoutOf,
  openWorkshop,
  update,
  type Workshop,
} from "./carried.ts";
import { listMounted, listTree, unpackByUmoci } from "./foreign-tree.ts";
import { listDeployment } from "./list-deployment.ts";

const SAMPLED_BYTES = 499; // no multiple of anything in an image

const workshops: Workshop[] = [];
const deployments = new Map<ImageName, Carried>();
const foreign = new Map<ImageName, readonly string[]>();

beforeAll(async () => {
  // One device is installed with the first Debian and updated to the second, another is installed with the six layers.
  const debian = await newWorkshop();
  const first = await debian.createRelease("debian-v1", 1);
  await install(debian);
  const second = await debian.createRelease("debian-v2", 2);
  await update(debian);
  const other = await newWorkshop();
  const layers = await other.createRelease("layers", 1);
  await install(other);
  deployments.set("debian-v1", carried(debian, first));
  deployments.set("debian-v2", carried(debian, second));
  deployments.set("layers", carried(other, layers));
  for (const image of deployments.keys()) foreign.set(image, listForeign(image));
});

afterAll(() => {
  for (const workshop of workshops) workshop[Symbol.dispose]();
});

describe.each(["debian-v1", "debian-v2", "layers"] as const)("the deployment of %s", (name) => {
  it("holds the tree that umoci unpacks", () => {
    const { image, objects } = deploymentOf(name);
    expect(listDeployment(image, objects)).toEqual(foreign.get(name));
  });

  it("shows that tree when the kernel mounts it", () => {
    const { imageFile, objects } = deploymentOf(name);
    expect(inScratch((scratch) => listMounted(imageFile, objects, scratch))).toEqual(foreign.get(name));
  });
});

it("gives a layer compressed by zstd the same tree as one compressed by gzip", async () => {
  const workshop = await newWorkshop();
  const { imageDigest } = await workshop.createRelease("debian-v1-zstd", 1);
  expect(imageDigest).toBe(verityOf(deploymentOf("debian-v1").image));
});

describe("the comparison fails", () => {
  it("when one byte of an object is changed, for our reader and for the kernel", () => {
    const { image, imageFile, objects } = deploymentOf("layers");
    const object = join(objects, objectPath(objectOf(readImage(image), ["usr", "share", "sizes", "4097"])));
    const bytes = readFileSync(object);
    writeFileSync(object, flipped(bytes, 4096));
    try {
      const isForeign = (line: string) => foreign.get("layers")?.includes(line);
      const differing = [expect.stringMatching("^/usr/share/sizes/4097 file ")];
      expect(listDeployment(image, objects).filter((line) => !isForeign(line))).toEqual(differing);
      const mounted = inScratch((scratch) => listMounted(imageFile, objects, scratch));
      expect(mounted.filter((line) => !isForeign(line))).toEqual(differing);
    } finally {
      writeFileSync(object, bytes);
    }
    expect(listDeployment(image, objects)).toEqual(foreign.get("layers"));
  });

  it("when any one byte of the image is changed: it is refused, or describes another tree", () => {
    const { image, objects } = deploymentOf("layers");
    const signed = verityOf(image);
    for (let at = 0; at < image.length; at += SAMPLED_BYTES) {
      const changed = flipped(image, at);
      expect(verityOf(changed)).not.toBe(signed); // the device compares this one, before it reads anything
      expect(listOrRefuse(changed, objects), `byte ${at}`).not.toEqual(foreign.get("layers"));
    }
  });
});

function listOrRefuse(image: Buffer, objects: string): readonly string[] | string {
  try {
    return listDeployment(image, objects);
  } catch (error) {
    if (error instanceof ComposefsError) return error.code;
    throw error;
  }
}

function deploymentOf(name: ImageName): Carried {
  const deployment = deployments.get(name);
  if (deployment === undefined) throw new Error(`${name} was not carried`);
  return deployment;
}

async function newWorkshop(): Promise<Workshop> {
  const workshop = await openWorkshop();
  workshops.push(workshop);
  return workshop;
}

function listForeign(image: ImageName): readonly string[] {
  return inScratch((scratch) => listTree(unpackByUmoci(layoutOf(image), join(scratch, "bundle"))));
}

function inScratch<T>(work: (scratch: string) => T): T {
  const scratch = mkdtempSync(join(tmpdir(), "bootferry-foreign-"));
  try {
    return work(scratch);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function objectOf(root: DirectoryNode, path: readonly string[]): ContentDigest {
  const node = findNode(root, path.map(utf8ToByteString));
  if (node?.kind !== "file" || node.content.kind !== "object") throw new Error(`/${path.join("/")} is no object`);
  return node.content.digest;
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
