import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { MediumDraft } from "../../../bundle-format/vectors/source/medium-draft.ts";
import { goodMedium, rootEnvelope, SINGLE_ROOT } from "../../../bundle-format/vectors/source/parts.ts";
import { openMedium, openMediumOver } from "../../../src/bundle/medium.ts";
import { forEachRelease, listReleases } from "../../../src/bundle/read-release.ts";
import { listRoots } from "../../../src/bundle/read-root.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { MEDIA_TYPE } from "../../../src/oci/media-type.ts";
import type { AbsPath } from "../../../src/path.ts";
import { formatEnvelope } from "../../../src/trust/dsse.ts";
import { TrustError } from "../../../src/trust/error.ts";
import { lyingLayout } from "../../support/lying-layout.ts";
import { temporaryDirectory } from "./temporary-directory.ts";
import { layOutFiles } from "./vector-reader.ts";

const INDEX = "bootferry/index.json";
let root: Buffer;
let parts: Awaited<ReturnType<typeof goodMedium>>;
beforeAll(async () => {
  root = await rootEnvelope(SINGLE_ROOT, ["root-a"]);
});
beforeEach(async () => {
  parts = await goodMedium();
});

function laidOut(medium: MediumDraft): AbsPath {
  const stick = temporaryDirectory();
  layOutFiles(medium.files(), stick);
  return stick;
}

describe("listing what is on a medium", () => {
  it("finds releases and roots, each among its own", async () => {
    const medium = await openMedium(laidOut(parts.medium.addRoot(root, 1)));
    const { releases, problems } = await listReleases(medium);
    expect(problems).toEqual([]);
    expect(releases.map(({ envelope }) => formatEnvelope(envelope))).toEqual([parts.envelope]);
    const { roots } = await listRoots(medium);
    expect(roots.map(({ root: { version } }) => version)).toEqual([1]);
    expect(roots.map((it) => formatEnvelope(it.root.envelope))).toEqual([root]);
  });

  it("reports a root that nobody signed and lists the others", async () => {
    const unsigned = Buffer.from(root.toString().replace(/"sig":"..../, '"sig":"AAAA'));
    const medium = await openMedium(laidOut(parts.medium.addRoot(unsigned, 2).addRoot(root, 1)));
    const { roots, problems } = await listRoots(medium);
    expect(roots).toHaveLength(1);
    expect(problems.map(({ error }) => error.code)).toEqual(["TRUST_SIGNATURE_INVALID"]);
  });

  it("keeps only roots above the version that is asked for, and says which others are there", async () => {
    for (const version of [1, 2, 3])
      parts.medium.addRoot(await rootEnvelope({ ...SINGLE_ROOT, version }, ["root-a"]), version);
    const { roots, passedOver } = await listRoots(await openMedium(laidOut(parts.medium)), { aboveVersion: 2 });
    expect(roots.map(({ root: { version } }) => version)).toEqual([3]);
    expect(passedOver.toSorted()).toEqual([1, 2]);
  });

  it("keeps 32 MiB of roots and no more, and reads each once (BF-6.15)", async () => {
    const padded = (spaces: number) => Buffer.concat([root, Buffer.alloc((2 << 20) - root.length - spaces, " ")]);
    for (let spaces = 0; spaces < 20; spaces++) parts.medium.addRoot(padded(spaces), spaces);
    const layout = lyingLayout((await openMedium(laidOut(parts.medium))).layout);
    const { roots, problems } = await listRoots(openMediumOver(layout));
    expect(roots).toHaveLength(16);
    expect(problems.map(({ error }) => error.code)).toEqual(Array(4).fill("BUNDLE_ROOTS_TOO_LARGE"));
    expect(new Set(layout.openings.values())).toEqual(new Set([1]));
    const { passedOver } = await listRoots(openMediumOver(layout), { aboveVersion: 1 });
    expect(passedOver).toHaveLength(20);
  });

  it("shows releases one by one, so that no medium fills the memory with what nobody signed", async () => {
    const { medium, envelope } = parts;
    const more = Buffer.from(`${envelope.toString().trimEnd()} \n`); // another blob with the same release
    medium.addRelease(more, parts.statement);
    const stick = await openMedium(laidOut(medium));
    const order: string[] = [];
    const openBlob: typeof stick.layout.openBlob = (digest, options) => {
      order.push("read");
      return stick.layout.openBlob(digest, options);
    };
    const watched = openMediumOver({ ...stick.layout, openBlob });
    expect(await forEachRelease(watched, () => order.push("use"))).toEqual([]);
    expect(order).toEqual(["read", "read", "use", "read", "read", "use"]); // manifest and envelope of each
  });

  it("reports every bad entry with its place or digest and lists the good ones (BF-1.7)", async () => {
    const { medium } = parts;
    const good = JSON.parse(medium.indexText()).manifests;
    const absent = { mediaType: MEDIA_TYPE.manifest, digest: digestOf("absent"), size: 3 };
    const manifests = [7, null, { ...absent, digest: "md5:00" }, absent, ...good];
    medium.override(INDEX, { text: JSON.stringify({ schemaVersion: 2, manifests }) });
    const { releases, problems } = await listReleases(await openMedium(laidOut(medium)));
    expect(releases).toHaveLength(1);
    expect(problems.map(({ digest, error }) => [digest, error.code])).toEqual([
      ["entry 0", "OCI_DOCUMENT_INVALID"],
      ["entry 1", "OCI_DOCUMENT_INVALID"],
      ["entry 2", "OCI_DOCUMENT_INVALID"],
      [absent.digest, "OCI_BLOB_MISSING"],
    ]);
  });

  it("lists a release once that the index names twice", async () => {
    const { medium } = parts;
    const entries = JSON.parse(medium.indexText()).manifests;
    medium.override(INDEX, { text: JSON.stringify({ schemaVersion: 2, manifests: [...entries, ...entries] }) });
    expect((await listReleases(await openMedium(laidOut(medium)))).releases).toHaveLength(1);
  });

  describe("whose index names one envelope by many manifests", () => {
    const variants = (count: number, change: (manifest: Manifest) => Manifest = (manifest) => manifest) => {
      const { medium } = parts;
      const { manifests } = JSON.parse(medium.indexText());
      const entry = manifests.find((it: Manifest) => it.artifactType?.includes("release"));
      const manifest = change(JSON.parse(String(medium.blobs.get(entry.digest))));
      const others = Array.from({ length: count }, (_, number) => {
        const bytes = Buffer.from(JSON.stringify({ ...manifest, annotations: { number: `${number}` } }));
        return { ...entry, digest: medium.addBlob(bytes).digest, size: bytes.length };
      });
      medium.override(INDEX, { text: JSON.stringify({ schemaVersion: 2, manifests: [...others, entry] }) });
      return laidOut(medium);
    };

    it("judges the envelope once, and reads it once", async () => {
      const stick = await openMedium(variants(20));
      const layout = lyingLayout(stick.layout);
      const seen: string[] = [];
      const problems = await forEachRelease(openMediumOver(layout), ({ manifestDigest }) => {
        seen.push(manifestDigest);
        throw new TrustError("TRUST_SIGNATURE_INVALID", "of nobody");
      });
      expect(problems.map(({ digest }) => digest)).toEqual(seen);
      expect(seen).toHaveLength(1);
      expect(layout.openings.get(digestOf(parts.envelope))).toBe(1);
    });

    it("finds it behind manifests that lie about its size (BF-1.7)", async () => {
      const size = parts.envelope.length + 1;
      const stick = await openMedium(variants(2, (manifest) => withLayer(manifest, { size })));
      const { releases, problems } = await listReleases(stick);
      expect(releases).toHaveLength(1);
      expect(problems.map(({ error }) => error.code)).toEqual(["OCI_BLOB_SIZE_MISMATCH", "OCI_BLOB_SIZE_MISMATCH"]);
    });
  });

  it("ends between two entries when it is aborted", async () => {
    parts.medium.addRelease(Buffer.from(`${parts.envelope} `), parts.statement);
    const abort = new AbortController();
    const reason = new Error("stopped");
    let shown = 0;
    const use = () => {
      shown += 1;
      abort.abort(reason);
    };
    const stick = await openMedium(laidOut(parts.medium));
    await expect(forEachRelease(stick, use, abort.signal)).rejects.toBe(reason);
    expect(shown).toBe(1);
  });

  it.each([
    ["no layer", (document: Manifest) => ({ ...document, layers: [] })],
    ["two layers", (document: Manifest) => ({ ...document, layers: [document.layers[0], document.layers[0]] })],
    ["a layer of another type", (document: Manifest) => withLayer(document, { mediaType: "application/json" })],
    ["another artifact type than the index says", (document: Manifest) => ({ ...document, artifactType: "x/y" })],
  ])("refuses a release artifact with %s (BF-5.3)", async (_, change) => {
    const { medium } = parts;
    const [entry] = JSON.parse(medium.indexText()).manifests.filter((it: Manifest) =>
      it.artifactType?.includes("release"),
    );
    const changed = Buffer.from(JSON.stringify(change(JSON.parse(String(medium.blobs.get(entry.digest))))));
    const manifests = [{ ...entry, digest: medium.addBlob(changed).digest, size: changed.length }];
    medium.override(INDEX, { text: JSON.stringify({ schemaVersion: 2, manifests }) });
    const { releases, problems } = await listReleases(await openMedium(laidOut(medium)));
    expect(releases).toEqual([]);
    expect(problems.map(({ error }) => error.code)).toEqual(["BUNDLE_ARTIFACT_INVALID"]);
  });
});

interface Manifest {
  readonly artifactType?: string;
  readonly layers: readonly object[];
}

function withLayer(document: Manifest, change: object): Manifest {
  return { ...document, layers: document.layers.map((layer) => ({ ...layer, ...change })) };
}
