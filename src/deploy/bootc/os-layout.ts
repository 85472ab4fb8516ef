/**
 * The image layout that bootc reads: one place and one tag for good, so that the host switches to it once and upgrades
 * from then on.
 *
 *     <state directory>/os/oci-layout
 *     <state directory>/os/index.json            names one image, tagged `current`; replaced last
 *     <state directory>/os/blobs/sha256/<hex>    each digested while it was copied
 *     <state directory>/os/blobs/sha256/*.tmp    on its way in; swept
 *
 * bootc checks neither signatures nor, on some paths, digests of what it reads here, and reads it again at every
 * `upgrade`. So only root writes here, what is named was verified, and index.json is never replaced under an image that
 * is staged from it.
 */
import { chmodSync, readFileSync } from "node:fs";
import { REF_NAME } from "../../bundle/tag.ts";
import type { DevicePaths } from "../../config/device-paths.ts";
import { errnoOf } from "../../error.ts";
import { syncDirectory, writeDurably } from "../../host/durable-write.ts";
import { hostError } from "../../host/error.ts";
import type { Digest } from "../../oci/digest.ts";
import { type Descriptor, type ImageIndex, parseIndex } from "../../oci/document.ts";
import { OciError } from "../../oci/error.ts";
import { MEDIA_TYPE } from "../../oci/media-type.ts";
import { type AbsPath, below } from "../../path.ts";
import { DeployError } from "../error.ts";
import type { ImageReference } from "../host-status.ts";
import { blobsDirectory } from "../local-layout.ts";

/** As a statement pins an image. */
type ImagePin = Pick<Descriptor, "mediaType" | "digest" | "size">;

const TAG = "current";
const OCI_LAYOUT = '{"imageLayoutVersion":"1.0.0"}';

export function layoutDirectory({ stateDirectory }: Pick<DevicePaths, "stateDirectory">): AbsPath {
  return below(stateDirectory, "os");
}

/**
 * How bootc is told the layout. Its parsers split at the first `:`, at the last one, or at an `@`, and agree only where
 * there is one of the first and none of the second.
 * @throws DeployError DEPLOY_LAYOUT_UNFIT
 */
export function layoutReference(paths: Pick<DevicePaths, "stateDirectory">): ImageReference {
  const directory = layoutDirectory(paths);
  if (/[:@]/.test(directory)) throw new DeployError("DEPLOY_LAYOUT_UNFIT", `${directory} cannot be named to bootc`);
  return { image: `${directory}:${TAG}`, transport: "oci" };
}

/** What index.json names; undefined when there is none that can be read. @throws HostError */
export function readLayoutIndex(layout: AbsPath): ImageIndex | undefined {
  const bytes = readIndexBytes(layout);
  try {
    return bytes && parseIndex(bytes, below(layout, "index.json"));
  } catch (error) {
    if (error instanceof OciError) return undefined;
    throw error;
  }
}

function readIndexBytes(layout: AbsPath): Buffer | undefined {
  const file = below(layout, "index.json");
  try {
    return readFileSync(file);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw hostError(error, `reading ${file}`);
  }
}

/** The image that is tagged. @throws HostError */
export function readTaggedImage(layout: AbsPath): Digest | undefined {
  return readLayoutIndex(layout)?.manifests.find(({ annotations }) => annotations?.[REF_NAME] === TAG)?.digest;
}

/**
 * Makes the layout name one image, durably; its blobs must be durable already. The same image again writes nothing.
 * @param architecture GOARCH, with its variant after a slash: readers choose by it, and some insist on finding it
 * @throws HostError
 */
export function writeLayoutIndex(layout: AbsPath, image: ImagePin, architecture: string): void {
  const [goArchitecture = architecture, variant] = architecture.split("/");
  const platform = { architecture: goArchitecture, os: "linux", ...(variant === undefined ? {} : { variant }) };
  const { mediaType, digest, size } = image;
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.index,
    manifests: [{ mediaType, digest, size, platform, annotations: { [REF_NAME]: TAG } }],
  });
  if (readIndexBytes(layout)?.toString() === text) return;
  try {
    syncDirectory(blobsDirectory(layout)); // the names of the blobs before the name that leads to them
  } catch (error) {
    throw hostError(error, `syncing ${layout}`);
  }
  writeForEverybody(below(layout, "oci-layout"), OCI_LAYOUT);
  writeForEverybody(below(layout, "index.json"), text);
}

/** bootc before 1.16.4 reads as nobody, and the umask of who started us is not ours. */
function writeForEverybody(path: AbsPath, text: string): void {
  writeDurably(path, text, 0o644);
  try {
    chmodSync(path, 0o644);
  } catch (error) {
    throw hostError(error, `letting everybody read ${path}`);
  }
}
