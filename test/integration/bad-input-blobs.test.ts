/**
 * Media whose blobs are not what they should be. Every blob of a small medium in turn is taken away, cut short, made
 * longer and spoilt by one bit; what a device reads of it is refused, what it never reads changes nothing.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuiltImage } from "../../bundle-format/vectors/source/image.ts";
import { blobPath, type MediumDraft } from "../../bundle-format/vectors/source/medium-draft.ts";
import { envelopeOf } from "../../bundle-format/vectors/source/parts.ts";
import { RELEASE_ARTIFACT_TYPE, TREE_ARTIFACT_TYPE } from "../../src/bundle/media-type.ts";
import { formatStatement } from "../../src/bundle/statement.ts";
import { type Digest, digestHex, digestOf } from "../../src/oci/digest.ts";
import { TAR } from "../hostile-layers/hostile-layer.ts";
import {
  type BadInputDevice,
  buildBadImage,
  honestImage,
  mediumOf,
  openBadInputDevice,
  refusalOf,
  rootFiles,
  treeOf,
  withEnvelope,
} from "../support/bad-media.ts";
import { buildTar } from "../support/oci-fixtures.ts";

let device: BadInputDevice;
let image: BuiltImage;

beforeAll(async () => {
  device = await openBadInputDevice();
  image = await honestImage("42");
});
afterAll(() => device[Symbol.dispose]());

const goodMedium = async () => (await mediumOf(image)).medium;

/** What each blob of the medium is, by its digest. */
async function blobsOf(medium: MediumDraft): Promise<ReadonlyMap<Digest, string>> {
  const { manifests } = JSON.parse(medium.indexText());
  const artifact = (type: string) =>
    manifests.find((entry: { artifactType?: string }) => entry.artifactType === type).digest as Digest;
  const { envelope } = await mediumOf(image);
  return new Map<Digest, string>([
    [artifact(RELEASE_ARTIFACT_TYPE), "release manifest"],
    [digestOf(envelope), "envelope"],
    [image.tree.image.digest, "tree image"],
    [image.manifest.digest, "image manifest"],
    ...image.layers.map(({ digest }, index) => [digest, `layer ${index + 1}`] as const),
    [image.config.digest, "image config"],
    [artifact(TREE_ARTIFACT_TYPE), "tree manifest"],
    [digestOf("{}"), "empty config"],
  ]);
}

/** What a device that installs this release has to read; the others only make the layout whole for other tools. */
const READ = ["release manifest", "envelope", "tree image", "image manifest", "image config", "layer 1", "layer 2"];
const NEVER_READ = ["tree manifest", "empty config"];

async function eachBlob(role: readonly string[], attempt: (digest: Digest, what: string) => Promise<void>) {
  const blobs = await blobsOf(await goodMedium());
  expect([...blobs.keys()].sort()).toEqual([...(await goodMedium()).blobs.keys()].sort());
  for (const [digest, what] of blobs) if (role.includes(what)) await attempt(digest, what);
}

const flip = (at: (bytes: Buffer) => number, bit: number) => (bytes: Buffer) => {
  const place = at(bytes);
  bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << bit), place);
  return bytes;
};

describe("every blob that a device reads", () => {
  const places: Readonly<Record<string, (bytes: Buffer) => number>> = {
    first: () => 0,
    middle: (bytes) => bytes.length >> 1,
    last: (bytes) => bytes.length - 1,
  };

  it("is refused when one bit of it is wrong", async () => {
    let flipped = 0;
    await eachBlob(READ, async (digest) => {
      for (const at of Object.values(places)) {
        for (const bit of [0, 7]) {
          const medium = (await goodMedium()).spoil(digest, flip(at, bit));
          await device.refuses(medium, "OCI_BLOB_DIGEST_MISMATCH", 6);
          flipped += 1;
        }
      }
    });
    console.log(`bits flipped one at a time: ${flipped}`);
    expect(flipped).toBe(READ.length * Object.keys(places).length * 2);
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ["empty", () => Buffer.alloc(0)],
    ["half", (bytes) => bytes.subarray(0, bytes.length >> 1)],
    ["a byte too short", (bytes) => bytes.subarray(0, -1)],
    ["a byte too long", (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])],
  ])("is refused when it is %s", async (_what, change) => {
    await eachBlob(READ, async (digest) => {
      await device.refuses((await goodMedium()).spoil(digest, change), "OCI_BLOB_SIZE_MISMATCH", 6);
    });
  });

  it("is refused when it is missing", async () => {
    await eachBlob(READ, async (digest, what) => {
      const medium = await goodMedium();
      medium.blobs.delete(digest);
      // A medium may leave out layers that a device does not need: a lack shows when an object is in none of them.
      const code = what.startsWith("layer") ? "STORE_OBJECT_MISSING_FROM_MEDIUM" : "OCI_BLOB_MISSING";
      await device.refuses(medium, code, 6);
    });
  });

  it("is refused when something else is in its place", async () => {
    await eachBlob(READ, async (digest, what) => {
      const path = blobPath(digest);
      // A link in the place of a layer is no file of that name: as if the layer were missing.
      const code = what.startsWith("layer") ? "STORE_OBJECT_MISSING_FROM_MEDIUM" : "OCI_NOT_A_REGULAR_FILE";
      const file = (await goodMedium()).files()[path];
      const linked = (await goodMedium()).override("bootferry/real", file).override(path, { symlink: "../../real" });
      await device.refuses(linked, code, 6);
      await device.refuses((await goodMedium()).override(path, { directory: true }), code, 6);
    });
  });

  it("does not make a device wait when a named pipe is in its place", async () => {
    await eachBlob(READ, async (digest) => {
      const medium = await goodMedium();
      medium.blobs.delete(digest);
      const name = device.layOut(medium);
      execFileSync("mkfifo", [join(device.directory, name, "bootferry/blobs/sha256", digestHex(digest))]);
      const run = await device.staysAsItIs(() => device.insert(name));
      expect(refusalOf(run)).toMatchObject({ exitStatus: 6, hasRemedy: true });
    });
  });
});

describe("an unknown media type", () => {
  it("of a layer is refused", async () => {
    const tars = [await buildTar(rootFiles("42"))];
    const layers = tars.map((bytes) => ({ mediaType: `${TAR}+br`, bytes }));
    const { medium } = await mediumOf(buildBadImage({ layers, tree: treeOf(tars) }));
    await device.refuses(medium, "OCI_MEDIA_TYPE_UNKNOWN", 1);
  });

  it.each<[string, string, string, number]>([
    ["the tree image", "composefs.v1+zstd", "composefs.v1+br", 3],
    ["the image", "vnd.oci.image.manifest.v1+json", "vnd.oci.image.manifest.v9+json", 3],
  ])("of %s is refused although it is signed", async (_what, from, to, exitStatus) => {
    const parts = await mediumOf(image);
    const payload = formatStatement(parts.statement).toString();
    expect(payload).toContain(from);
    const envelope = await envelopeOf(Buffer.from(payload.replace(from, to)));
    await device.refuses(withEnvelope(parts, envelope), "BUNDLE_STATEMENT_INVALID", exitStatus);
  });

  it("of an entry of index.json makes it none of ours", async () => {
    const medium = await goodMedium();
    const text = medium.indexText().replaceAll("image.manifest.v1+json", "image.manifest.v9+json");
    await device.refuses(medium.override("bootferry/index.json", { text }), "BUNDLE_NO_RELEASE", 6);
  });
});

describe("one wrong bit outside the blobs", () => {
  it.each(["bootferry/index.json", "bootferry/oci-layout"])(
    "of %s is refused, or changes nothing that matters",
    async (path) => {
      const text = Object((await goodMedium()).files()[path]).text as string;
      const step = Math.max(1, Math.floor(text.length / 25));
      let flipped = 0;
      for (let at = 0; at < text.length; at += step) {
        const base64 = flip(() => at, at % 7)(Buffer.from(text)).toString("base64");
        const name = device.layOut((await goodMedium()).override(path, { base64 }));
        const run = await device.staysAsItIs(() => device.insert(name, "--dry-run"));
        flipped += 1;
        if (run.exitStatus === 0)
          expect(run.stdout).toMatch(/^A run would install kiosk-os 42\.3\.1 \(sequence 42\)\.$/m);
        else expect(refusalOf(run)).toMatchObject({ exitStatus: 6, hasRemedy: true });
      }
      console.log(`bits flipped in ${path}: ${flipped}`);
      expect(flipped).toBeGreaterThan(20);
    },
  );
});

describe("a blob that no device reads", () => {
  it("may be spoilt or gone: what is installed is what was signed", async () => {
    const medium = await goodMedium();
    await eachBlob(NEVER_READ, async (digest, what) => {
      if (what === "empty config") medium.blobs.delete(digest);
      else
        medium.spoil(
          digest,
          flip((bytes) => bytes.length >> 1, 0),
        );
    });
    const run = await device.insert(device.layOut(medium));
    expect([run.exitStatus, run.stderr.includes("error:")]).toEqual([0, false]);
    const boot = await device.run("os", "simulate-boot", "--sysroot", "device");
    expect(boot.exitStatus).toBe(0);
    const assessed = await device.run("agent", "run", "--sysroot", "device", "--json");
    expect(JSON.parse(assessed.stdout)).toMatchObject({ outcome: "confirmed", release: { sequence: 42 } });
    const verified = await device.run("os", "verify", "--sysroot", "device");
    expect(verified.exitStatus).toBe(0);
  });
});
