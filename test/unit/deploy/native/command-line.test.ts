import { describe, expect, it } from "vitest";
import { parseImageDigest } from "../../../../src/composefs/image-digest.ts";
import { parseDeploymentId } from "../../../../src/deploy/deployment-id.ts";
import { formatCommandLine, parseCommandLine } from "../../../../src/deploy/native/command-line.ts";

const id = parseDeploymentId("0123456789ab.7");
const imageDigest = parseImageDigest(`v1-sha256-12:${"0123456789ab".padEnd(64, "0")}`);

describe("the kernel command line", () => {
  it("names digest and deployment first, then what makes a crash a reboot, then kargs that may override it", () => {
    expect(formatCommandLine(id, imageDigest, { image: ["quiet"], local: ["panic=0"] })).toEqual([
      `composefs.digest=${imageDigest}`,
      "bootferry.deployment=0123456789ab.7",
      "panic=10",
      "systemd.crash_reboot=yes",
      "quiet",
      "panic=0",
    ]);
  });

  it("reads back what it wrote, whatever the loader put before it", () => {
    const words = ["BOOT_IMAGE=/x", "initrd=y", ...formatCommandLine(id, imageDigest, { image: [], local: [] })];
    expect(parseCommandLine(words)).toEqual({ id, imageDigest });
  });

  it.each([
    ["a system that is not ours", ["root=/dev/sda1", "quiet"]],
    ["composefs of another system", ["composefs=abc", "composefs.digest=v1-sha512-12:ff"]],
    ["what is no deployment id", ["bootferry.deployment=../../etc"]],
  ])("finds nothing in %s", (_what, words) => {
    expect(parseCommandLine(words)).toEqual({ id: undefined, imageDigest: undefined });
  });
});
