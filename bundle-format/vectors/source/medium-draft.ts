/**
 * A medium in memory that is built right and then broken in one place. Blobs are named by what they should hold, so
 * that their content can be spoilt.
 */
import {
  EMPTY_CONFIG,
  formatReleaseManifest,
  formatRootManifest,
  formatTreeManifest,
} from "../../../src/bundle/artifact.ts";
import { ROOT_ARTIFACT_TYPE } from "../../../src/bundle/media-type.ts";
import { addEntry, EMPTY_INDEX, formatIndex } from "../../../src/bundle/medium-index.ts";
import type { Statement } from "../../../src/bundle/statement.ts";
import { REF_NAME, rootTag } from "../../../src/bundle/tag.ts";
import { type Digest, digestHex } from "../../../src/oci/digest.ts";
import type { Descriptor } from "../../../src/oci/document.ts";
import { MEDIA_TYPE } from "../../../src/oci/media-type.ts";
import { imageEntries, releaseEntry, treeEntry } from "../../../src/release/index-entries.ts";
import { type BuiltImage, pin } from "./image.ts";
import { type VectorFile, type VectorFiles, vectorFile } from "./vector.ts";

const LAYOUT_FILE = '{"imageLayoutVersion":"1.0.0"}';

export class MediumDraft {
  /** What stands under each blob's name; spoil it to taste. */
  readonly blobs = new Map<Digest, Buffer>();
  /** Files that stand in the place of, or beside, what the medium would hold; paths from the top of the medium. */
  readonly overrides = new Map<string, VectorFile | undefined>();
  #index = EMPTY_INDEX;

  addBlob(bytes: Buffer): Descriptor {
    const { digest, size } = pin(bytes);
    this.blobs.set(digest, bytes);
    return { mediaType: MEDIA_TYPE.manifest, digest, size };
  }

  addEntry(entry: Descriptor): Descriptor {
    this.#index = addEntry(this.#index, entry);
    return entry;
  }

  /** The image as the statement's first target pins it, with its composefs image. */
  addImage(image: BuiltImage, statement: Statement): this {
    for (const blob of image.blobs) this.addBlob(blob);
    this.addBlob(EMPTY_CONFIG);
    const target = statement.targets.find((it) => it.image.digest === image.manifest.digest);
    if (target === undefined) throw new Error("the statement does not pin this image");
    const tree = this.addBlob(formatTreeManifest(image.tree.image, image.manifest));
    for (const entry of [...imageEntries(statement, target), treeEntry(statement, target, tree)]) this.addEntry(entry);
    return this;
  }

  /** @returns the index entry */
  addRelease(envelope: Buffer, statement: Statement): Descriptor {
    this.addBlob(EMPTY_CONFIG);
    this.addBlob(envelope);
    return this.addEntry(releaseEntry(statement, this.addBlob(formatReleaseManifest(pin(envelope), statement))));
  }

  addRoot(envelope: Buffer, version: number): this {
    this.addBlob(EMPTY_CONFIG);
    this.addBlob(envelope);
    const manifest = this.addBlob(formatRootManifest(pin(envelope), version));
    this.addEntry({ ...manifest, artifactType: ROOT_ARTIFACT_TYPE, annotations: { [REF_NAME]: rootTag(version) } });
    return this;
  }

  /** Replaces the content of a blob under its old name. */
  spoil(digest: Digest, change: (bytes: Buffer) => Buffer): this {
    const bytes = this.blobs.get(digest);
    if (bytes === undefined) throw new Error(`no blob ${digest} to spoil`);
    this.blobs.set(digest, change(Buffer.from(bytes)));
    return this;
  }

  /** Puts something else in the place of a file, or nothing. */
  override(path: string, file: VectorFile | undefined): this {
    this.overrides.set(path, file);
    return this;
  }

  indexText(): string {
    return formatIndex(this.#index).toString();
  }

  files(): VectorFiles {
    const files = new Map<string, VectorFile>([
      ["bootferry/oci-layout", { text: LAYOUT_FILE }],
      ["bootferry/index.json", { text: this.indexText() }],
    ]);
    for (const [digest, bytes] of [...this.blobs].sort(([a], [b]) => (a < b ? -1 : 1))) {
      files.set(blobPath(digest), vectorFile(bytes));
    }
    for (const [path, file] of this.overrides) {
      if (file === undefined) files.delete(path);
      else files.set(path, file);
    }
    return Object.fromEntries(files);
  }
}

export function blobPath(digest: Digest): string {
  return `bootferry/blobs/sha256/${digestHex(digest)}`;
}

export function flipBit(bytes: Buffer): Buffer {
  const middle = bytes.length >> 1;
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  return bytes;
}
