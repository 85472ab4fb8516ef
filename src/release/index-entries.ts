/**
 * The entries of index.json by which other tools find the parts of a release. bootferry itself goes by the digests of
 * the statement; what bootc needs of a layout (a plain tag, the platform in the descriptor) is here.
 */
import { RELEASE_ARTIFACT_TYPE, TREE_ARTIFACT_TYPE } from "../bundle/media-type.ts";
import type { Statement, Target } from "../bundle/statement.ts";
import { imageTag, REF_NAME, releaseTag } from "../bundle/tag.ts";
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

/** The entry of a target's operating system image, and those of its apps. */
export function imageEntries(statement: Statement, target: Target): readonly Descriptor[] {
  const [architecture = target.architecture, variant] = target.architecture.split("/");
  const platform = { architecture, os: "linux", ...(variant === undefined ? {} : { variant }) };
  const entry = (image: Target["image"], suffix: string): Descriptor => ({
    mediaType: image.mediaType,
    ...pinOf(image),
    platform,
    annotations: { [REF_NAME]: imageTag(statement, target, suffix) },
  });
  return [entry(target.image, ""), ...target.apps.map((app) => entry(app.image, app.name))];
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

function pinOf({ digest, size }: PinnedContent): PinnedContent {
  return { digest, size };
}
