import { describe, expect, it } from "vitest";
import { parseAbsPath } from "../../../src/path.ts";
import { parseSourceReference } from "../../../src/release/source-reference.ts";

const BASE = parseAbsPath("/home/ann");

describe("parseSourceReference", () => {
  it.each([
    ["oci:image", { kind: "layout", directory: "/home/ann/image", tag: undefined }],
    ["oci:image:latest", { kind: "layout", directory: "/home/ann/image", tag: "latest" }],
    ["oci:/srv/a b=c/image:1.2_3-x", { kind: "layout", directory: "/srv/a b=c/image", tag: "1.2_3-x" }],
    ["oci-archive:../os.tar", { kind: "archive", file: "/home/os.tar", tag: undefined }],
    ["oci-archive:/srv/os.tar:v1", { kind: "archive", file: "/srv/os.tar", tag: "v1" }],
    ["docker://reg.example/os@sha256:00", { kind: "skopeo", reference: "docker://reg.example/os@sha256:00" }],
    ["containers-storage:localhost/os:1", { kind: "skopeo", reference: "containers-storage:localhost/os:1" }],
    ["docker-daemon:os:1", { kind: "skopeo", reference: "docker-daemon:os:1" }],
    ["docker-archive:os.tar", { kind: "skopeo", reference: "docker-archive:os.tar" }],
  ])("reads %s", (text, expected) => {
    expect(parseSourceReference(text, BASE)).toEqual(expected);
  });

  it.each([
    "",
    "image",
    "oci:",
    "oci::tag",
    "oci:image:",
    "oci:image:a/b",
    "oci:image:-x",
    "docker://",
    "docker:image",
    "http://x",
  ])("refuses %j", (text) => {
    expect(() => parseSourceReference(text, BASE)).toThrow(expect.objectContaining({ code: "RELEASE_SOURCE_INVALID" }));
  });
});
