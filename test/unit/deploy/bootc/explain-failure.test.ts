import { describe, expect, it } from "vitest";
import { explainFailure } from "../../../../src/deploy/bootc/explain-failure.ts";

describe("the remedy for what bootc said", () => {
  it.each([
    ["error: Upgrading: Insufficient free space for /x (available: 1 B required: 2 B)", "DEPLOY_NO_SPACE"],
    ["error: Image has architecture arm64; expected amd64", "DEPLOY_IMAGE_NOT_BOOTC"],
    ["error: Target image does not have ostree.bootable label", "DEPLOY_IMAGE_NOT_BOOTC"],
    ["error: Truncated history", "DEPLOY_IMAGE_NOT_BOOTC"],
    ["error: Merge conflicts found in etc: /etc/x", "DEPLOY_BOOTC_ETC_CONFLICT"],
    ["error: Creating imgstore: Initializing images: No such file or directory", "DEPLOY_BOOTC_NO_PODMAN"],
    [
      "error: Upgrading: Creating importer: failed to invoke method OpenImage: lstat /run/x: no such file or directory",
      "DEPLOY_BOOTC_SOURCE_UNREADABLE",
    ],
    ["error: open /var/lib/bootferry/os/index.json: permission denied", "DEPLOY_BOOTC_SOURCE_UNREADABLE"],
    ["error: something that nobody has seen before", "DEPLOY_BOOTC_FAILED"],
    ["", "DEPLOY_BOOTC_FAILED"],
  ])("%j", (stderr, code) => {
    const error = explainFailure("bootc upgrade", 1, stderr);
    expect(error.code).toBe(code);
    expect(error.message).toContain(stderr === "" ? "it said nothing" : stderr);
  });
});
