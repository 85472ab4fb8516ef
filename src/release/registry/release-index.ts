/**
 * What a registry is given besides the manifests of a release: an index that holds all of them together, and what bootc hosts
 * follow. Pure; the same release gives the same bytes.
 *
 *     stable.release               index: the release, roots, images, apps, trees, so that no garbage collection takes them apart
 *     kiosk-os-42.3.1.release      the same index; it stays when `stable` goes on
 *     stable-acme-kiosk-v2         the image of a kind of device, or an index of it by architecture
 *     stable                       the same, when there is one kind
 */
import type { Statement, Target } from "../../bundle/statement.ts";
import { kindTag, releaseTag, wholeTag } from "../../bundle/tag.ts";
import { type Digest, digestOf } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/document.ts";
import { MEDIA_TYPE } from "../../oci/media-type.ts";
import { imageEntry } from "../index-entries.ts";

/** The index of all that belongs to a release. Like index.json of a medium it is a hint. */
export function formatReleaseIndex({ name, version, sequence }: Statement, entries: readonly Descriptor[]): Buffer {
  // Without artifact types: skopeo drops them when it reads an index, and then refuses to write another one than it was given
  const manifests = entries.map(({ artifactType: _, ...entry }) => entry);
  const annotations = {
    "org.bootferry.release.name": name,
    "org.bootferry.release.sequence": String(sequence),
    "org.opencontainers.image.version": version,
  };
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests, annotations }));
}

/** The tags of that index, the lasting one first. */
export function wholeTags(statement: Statement, tag: string): readonly string[] {
  return [...new Set([wholeTag(releaseTag(statement).replace(/\.release$/, "")), wholeTag(tag)])];
}

/** A tag that bootc hosts follow. */
export interface FollowedTag {
  readonly tag: string;
  readonly compatible: string;
  readonly architectures: readonly string[];
  /** Of the manifest or index that it names. */
  readonly digest: Digest;
  /** The index, when there are several architectures; it names manifests of the release. */
  readonly index: Buffer | undefined;
}

export interface FollowedTags {
  readonly followed: readonly FollowedTag[];
  /** Why somebody might look for a tag in vain; sentences for people. */
  readonly warnings: readonly string[];
}

export function planFollowedTags(statement: Statement, tag: string): FollowedTags {
  const open = statement.targets.filter(({ devices }) => devices === null);
  const warnings: string[] = [];
  if (open.length < statement.targets.length) {
    warnings.push("images for single devices get no tag: a registry gives every host the same");
  }
  const kinds = Map.groupBy(open, ({ compatible }) => compatible);
  const byKind = [...kinds].flatMap(([compatible, targets]) => {
    const [first, ...others] = targets.map((target) => imageOf(statement, target));
    if (first === undefined) return [];
    const index = others.length === 0 ? undefined : formatImageIndex([first, ...others]);
    const architectures = targets.map(({ architecture }) => architecture);
    const digest = index === undefined ? first.digest : digestOf(index);
    return [{ tag: kindTag(tag, compatible), compatible, architectures, digest, index }];
  });
  const [first, ...others] = byKind;
  if (first !== undefined && others.length === 0) return { followed: [first, { ...first, tag }], warnings };
  if (others.length > 0) {
    warnings.push(`the tag ${tag} stays as it is, since the release is for ${kinds.size} kinds of device`);
  }
  const twice = byKind.filter((one) => byKind.some((other) => other !== one && other.tag === one.tag));
  for (const { compatible } of twice)
    warnings.push(`${compatible} gets no tag: in a tag it is the same as another kind`);
  return { followed: byKind.filter((one) => !twice.includes(one)), warnings };
}

function formatImageIndex(manifests: readonly Descriptor[]): Buffer {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests }));
}

/** Without the tag that it has on media: that would only confuse people who look at the index. */
function imageOf(statement: Statement, target: Target): Descriptor {
  const { mediaType, digest, size, platform } = imageEntry(statement, target);
  return { mediaType, digest, size, platform };
}
