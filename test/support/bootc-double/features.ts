/** What bootc can do by its version, as far as an updater sees it. */
import { compareVersions } from "../../../src/boot/version-order.ts";

/** Of each feature the first release that has it. */
const FIRST_RELEASE = {
  progressFd: "1.1.4", // somewhere in the 1.1.x series
  softReboot: "1.7.0",
  rebootRequiredFile: "1.9.0",
  upgradeDownloadOnly: "1.12.0",
  usrOverlayStatus: "1.14.0",
  diskPreflight: "1.14.0",
  upgradeTag: "1.15.0",
  /** A layer is also known by its diff_id, whatever it was compressed with. */
  diffIdReuse: "1.15.0",
  missingVerityStatus: "1.15.2",
  needsPodman: "1.16.0",
  /** Before it skopeo runs as nobody when systemd has started bootc. */
  privilegedSkopeo: "1.16.4",
  earlyEtcConflict: "1.16.5",
  readOnlyStatus: "1.16.7",
  switchDownloadOnly: "1.16.10", // the release after 1.16.9, whatever it is called
} as const;

export type Feature = keyof typeof FIRST_RELEASE;

export function hasFeature(version: string, feature: Feature): boolean {
  return compareVersions(version, FIRST_RELEASE[feature]) >= 0;
}
