/**
 * The images that an operating system image binds, in bootc's way: links in /usr/lib/bootc/bound-images.d to quadlets,
 * whose `Image=` names them (bootc, "Logically bound images"). They are refused where bootc refuses them, for a device
 * that is far away must not be the first to notice. Pure.
 */
import { formatImageName, parseImageName } from "../oci/image-name.ts";
import { type ByteString, displayBytes, stringToBytes } from "../path.ts";
import type { DirectoryNode, FileContent } from "../tree/node.ts";
import { resolveNode } from "../tree/walk.ts";
import { ReleaseError } from "./error.ts";
import { expandPercents, type QuadletSection, readImageKey } from "./quadlet.ts";
import { MAX_UNIT_BYTES } from "./unit-keeper.ts";

const DIRECTORY = "/usr/lib/bootc/bound-images.d";
const MAX_BOUND_IMAGES = 256; // as many apps as a target may have (BF-4.5)

export interface BoundImage {
  /** Full, with a tag or a digest: `docker.io/acme/ui:7`. */
  readonly name: string;
  /** The link that binds it, for messages. */
  readonly boundBy: string;
}

export interface MergedImage {
  readonly root: DirectoryNode;
  readonly readUnit: (content: FileContent) => Uint8Array | undefined;
}

/**
 * Each image once, in the order of the links' names.
 * @param label of the operating system image, for messages
 * @throws ReleaseError RELEASE_BOUND_IMAGE_INVALID
 */
export function findBoundImages({ root, readUnit }: MergedImage, label: string): readonly BoundImage[] {
  const directory = resolveNode(root, DIRECTORY);
  if (directory === undefined) return [];
  if (directory.kind !== "directory") throw invalid(label, DIRECTORY, `is a ${directory.kind}, expected a directory`);
  if (directory.entries.size > MAX_BOUND_IMAGES)
    throw invalid(label, DIRECTORY, `holds ${directory.entries.size} entries, expected at most ${MAX_BOUND_IMAGES}`);
  const bound = new Map<string, BoundImage>();
  for (const [name, { kind }] of directory.entries) {
    const path = `${DIRECTORY}/${displayBytes(name)}`;
    if (kind !== "symlink") throw invalid(label, path, `is a ${kind}, expected a symbolic link to a quadlet`);
    const image = readBoundImage({ root, readUnit }, name, (why) => invalid(label, path, why));
    if (!bound.has(image)) bound.set(image, { name: image, boundBy: path });
  }
  return [...bound.values()];
}

function readBoundImage({ root, readUnit }: MergedImage, name: ByteString, refuse: (why: string) => Error): string {
  const section = sectionOf(name);
  if (section === undefined) throw refuse("ends neither in .image nor in .container");
  const file = resolveNode(root, `${DIRECTORY}/${stringToBytes(name).toString("utf8")}`);
  if (file?.kind !== "file") throw refuse(`leads to ${file === undefined ? "nothing" : `a ${file.kind}`} in the image`);
  const unit = readUnit(file.content);
  if (unit === undefined) throw refuse(`leads to a file without [${section}], or of more than ${MAX_UNIT_BYTES} bytes`);
  const value = readImageKey(Buffer.from(unit).toString("utf8"), section);
  if (value === undefined) throw refuse(`leads to a file without Image= in its section [${section}]`);
  const expanded = expandPercents(value);
  if (expanded === undefined) throw refuse(`names an image by a specifier of systemd: ${value}`);
  const image = parseImageName(expanded);
  if (image === undefined) throw refuse(`names an image by something else than REGISTRY/REPOSITORY:TAG: ${value}`);
  return formatImageName(image);
}

function sectionOf(name: ByteString): QuadletSection | undefined {
  if (name.endsWith(".image")) return "Image";
  return name.endsWith(".container") ? "Container" : undefined;
}

function invalid(label: string, path: string, why: string): ReleaseError {
  return new ReleaseError("RELEASE_BOUND_IMAGE_INVALID", `${label}: ${path} ${why}`);
}
