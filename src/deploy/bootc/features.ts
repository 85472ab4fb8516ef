/**
 * What this host's bootc can do: asked of its help texts, and of its version only where help is silent. Pure.
 *
 * Flags come and go between minor versions and are carried back by distributions, so that a flag in the help counts more
 * than a number. What is hidden from help or is no flag has the version in which it appeared.
 */

export interface BootcFeatures {
  /** As `bootc --version` says it; undefined when it says something else. */
  readonly version: BootcVersion | undefined;
  /** `switch --transport`: without it no layout can be named. */
  readonly hasTransports: boolean;
  /** `upgrade --download-only` and `--from-downloaded` (1.12.0): what is staged stays locked until it is let go. */
  readonly hasDownloadOnlyUpgrade: boolean;
  /** The same of `switch` (after 1.16.9). */
  readonly hasDownloadOnlySwitch: boolean;
  /** `--progress-fd`: hidden, and there since 1.6 at the latest. */
  readonly hasProgressFd: boolean;
  /** Layers that the ostree store has already may be missing from a layout (1.15.0 compares what they unpack to). */
  readonly takesSparseLayouts: boolean;
  /** Before 1.16.4 the layout was read by the user `nobody` when systemd had started us. */
  readonly readsAsNobody: boolean;
}

export type BootcVersion = readonly [major: number, minor: number, patch: number];

export interface BootcTexts {
  /** Of `bootc --version`: `bootc 1.16.9`. */
  readonly version: string;
  /** Of `bootc switch --help`. */
  readonly switchHelp: string;
  /** Of `bootc upgrade --help`. */
  readonly upgradeHelp: string;
}

/** Of a version that cannot be read nothing is assumed: what depends on it is left out, and every caution is taken. */
export function parseFeatures({ version: versionText, switchHelp, upgradeHelp }: BootcTexts): BootcFeatures {
  const version = parseVersion(versionText);
  const since = (...wanted: BootcVersion) => version !== undefined && compareVersions(version, wanted) >= 0;
  return {
    version,
    hasTransports: hasFlag(switchHelp, "--transport"),
    hasDownloadOnlyUpgrade: hasTwoPhases(upgradeHelp),
    hasDownloadOnlySwitch: hasTwoPhases(switchHelp),
    hasProgressFd: since(1, 6, 0),
    takesSparseLayouts: since(1, 15, 0),
    readsAsNobody: !since(1, 16, 4),
  };
}

/** One without the other could lock what it cannot let go. */
function hasTwoPhases(help: string): boolean {
  return hasFlag(help, "--download-only") && hasFlag(help, "--from-downloaded");
}

/** A line of the list of options, such as `      --transport <TRANSPORT>`; prose that mentions a flag is no promise. */
function hasFlag(help: string, flag: string): boolean {
  return help.split("\n").some((line) => {
    const names = /^\s*(?:-[A-Za-z],\s+)?(?<long>--[a-z][a-z-]*)/.exec(line);
    return names?.groups?.["long"] === flag;
  });
}

function parseVersion(text: string): BootcVersion | undefined {
  const match = /^bootc (?<major>\d{1,6})\.(?<minor>\d{1,6})(?:\.(?<patch>\d{1,6}))?\b/.exec(text.trim());
  if (match === null) return undefined;
  const { major, minor, patch } = match.groups ?? {};
  return [Number(major), Number(minor), Number(patch ?? 0)];
}

function compareVersions(a: BootcVersion, b: BootcVersion): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
