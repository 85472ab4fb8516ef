import { describe, expect, it } from "vitest";
import type { Statement, Target } from "../../../../src/bundle/statement.ts";
import { digestOf } from "../../../../src/oci/digest.ts";
import { parseIndex } from "../../../../src/oci/document.ts";
import { MEDIA_TYPE } from "../../../../src/oci/media-type.ts";
import { formatReleaseIndex, planFollowedTags, wholeTags } from "../../../../src/release/registry/release-index.ts";

const target = (compatible: string, architecture: string, devices: string[] | null = null): Target => ({
  compatible,
  architecture,
  devices,
  image: { mediaType: MEDIA_TYPE.manifest, digest: digestOf(`${compatible} ${architecture}`), size: 10 },
  apps: [],
  tree: null,
});
const statement = (...targets: Target[]): Statement => ({
  specVersion: "1",
  name: "kiosk-os",
  version: "42.3.1",
  sequence: 42,
  createdAt: "2026-01-01T00:00:00Z",
  expiresAt: null,
  notes: "",
  targets,
  requires: {},
});
const tagsOf = (...targets: Target[]) => {
  const { followed, warnings } = planFollowedTags(statement(...targets), "stable");
  return { tags: followed.map(({ tag }) => tag), warnings: warnings.length };
};

describe("tags that hosts follow", () => {
  it("names the image itself for one kind and one architecture", () => {
    const { followed, warnings } = planFollowedTags(statement(target("kiosk", "amd64")), "stable");
    const digest = digestOf("kiosk amd64");
    expect(followed).toMatchObject([
      { tag: "stable-kiosk", digest, index: undefined },
      { tag: "stable", digest, index: undefined },
    ]);
    expect(warnings).toEqual([]);
  });

  it("names an index by platform for several architectures", () => {
    const { followed } = planFollowedTags(statement(target("kiosk", "amd64"), target("kiosk", "arm/v7")), "stable");
    const [{ index = Buffer.alloc(0), digest } = {}] = followed;
    expect(digest).toBe(digestOf(index));
    expect(parseIndex(index).manifests).toEqual([
      {
        mediaType: MEDIA_TYPE.manifest,
        digest: digestOf("kiosk amd64"),
        size: 10,
        platform: { architecture: "amd64", os: "linux" },
      },
      {
        mediaType: MEDIA_TYPE.manifest,
        digest: digestOf("kiosk arm/v7"),
        size: 10,
        platform: { architecture: "arm", os: "linux", variant: "v7" },
      },
    ]);
  });

  it.each([
    [
      "two kinds leave the plain tag alone",
      [target("v2", "amd64"), target("v3", "amd64")],
      ["stable-v2", "stable-v3"],
      1,
    ],
    ["single devices get none", [target("kiosk", "amd64", ["d1"])], [], 1],
    [
      "single devices stand aside",
      [target("kiosk", "amd64"), target("kiosk", "arm64", ["d1"])],
      ["stable-kiosk", "stable"],
      1,
    ],
    ["kinds that are one as a tag get none", [target("a,b", "amd64"), target("a_b", "amd64")], [], 3],
  ])("%s", (_what, targets, tags, warnings) => {
    expect(tagsOf(...targets)).toEqual({ tags, warnings });
  });
});

describe("the index of a release", () => {
  it("has no artifact types, which skopeo would drop", () => {
    const entry = {
      mediaType: MEDIA_TYPE.manifest,
      digest: digestOf("x"),
      size: 1,
      artifactType: "application/vnd.bootferry.release.v1",
    };
    const bytes = formatReleaseIndex(statement(target("kiosk", "amd64")), [entry]);
    expect(parseIndex(bytes).manifests).toEqual([{ mediaType: entry.mediaType, digest: entry.digest, size: 1 }]);
  });

  it("stands under a tag of its own and beside the one that moves", () => {
    expect(wholeTags(statement(target("kiosk", "amd64")), "stable")).toEqual([
      "kiosk-os-42.3.1.release",
      "stable.release",
    ]);
    const long = { ...statement(target("kiosk", "amd64")), version: "9".repeat(64), name: "n".repeat(64) };
    for (const tag of wholeTags(long, "t".repeat(128))) expect(tag).toMatch(/^.{120}\.release$/);
  });
});
