import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { imageTag, releaseTag, rootTag } from "../../../src/bundle/tag.ts";

const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/; // distribution-spec 1.1

describe("tags", () => {
  it("say what stands behind them", () => {
    const release = { name: "kiosk-os", version: "42.3.1+build.7" };
    const target = { compatible: "acme,kiosk-v2", architecture: "arm/v7" };
    expect(releaseTag(release)).toBe("kiosk-os-42.3.1_build.7.release");
    expect(imageTag(release, target)).toBe("kiosk-os-42.3.1_build.7-acme_kiosk-v2-arm_v7");
    expect(imageTag(release, target, "docker.io/acme/ui:7")).toBe(
      "kiosk-os-42.3.1_build.7-acme_kiosk-v2-arm_v7-docker.io_acme_ui_7",
    );
    expect(rootTag(3)).toBe("root-3");
  });

  it("are ones that registries and layouts take, whatever the release is called", () => {
    const text = (pattern: RegExp) => fc.stringMatching(pattern);
    fc.assert(
      fc.property(
        text(/^[a-z0-9][a-z0-9._-]{0,63}$/),
        text(/^[0-9A-Za-z][0-9A-Za-z.+_~-]{0,63}$/),
        text(/^[0-9A-Za-z][0-9A-Za-z.,:+_-]{0,127}$/),
        (name, version, compatible) => {
          expect(releaseTag({ name, version })).toMatch(TAG);
          expect(imageTag({ name, version }, { compatible, architecture: "amd64" }, compatible)).toMatch(TAG);
        },
      ),
    );
  });
});
