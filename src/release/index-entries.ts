/**
 * The entries of index.json by which other tools find the parts of a release. bootferry itself goes by the digests of
 * the statement; what bootc needs of a layout (a plain tag, the platform in the descriptor) is here.
 */
import {
  PACK_ARTIFACT_TYPE,
  RELEASE_ARTIFACT_TYPE,
  ROOT_ARTIFACT_TYPE,
  TREE_ARTIFACT_TYPE,
} from "../bundle/media-type.ts";
import type { Statement, Target } from "../bundle/statement.ts";
import { imageTag, REF_NAME, releaseTag, rootTag } from "../bundle/tag.ts";
import { digestHex } from "../oci/digest.ts";
import type { Descriptor } from "../oci/document.ts";
import { MEDIA_TYPE } from "../oci/media-type.ts";
import type { PinnedContent } from "../oci/verified-blob.ts";

/** @param manifest of the release artifact */
export function releaseEntry(statement: Statement, manifest: PinnedContent): Descriptor {
  return {
    mediaType: MEDIA_TYPE.manifest,
    ...pinOf(manifest),
    artifactType: RELEASE_ARTIFACT_TYPE,
    annotations: { [REF_NAME]: releaseTag(statement) },
  };
}

/** @param manifest of the artifact of a root document */
export function rootEntry(version: number, manifest: PinnedContent): Descriptor {
  return {
    mediaType: MEDIA_TYPE.manifest,
    ...pinOf(manifest),
    artifactType: ROOT_ARTIFACT_TYPE,
    annotations: { [REF_NAME]: rootTag(version) },
  };
}

/** The entry of a target's operating system image. */
export function imageEntry(statement: Statement, target: Target): Descriptor {
  return platformEntry(statement, target, target.image, "");
}

/** The entry of a target's operating system image, and those of its apps. */
export function imageEntries(statement: Statement, target: Target): readonly Descriptor[] {
  const apps = target.apps.map((app) => platformEntry(statement, target, app.image, app.name));
  return [imageEntry(statement, target), ...apps];
}

function platformEntry(statement: Statement, target: Target, image: Target["image"], suffix: string): Descriptor {
  const [architecture = target.architecture, variant] = target.architecture.split("/");
  return {
    mediaType: image.mediaType,
    ...pinOf(image),
    platform: { architecture, os: "linux", ...(variant === undefined ? {} : { variant }) },
    annotations: { [REF_NAME]: imageTag(statement, target, suffix) },
  };
}

/** @param manifest of the artifact that holds the target's composefs image */
export function treeEntry(statement: Statement, target: Target, manifest: PinnedContent): Descriptor {
  return {
    mediaType: MEDIA_TYPE.manifest,
    ...pinOf(manifest),
    artifactType: TREE_ARTIFACT_TYPE,
    annotations: { [REF_NAME]: imageTag(statement, target, "tree") },
  };
}

/** @param manifest of an object pack for the target; each pack has a tag of its own */
export function packEntry(statement: Statement, target: Target, manifest: PinnedContent): Descriptor {
  const suffix = `objects-${digestHex(manifest.digest).slice(0, 12)}`;
  return {
    mediaType: MEDIA_TYPE.manifest,
    ...pinOf(manifest),
    artifactType: PACK_ARTIFACT_TYPE,
    annotations: { [REF_NAME]: imageTag(statement, target, suffix) },
  };
}

function pinOf({ digest, size }: PinnedContent): PinnedContent {
  return { digest, size };
}
