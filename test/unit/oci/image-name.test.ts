import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatImageName, parseImageName } from "../../../src/oci/image-name.ts";

const DIGEST = `sha256:${"ab".repeat(32)}`;
const canonical = (text: string) => {
  const name = parseImageName(text);
  return name && formatImageName(name);
};

describe("parseImageName", () => {
  it.each([
    ["docker.io/acme/ui:7", "docker.io/acme/ui:7"],
    ["docker.io/acme/ui", "docker.io/acme/ui:latest"],
    ["localhost/ui:dev", "localhost/ui:dev"],
    ["localhost:5000/a/b/c:V_1.0-x", "localhost:5000/a/b/c:V_1.0-x"],
    ["reg.example:8443/acme/ui__x--y.z:7", "reg.example:8443/acme/ui__x--y.z:7"],
    [`quay.io/acme/ui@${DIGEST}`, `quay.io/acme/ui@${DIGEST}`],
    [`quay.io/acme/ui:7@${DIGEST}`, `quay.io/acme/ui@${DIGEST}`],
  ])("takes %s for %s", (text, name) => {
    expect(canonical(text)).toBe(name);
  });

  it.each([
    "",
    "ui",
    "ui:7",
    "acme/ui:7",
    "docker.io/",
    "docker.io//ui:7",
    "docker.io/Acme/ui:7",
    "docker.io/../ui:7",
    "docker.io/acme/ui:",
    "docker.io/acme/ui:7:8",
    "docker.io/acme:7/ui",
    "docker.io/acme/ui:-x",
    "docker.io/acme/ui@sha256:abc",
    `docker.io/acme/ui@${DIGEST}@${DIGEST}`,
    `docker.io/acme/ui@${DIGEST.toUpperCase()}`,
    "docker.io/acme/ui:7 ",
    "docker.io/acme/ui:7\n",
    "[storage]docker.io/acme/ui:7",
    `docker.io/${"a/".repeat(130)}b`,
  ])("takes %j for no name", (text) => {
    expect(parseImageName(text)).toBeUndefined();
  });

  it("reads back what formatImageName writes", () => {
    const component = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    const version = fc.oneof(
      fc.record({ kind: fc.constant("tag" as const), tag: fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/) }),
      fc.constant(parseImageName(`docker.io/x@${DIGEST}`)?.version),
    );
    fc.assert(
      fc.property(fc.array(component, { minLength: 1, maxLength: 4 }), version, (path, drawn) => {
        if (drawn === undefined) throw new Error("a digest is a version");
        const name = { repository: ["reg.example", ...path].join("/"), version: drawn };
        expect(parseImageName(formatImageName(name))).toEqual(name);
      }),
    );
  });
});
