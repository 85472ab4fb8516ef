/** Media that are damaged, truncated or badly laid out: each with one thing wrong. */
import { RELEASE_ARTIFACT_TYPE } from "../../../src/bundle/media-type.ts";
import type { Statement } from "../../../src/bundle/statement.ts";
import { type Digest, digestOf } from "../../../src/oci/digest.ts";
import { MEDIA_TYPE } from "../../../src/oci/media-type.ts";
import { type BuiltImage, buildImage } from "./image.ts";
import { blobPath, flipBit, MediumDraft } from "./medium-draft.ts";
import { CONTEXT, envelopeOf, goodMedium, statementOf } from "./parts.ts";
import type { Vector } from "./vector.ts";

interface Parts {
  readonly medium: MediumDraft;
  readonly image: BuiltImage;
  readonly statement: Statement;
  readonly envelope: Buffer;
  /** Of the release's manifest. */
  readonly manifest: Digest;
}

interface Case {
  readonly name: string;
  readonly clause: string;
  readonly about: string;
  readonly code: string;
  readonly damage: (parts: Parts) => unknown;
}

const firstLayer = ({ image }: Parts) => image.layers[0]?.digest ?? digestOf("");
const INDEX = "bootferry/index.json";

const CASES: readonly Case[] = [
  {
    name: "no-bootferry-directory",
    clause: "BF-1.2",
    about: "A stick with other things on it.",
    code: "BUNDLE_MEDIUM_FOREIGN",
    damage: ({ medium }) => {
      for (const path of Object.keys(medium.files())) medium.override(path, undefined);
      medium.override("photos/holiday.txt", { text: "sunny\n" });
    },
  },
  {
    name: "bootferry-directory-is-a-link",
    clause: "BF-1.3",
    about: "The directory is a symbolic link to the layout.",
    code: "BUNDLE_MEDIUM_NOT_PLAIN",
    damage: ({ medium }) => {
      for (const [path, file] of Object.entries(medium.files())) {
        medium.override(path, undefined).override(path.replace("bootferry/", "elsewhere/"), file);
      }
      medium.override("bootferry", { symlink: "elsewhere" });
    },
  },
  {
    name: "blobs-directory-is-a-link",
    clause: "BF-1.3",
    about: "The directory of the blobs is a symbolic link.",
    code: "BUNDLE_MEDIUM_NOT_PLAIN",
    damage: ({ medium }) => {
      for (const [path, file] of Object.entries(medium.files())) {
        if (!path.startsWith("bootferry/blobs/")) continue;
        medium.override(path, undefined).override(path.replace("bootferry/blobs/", "elsewhere/"), file);
      }
      medium.override("bootferry/blobs", { symlink: "../elsewhere" });
    },
  },
  {
    name: "layout-version-unknown",
    clause: "BF-1.1",
    about: "oci-layout gives another version.",
    code: "OCI_LAYOUT_UNSUPPORTED",
    damage: ({ medium }) => medium.override("bootferry/oci-layout", { text: '{"imageLayoutVersion":"2.0.0"}' }),
  },
  {
    name: "layout-file-missing",
    clause: "BF-1.1",
    about: "There is no oci-layout.",
    code: "OCI_LAYOUT_MISSING",
    damage: ({ medium }) => medium.override("bootferry/oci-layout", undefined),
  },
  {
    name: "index-missing",
    clause: "BF-1.1",
    about: "There is no index.json.",
    code: "OCI_LAYOUT_MISSING",
    damage: ({ medium }) => medium.override(INDEX, undefined),
  },
  {
    name: "index-is-a-link",
    clause: "BF-1.4",
    about: "index.json is a symbolic link.",
    code: "OCI_NOT_A_REGULAR_FILE",
    damage: ({ medium }) => {
      const text = medium.indexText();
      medium.override("bootferry/other.json", { text }).override(INDEX, { symlink: "other.json" });
    },
  },
  {
    name: "index-duplicate-key",
    clause: "BF-1.8",
    about: "index.json has two lists of manifests; parsers differ in which they take.",
    code: "OCI_JSON_DUPLICATE_KEY",
    damage: ({ medium }) => {
      medium.override(INDEX, { text: medium.indexText().replace('"manifests"', '"manifests":[],"manifests"') });
    },
  },
  {
    name: "index-too-deep",
    clause: "BF-1.8",
    about: "index.json is nested so deep that a recursive parser runs out of stack.",
    code: "OCI_JSON_TOO_DEEP",
    damage: ({ medium }) => {
      const deep = [
        { text: '{"schemaVersion":2,"manifests":', times: 1 },
        { text: "[", times: 100_000 },
        { text: "]", times: 100_000 },
        { text: "}", times: 1 },
      ];
      medium.override(INDEX, { repeat: deep });
    },
  },
  {
    name: "index-too-large",
    clause: "BF-1.6",
    about: "index.json has over 4 MiB.",
    code: "OCI_BLOB_TOO_LARGE",
    damage: ({ medium }) => {
      const blank = { text: " ", times: 4 << 20 };
      medium.override(INDEX, { repeat: [blank, { text: medium.indexText(), times: 1 }] });
    },
  },
  {
    name: "index-too-many-entries",
    clause: "BF-1.6",
    about: "index.json lists 1025 manifests.",
    code: "BUNDLE_INDEX_TOO_LONG",
    damage: ({ medium }) => {
      const entry = `{"mediaType":"${MEDIA_TYPE.manifest}","digest":"${digestOf("no such blob")}","size":1}`;
      const many = [
        { text: '{"schemaVersion":2,"manifests":[', times: 1 },
        { text: `${entry},`, times: 1024 },
        { text: `${entry}]}`, times: 1 },
      ];
      medium.override(INDEX, { repeat: many });
    },
  },
  {
    name: "index-points-at-an-image",
    clause: "BF-5.2",
    about: "The index calls the manifest of an image a release.",
    code: "BUNDLE_ARTIFACT_INVALID",
    damage: ({ medium, image: { manifest } }) => {
      const entry = { ...manifest, artifactType: RELEASE_ARTIFACT_TYPE };
      medium.override(INDEX, { text: JSON.stringify({ schemaVersion: 2, manifests: [entry] }) });
    },
  },
  {
    name: "index-points-nowhere",
    clause: "BF-1.9",
    about: "The manifest of the release is not among the blobs.",
    code: "OCI_BLOB_MISSING",
    damage: ({ medium, manifest }) => medium.blobs.delete(manifest),
  },
  {
    name: "release-manifest-flipped-bit",
    clause: "BF-1.9",
    about: "One bit of the release's manifest is wrong.",
    code: "OCI_BLOB_DIGEST_MISMATCH",
    damage: ({ medium, manifest }) => medium.spoil(manifest, flipBit),
  },
  {
    name: "envelope-flipped-bit",
    clause: "BF-1.9",
    about: "One bit of the envelope is wrong.",
    code: "OCI_BLOB_DIGEST_MISMATCH",
    damage: ({ medium, envelope }) => medium.spoil(digestOf(envelope), flipBit),
  },
  {
    name: "envelope-too-large",
    clause: "BF-2.3",
    about: "The manifest announces an envelope of 2 MiB and a byte: it is not even opened.",
    code: "OCI_BLOB_TOO_LARGE",
    damage: ({ medium, manifest }) => resizeEnvelope(medium, manifest, (2 << 20) + 1),
  },
  {
    name: "image-manifest-flipped-bit",
    clause: "BF-1.9",
    about: "One bit of the image's manifest is wrong.",
    code: "OCI_BLOB_DIGEST_MISMATCH",
    damage: ({ medium, image }) => medium.spoil(image.manifest.digest, flipBit),
  },
  {
    name: "config-flipped-bit",
    clause: "BF-1.9",
    about: "One bit of the image's config is wrong.",
    code: "OCI_BLOB_DIGEST_MISMATCH",
    damage: ({ medium, image }) => medium.spoil(image.config.digest, flipBit),
  },
  {
    name: "layer-flipped-bit",
    clause: "BF-1.9",
    about: "One bit of a layer is wrong.",
    code: "OCI_BLOB_DIGEST_MISMATCH",
    damage: (parts) => parts.medium.spoil(firstLayer(parts), flipBit),
  },
  {
    name: "tree-image-flipped-bit",
    clause: "BF-1.9",
    about: "One bit of the composefs image is wrong.",
    code: "OCI_BLOB_DIGEST_MISMATCH",
    damage: ({ medium, image }) => medium.spoil(image.tree.image.digest, flipBit),
  },
  {
    name: "layer-missing",
    clause: "BF-1.9",
    about: "A layer is not there.",
    code: "OCI_BLOB_MISSING",
    damage: (parts) => parts.medium.blobs.delete(firstLayer(parts)),
  },
  {
    name: "layer-truncated",
    clause: "BF-1.9",
    about: "A layer lacks its last byte.",
    code: "OCI_BLOB_SIZE_MISMATCH",
    damage: (parts) => parts.medium.spoil(firstLayer(parts), (bytes) => bytes.subarray(0, -1)),
  },
  {
    name: "layer-too-long",
    clause: "BF-1.9",
    about: "A byte is appended to a layer.",
    code: "OCI_BLOB_SIZE_MISMATCH",
    damage: (parts) => parts.medium.spoil(firstLayer(parts), (bytes) => Buffer.concat([bytes, Buffer.of(0)])),
  },
  {
    name: "layer-is-a-link",
    clause: "BF-1.4",
    about: "A symbolic link to the right bytes stands in the place of a layer.",
    code: "OCI_NOT_A_REGULAR_FILE",
    damage: (parts) => {
      const path = blobPath(firstLayer(parts));
      const file = parts.medium.files()[path];
      parts.medium.override("bootferry/layer", file).override(path, { symlink: "../../layer" });
    },
  },
  {
    name: "layer-is-a-directory",
    clause: "BF-1.4",
    about: "A directory stands in the place of a layer.",
    code: "OCI_NOT_A_REGULAR_FILE",
    damage: (parts) => parts.medium.override(blobPath(firstLayer(parts)), { directory: true }),
  },
];

export async function damagedMedia(): Promise<readonly Vector[]> {
  return [...(await Promise.all(CASES.map(vectorOf))), ...(await mismatchedImages())];
}

async function vectorOf({ name, clause, about, code, damage }: Case): Promise<Vector> {
  const { image, statement, envelope } = await goodMedium();
  const medium = new MediumDraft().addImage(image, statement);
  const { digest: manifest } = medium.addRelease(envelope, statement);
  damage({ medium, image, statement, envelope, manifest });
  return refused(name, clause, about, code, medium);
}

/** Images that are whole but are not what the statement says or what a device can read. */
async function mismatchedImages(): Promise<readonly Vector[]> {
  const unknownLayer = await buildImage({ version: "42.3.1", layerType: "application/vnd.oci.image.layer.v1.tar+br" });
  const otherArchitecture = await buildImage({ version: "42.3.1", architecture: "arm64" });
  return [
    refused(
      "layer-media-type-unknown",
      "BF-5.6",
      "A layer is compressed in a way that the spec does not have.",
      "OCI_MEDIA_TYPE_UNKNOWN",
      await mediumOf(unknownLayer),
    ),
    refused(
      "config-of-another-architecture",
      "BF-5.7",
      "The statement says amd64 and the config of its image arm64.",
      "BUNDLE_IMAGE_MISMATCH",
      await mediumOf(otherArchitecture),
    ),
  ];
}

async function mediumOf(image: BuiltImage): Promise<MediumDraft> {
  const statement = statementOf(image);
  const medium = new MediumDraft().addImage(image, statement);
  medium.addRelease(await envelopeOf(statement), statement);
  return medium;
}

function refused(name: string, clause: string, about: string, code: string, medium: MediumDraft): Vector {
  const files = medium.files();
  return {
    name,
    kind: "medium",
    clauses: [clause],
    about,
    files,
    context: CONTEXT,
    expect: { result: "refused", code },
  };
}

function resizeEnvelope(medium: MediumDraft, manifest: Digest, size: number): void {
  const document = JSON.parse((medium.blobs.get(manifest) ?? "").toString());
  document.layers[0].size = size;
  const { digest, size: manifestSize } = medium.addBlob(Buffer.from(JSON.stringify(document)));
  const entry = { mediaType: MEDIA_TYPE.manifest, digest, size: manifestSize, artifactType: RELEASE_ARTIFACT_TYPE };
  medium.override(INDEX, { text: JSON.stringify({ schemaVersion: 2, manifests: [entry] }) });
}
