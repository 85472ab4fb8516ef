import { describe, expect, it } from "vitest";
import { formatHostJson, type HostBootEntry, makeHost, parseHost } from "../../../src/deploy/host-status.ts";
import { HOST_FIXTURES } from "./host-fixtures.ts";

describe("parseHost", () => {
  it.each(Object.entries(HOST_FIXTURES))("reads bootc's status: %s", (_name, fixture) => {
    const host = parseHost(fixture);
    expect(host).toMatchObject(JSON.parse(JSON.stringify(fixture, without("isContainer", "unheardOf"))));
    expect(parseHost(JSON.parse(formatHostJson(host)))).toEqual(host);
  });

  it("gives bootc's nulls to what an older bootc does not say", () => {
    const { status, spec } = parseHost(HOST_FIXTURES.stagedBooted);
    expect(spec.bootOrder).toBe("default");
    expect(status).toMatchObject({ rollbackQueued: false, type: null, usrOverlay: null, readOnly: false });
    expect(status.booted).toMatchObject({ cachedUpdate: null, composefs: null, softRebootCapable: false, store: null });
  });

  it.each([
    ["another kind", { ...HOST_FIXTURES.null, kind: "Deployment" }],
    ["another API", { ...HOST_FIXTURES.null, apiVersion: "org.containers.bootc/v2" }],
    ["a status of another shape", { ...HOST_FIXTURES.null, status: { booted: { image: { image: "x" } } } }],
    ["nothing", undefined],
  ])("refuses %s", (_what, value) => {
    expect(() => parseHost(value)).toThrow(expect.objectContaining({ code: "DEPLOY_HOST_INVALID" }));
  });
});

describe("makeHost and formatHostJson", () => {
  const nothing = {
    staged: null,
    booted: null,
    rollback: null,
    otherDeployments: [],
    rollbackQueued: false,
    readOnly: false,
  };

  it("print what a current bootc prints for a system that is not its own", () => {
    expect(formatHostJson(makeHost(nothing))).toBe(
      '{"apiVersion":"org.containers.bootc/v1","kind":"BootcHost","metadata":{"name":"host"},"spec":{"bootOrder":"default","image":null},' +
        '"status":{"booted":null,"readOnly":false,"rollback":null,"rollbackQueued":false,"staged":null,"type":null,"usrOverlay":null}}',
    );
  });

  it("name in spec what is staged, else what is booted, and the order that is queued", () => {
    const entry = (name: string): HostBootEntry => ({
      ...(parseHost(HOST_FIXTURES.onlyBooted).status.booted as HostBootEntry),
      image: {
        image: { image: name, transport: "oci" },
        version: null,
        timestamp: null,
        imageDigest: "sha256:x",
        architecture: "amd64",
      },
    });
    expect(makeHost({ ...nothing, booted: entry("b") }).spec).toEqual({
      image: { image: "b", transport: "oci" },
      bootOrder: "default",
    });
    expect(makeHost({ ...nothing, booted: entry("b"), staged: entry("s") }).spec.image?.image).toBe("s");
    expect(makeHost({ ...nothing, rollbackQueued: true }).spec.bootOrder).toBe("rollback");
    expect(formatHostJson(makeHost({ ...nothing, booted: entry("b") }))).not.toContain("otherDeployments");
    expect(formatHostJson(makeHost({ ...nothing, otherDeployments: [entry("o")] }))).toContain("otherDeployments");
  });
});

/** A replacer that leaves out keys which the schema does not have. */
function without(...keys: readonly string[]) {
  return (key: string, value: unknown) => (keys.includes(key) ? undefined : value);
}
