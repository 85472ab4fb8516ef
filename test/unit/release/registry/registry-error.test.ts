/** Words of skopeo, most of them of 1.9.3 with Debian's docker-registry; test/images/registry.test.ts has the real ones. */
import { describe, expect, it } from "vitest";
import { HostError } from "../../../../src/host/error.ts";
import { registryError } from "../../../../src/release/registry/registry-error.ts";

const failed = (said: string) =>
  new HostError(
    "HOST_TOOL_FAILED",
    `skopeo inspect --raw docker://h/r:t: exit status 1: time="2026-01-01T00:00:00Z" level=fatal msg=${JSON.stringify(said)}`,
  );

describe("what skopeo says", () => {
  it.each([
    [
      `pinging container registry h: Get "https://h/v2/": dial tcp 10.0.0.1:443: connect: connection refused`,
      "UNREACHABLE",
    ],
    [`pinging container registry h: Get "https://h/v2/": dial tcp: lookup h: no such host`, "UNREACHABLE"],
    [`pinging container registry h: Get "https://h/v2/": x509: certificate signed by unknown authority`, "TLS"],
    [`pinging container registry h: Get "https://h/v2/": http: server gave HTTP response to HTTPS client`, "TLS"],
    [`pinging container registry h: Get "https://h/v2/": remote error: tls: bad certificate`, "TLS"],
    [`reading manifest t in h/r: unauthorized: authentication required`, "UNAUTHORIZED"],
    [`reading manifest t in h/r: denied: requested access to the resource is denied`, "UNAUTHORIZED"],
    [`unable to retrieve auth token: invalid username/password: unauthorized`, "UNAUTHORIZED"],
    [`reading manifest t in h/r: manifest unknown: manifest unknown`, "UNKNOWN"],
    [`reading manifest t in h/r: name unknown: repository name not known to registry`, "UNKNOWN"],
    [`unknown flag: --preserve-digests`, "FAILED"],
    [`open /root/auth.json: permission denied`, "FAILED"],
  ])("%s is RELEASE_REGISTRY_%s", (said, code) => {
    const error = registryError(failed(`Error parsing image name "docker://h/r:t": ${said}`), "reading docker://h/r:t");
    expect(error).toMatchObject({ code: `RELEASE_REGISTRY_${code}` });
    expect(String(error)).toContain(said);
    expect(String(error)).not.toContain("level=fatal");
  });

  it("keeps everything when it is not in the usual form", () => {
    const error = registryError(new HostError("HOST_TOOL_FAILED", "skopeo copy: exit status 2: panic"), "pushing");
    expect(error).toMatchObject({ code: "RELEASE_REGISTRY_FAILED", message: expect.stringContaining("panic") });
  });

  it("names a full disk as one", () => {
    const full = failed("writing blob: write /x/oci-put-blob1: no space left on device");
    expect(registryError(full, "pulling")).toMatchObject({ code: "HOST_NO_SPACE" });
  });

  it("takes a time limit for a registry that does not answer", () => {
    const late = new HostError("HOST_TOOL_TIMEOUT", "skopeo did not end within 1 ms");
    expect(registryError(late, "reading")).toMatchObject({ code: "RELEASE_REGISTRY_UNREACHABLE" });
  });
});
