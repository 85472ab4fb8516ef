import { describe, expect, it } from "vitest";
import { parseFeatures } from "../../../../src/deploy/bootc/features.ts";

const SWITCH_HELP = `Target a new container image reference to boot

Usage: bootc switch [OPTIONS] <TARGET>

Options:
      --quiet
          Don't display progress

      --apply
          Restart or reboot into the new target image

      --transport <TRANSPORT>
          The transport; e.g. registry, oci, oci-archive, docker-daemon, containers-storage.  Defaults to \`registry\`

          [default: registry]

  -h, --help
          Print help
`;
const DOWNLOAD_ONLY = `
      --download-only
          Download and stage the update without applying it

      --from-downloaded
          Apply a staged deployment that was previously downloaded with --download-only
`;
const UPGRADE_HELP = "Usage: bootc upgrade [OPTIONS]\n\nOptions:\n      --check\n";

describe("what a bootc can do", () => {
  const featuresOf = (version: string, changes: { switchHelp?: string; upgradeHelp?: string } = {}) =>
    parseFeatures({ version, switchHelp: SWITCH_HELP, upgradeHelp: UPGRADE_HELP, ...changes });

  it.each([
    ["bootc 1.1.0", [1, 1, 0], { hasProgressFd: false, takesSparseLayouts: false, readsAsNobody: true }],
    ["bootc 1.6.0\n", [1, 6, 0], { hasProgressFd: true, takesSparseLayouts: false, readsAsNobody: true }],
    ["bootc 1.14.9", [1, 14, 9], { hasProgressFd: true, takesSparseLayouts: false, readsAsNobody: true }],
    ["bootc 1.15.0", [1, 15, 0], { hasProgressFd: true, takesSparseLayouts: true, readsAsNobody: true }],
    ["bootc 1.16.3", [1, 16, 3], { readsAsNobody: true }],
    ["bootc 1.16.9 (abc)", [1, 16, 9], { hasProgressFd: true, takesSparseLayouts: true, readsAsNobody: false }],
    ["bootc 2.0", [2, 0, 0], { hasProgressFd: true, takesSparseLayouts: true, readsAsNobody: false }],
  ])("tells by the version what help does not say: %j", (text, version, features) => {
    expect(featuresOf(text)).toMatchObject({ version, ...features });
  });

  it.each(["", "bootc", "bootc v1.16.9", "error: bootc 1.16.9", "bootc 1.16.9.1x\nbootc 9.9.9x"])(
    "assumes nothing of a version that it cannot read: %j",
    (text) => {
      const { version, ...features } = featuresOf(text);
      if (version === undefined)
        expect(features).toMatchObject({ hasProgressFd: false, takesSparseLayouts: false, readsAsNobody: true });
      else expect(version).toEqual([1, 16, 9]);
    },
  );

  it("believes the help text for what stands in it, whatever the version", () => {
    expect(featuresOf("bootc 1.1.0")).toMatchObject({ hasTransports: true, hasDownloadOnlySwitch: false });
    const carriedBack = featuresOf("bootc 1.6.0", {
      upgradeHelp: UPGRADE_HELP + DOWNLOAD_ONLY,
      switchHelp: SWITCH_HELP + DOWNLOAD_ONLY,
    });
    expect(carriedBack).toMatchObject({ hasDownloadOnlyUpgrade: true, hasDownloadOnlySwitch: true });
    expect(featuresOf("bootc 1.16.9")).toMatchObject({ hasDownloadOnlyUpgrade: false });
  });

  it("takes a flag in prose for no flag, and one without its other half for none", () => {
    const prose = `${UPGRADE_HELP}          Some day --download-only and --from-downloaded may be there\n`;
    expect(featuresOf("bootc 1.6.0", { upgradeHelp: prose }).hasDownloadOnlyUpgrade).toBe(false);
    const half = `${UPGRADE_HELP}      --download-only\n`;
    expect(featuresOf("bootc 1.6.0", { upgradeHelp: half }).hasDownloadOnlyUpgrade).toBe(false);
    expect(featuresOf("bootc 1.6.0", { switchHelp: "error: unrecognized subcommand" }).hasTransports).toBe(false);
  });
});
