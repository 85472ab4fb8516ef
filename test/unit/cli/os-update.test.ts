import { describe, expect, it } from "vitest";
import { activateAndWarn } from "../../../src/cli/os-update.ts";
import { simulatedDevicePaths } from "../../../src/config/device-paths.ts";
import { formatDeploymentId } from "../../../src/deploy/deployment-id.ts";
import type { ActivationReport, StagedDeployment } from "../../../src/deploy/port.ts";
import { parseAbsPath } from "../../../src/path.ts";
import { openFakeDevice } from "../../support/fake-backend.ts";

const { backend } = openFakeDevice(simulatedDevicePaths(parseAbsPath("/nowhere")));

describe("making a deployment the next boot", () => {
  it.each<[string, Partial<ActivationReport>, readonly string[]]>([
    ["without a word when /etc came along whole", {}, []],
    [
      "with a warning for what this device kept",
      { conflicts: [{ path: "/etc/motd", kind: "both-changed" }] },
      ["/etc/motd: both-changed; the version of this device was kept"],
    ],
    [
      "with one warning for all that could not be carried over",
      { notApplied: ["/etc/a", "/etc/b"].map((path) => ({ path, what: "xattrs" as const })) },
      ["not carried over as in the image: /etc/a (xattrs), /etc/b (xattrs)"],
    ],
  ])("%s", async (_what, found, expected) => {
    const id = formatDeploymentId("a".repeat(64), 1);
    const activate = async () => ({ id, conflicts: [], notApplied: [], ...found });
    const warnings: string[] = [];
    const output = { warn: (message: string) => void warnings.push(message) };
    await activateAndWarn({ backend: { ...backend, activate } }, { id } as StagedDeployment, output);
    expect(warnings).toEqual(expected);
  });
});
