import { beforeAll, describe, expect, it } from "vitest";
import { type BuiltImage, buildImage } from "../../../bundle-format/vectors/source/image.ts";
import { flipBit, MediumDraft } from "../../../bundle-format/vectors/source/medium-draft.ts";
import {
  envelopeOf,
  rootEnvelope,
  SINGLE_ROOT,
  statementOf,
  targetOf,
} from "../../../bundle-format/vectors/source/parts.ts";
import { openMedium, openMediumOver } from "../../../src/bundle/medium.ts";
import { listReleases } from "../../../src/bundle/read-release.ts";
import type { Statement } from "../../../src/bundle/statement.ts";
import { verifyContents } from "../../../src/bundle/verify-contents.ts";
import { type VerifiedRelease, verifyRelease } from "../../../src/bundle/verify-release.ts";
import { type Digest, digestOf } from "../../../src/oci/digest.ts";
import type { LayoutReader } from "../../../src/oci/layout.ts";
import { parseRoot, type TrustedRoot } from "../../../src/trust/root.ts";
import { lyingLayout } from "../../support/lying-layout.ts";
import { temporaryDirectory } from "./temporary-directory.ts";
import { layOutFiles } from "./vector-reader.ts";

let root: TrustedRoot;
let images: { readonly os: BuiltImage; readonly arm: BuiltImage; readonly app: BuiltImage };
beforeAll(async () => {
  root = parseRoot(await rootEnvelope(SINGLE_ROOT, ["root-a"]));
  images = {
    os: await buildImage({ version: "1" }),
    arm: await buildImage({ version: "1", architecture: "arm64" }),
    app: await buildImage({ version: "2" }),
  };
});

/** A medium with a release of two architectures, an app in the first, and shared layers. */
async function release(change: (medium: MediumDraft) => unknown = () => undefined) {
  const { os, arm, app } = images;
  const statement: Statement = statementOf(os, {
    targets: [
      { ...targetOf(os), apps: [{ name: "docker.io/acme/ui:7", image: app.manifest }] },
      { ...targetOf(arm), architecture: "arm64" },
    ],
  });
  const medium = new MediumDraft();
  for (const blob of [...os.blobs, ...arm.blobs, ...app.blobs]) medium.addBlob(blob);
  medium.addRelease(await envelopeOf(statement), statement);
  change(medium);
  const stick = temporaryDirectory();
  layOutFiles(medium.files(), stick);
  const mounted = await openMedium(stick);
  const [found] = (await listReleases(mounted)).releases;
  if (found === undefined) throw new Error("no release");
  return { layout: mounted.layout, verified: verifyRelease(found, root) };
}

/** What the release pins, each blob once: an app has no composefs image. */
function pinnedBlobs(): ReadonlyMap<Digest, Buffer> {
  const { os, arm, app } = images;
  const blobs = new Map([...os.blobs, ...arm.blobs, ...app.blobs].map((blob) => [digestOf(blob), blob]));
  blobs.delete(app.tree.image.digest);
  return blobs;
}

const verify = (layout: LayoutReader, verified: VerifiedRelease, options = {}) =>
  verifyContents(openMediumOver(layout), verified, options);

describe("verifying the contents of a release", () => {
  it("reads every blob that is pinned, layers and composefs images once", async () => {
    const { layout, verified } = await release();
    const counting = lyingLayout(layout);
    const { blobs, bytes } = await verify(counting, verified);
    const pinned = pinnedBlobs();
    expect(new Set(counting.openings.keys())).toEqual(new Set(pinned.keys()));
    for (const [digest, times] of counting.openings) expect(times, digest).toBe(1);
    expect(blobs).toBe(pinned.size);
    expect(bytes).toBe([...pinned.values()].reduce((sum, { length }) => sum + length, 0));
  });

  it("reads only what the named architectures need", async () => {
    const { layout, verified } = await release((medium) => medium.spoil(images.arm.manifest.digest, flipBit));
    await expect(verify(layout, verified, { architectures: ["amd64"] })).resolves.toMatchObject({ blobs: 9 });
    await expect(verify(layout, verified)).rejects.toMatchObject({ code: "OCI_BLOB_DIGEST_MISMATCH" });
  });

  it("finds one flipped bit in any blob, and any blob that is missing, short or long", async () => {
    const { layout, verified } = await release();
    for (const [digest, blob] of pinnedBlobs()) {
      for (const [lie, code] of [
        [{ kind: "flipped-bit", at: blob.length - 1 }, "OCI_BLOB_DIGEST_MISMATCH"],
        [{ kind: "short", sizeBytes: blob.length - 1 }, "OCI_BLOB_SIZE_MISMATCH"],
        [{ kind: "long", extra: Buffer.of(0) }, "OCI_BLOB_SIZE_MISMATCH"],
        [{ kind: "absent" }, "OCI_BLOB_MISSING"],
        [{ kind: "io-error", afterChunks: 0 }, "OCI_BLOB_UNREADABLE"],
      ] as const) {
        const lying = lyingLayout(layout, new Map([[digest, lie]]));
        await expect(verify(lying, verified), `${digest} ${lie.kind}`).rejects.toMatchObject({ code });
      }
    }
  });

  it("tells its progress, up to the last byte", async () => {
    const { layout, verified } = await release();
    const seen: { doneBytes: number; totalBytes: number }[] = [];
    await verify(layout, verified, { onProgress: (progress: (typeof seen)[number]) => seen.push(progress) });
    expect(new Set(seen.map(({ totalBytes }) => totalBytes)).size).toBe(1);
    expect(seen.map(({ doneBytes }) => doneBytes)).toEqual(
      seen.map(({ doneBytes }) => doneBytes).toSorted((a, b) => a - b),
    );
    expect(seen.at(-1)?.doneBytes).toBe(seen.at(-1)?.totalBytes);
  });

  it("stops when it is told to", async () => {
    const { layout, verified } = await release();
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error("enough"));
    await expect(verify(layout, verified, { signal: controller.signal, onProgress })).rejects.toThrow("enough");
  });

  it("refuses a blob that is pinned with two sizes", async () => {
    const { os } = images;
    const targets = [
      targetOf(os),
      {
        ...targetOf(os),
        compatible: "other",
        tree: { ...os.tree, image: { ...os.tree.image, size: os.tree.image.size + 1 } },
      },
    ];
    const statement = statementOf(os, { targets });
    const medium = new MediumDraft().addImage(os, statement);
    medium.addRelease(await envelopeOf(statement), statement);
    const stick = temporaryDirectory();
    layOutFiles(medium.files(), stick);
    const mounted = await openMedium(stick);
    const [found] = (await listReleases(mounted)).releases;
    if (found === undefined) throw new Error("no release");
    await expect(verifyContents(mounted, verifyRelease(found, root))).rejects.toMatchObject({
      code: "OCI_BLOB_SIZE_MISMATCH",
    });
  });
});
