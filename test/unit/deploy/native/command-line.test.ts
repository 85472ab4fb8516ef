import { describe, expect, it } from "vitest";
import { parseImageDigest } from "../../../../src/composefs/image-digest.ts";
import { parseDeploymentId } from "../../../../src/deploy/deployment-id.ts";
import { formatCommandLine, parseCommandLine } from "../../../../src/deploy/native/command-line.ts";

const id = parseDeploymentId("0123456789ab.7");
const imageDigest = parseImageDigest(`v1-sha256-12:${"0123456789ab".padEnd(64, "0")}`);

describe("the kernel command line", () => {
  it("names digest and deployment first, then what makes a crash a reboot, then kargs that may override it", () => {
    const kargs = { image: ["quiet"], local: ["panic=0"] };
    expect(formatCommandLine({ id, imageDigest, verity: "on", kargs })).toEqual([
      `composefs.digest=${imageDigest}`,
      "bootferry.deployment=0123456789ab.7",
      "bootferry.verity=on",
      "panic=10",
      "systemd.crash_reboot=yes",
      "quiet",
      "panic=0",
    ]);
  });

  it("reads back what it wrote, whatever the loader put before it", () => {
    const line = formatCommandLine({ id, imageDigest, verity: "required", kargs: { image: [], local: [] } });
    expect(parseCommandLine(["BOOT_IMAGE=/x", "initrd=y", ...line])).toEqual({ id, imageDigest, verity: "required" });
  });

  it.each([
    ["a system that is not ours", ["root=/dev/sda1", "quiet"]],
    ["composefs of another system", ["composefs=abc", "composefs.digest=v1-sha512-12:ff"]],
    ["what is no deployment id", ["bootferry.deployment=../../etc"]],
    ["a level that there is not", ["bootferry.verity=sometimes"]],
  ])("finds nothing in %s", (_what, words) => {
    expect(parseCommandLine(words)).toEqual({ id: undefined, imageDigest: undefined, verity: undefined });
  });
});
