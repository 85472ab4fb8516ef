import { describe, expect, it } from "vitest";
import { parseRegistryReference } from "../../../../src/release/registry/reference.ts";

describe("a place in a registry", () => {
  it.each([
    ["docker://registry.example/os", "registry.example/os", "latest"],
    ["docker://registry.example:5000/site/kiosk-os:stable", "registry.example:5000/site/kiosk-os", "stable"],
    ["docker://localhost/os:1", "localhost/os", "1"],
    ["docker://site:5000/os", "site:5000/os", "latest"],
    ["docker://[::1]:5000/os:v1", "[::1]:5000/os", "v1"],
    ["docker://127.0.0.1:5000/a/b/c:kiosk-os-42.3.1.release", "127.0.0.1:5000/a/b/c", "kiosk-os-42.3.1"],
  ])("%s is tag and repository", (text, repository, tag) => {
    expect(parseRegistryReference(text)).toEqual({ repository, tag });
  });

  it.each([
    ["registry.example/os:1", "no transport"],
    ["oci:image", "another transport"],
    ["docker://kiosk-os:1", "no host"],
    ["docker://site/kiosk-os:1", "a host that skopeo would take for a name on docker.io"],
    ["docker://registry.example/Os", "upper case"],
    ["docker://registry.example/os:", "an empty tag"],
    ["docker://registry.example/os:a/b", "no tag"],
    [`docker://registry.example/os@sha256:${"0".repeat(64)}`, "a digest"],
    ["docker://registry.example/os:1 --help", "more than a name"],
    ["docker://ann:secret@registry.example/os", "a password"],
  ])("%s is refused: %s", (text) => {
    expect(() => parseRegistryReference(text)).toThrow(
      expect.objectContaining({ code: "RELEASE_REGISTRY_REFERENCE_INVALID" }),
    );
  });
});
