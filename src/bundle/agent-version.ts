/** Order of bootferry's own versions (semver.org 2.0.0, sections 10 and 11, as far as we make versions): `1.2.3`, `1.2.3-rc.1`. */

/** Negative when `a` is the older one. A pre-release is older than its release; pre-releases are not told apart. */
export function compareAgentVersions(a: string, b: string): number {
  const left = partsOf(a);
  const right = partsOf(b);
  for (const [index, part] of left.entries()) {
    const difference = part - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function partsOf(version: string): readonly number[] {
  const [release = "", ...preRelease] = version.replace(/\+.*$/s, "").split("-");
  const [major = 0, minor = 0, patch = 0] = release
    .split(".")
    .map((part) => (/^\d{1,6}$/.test(part) ? Number(part) : 0));
  return [major, minor, patch, preRelease.length === 0 ? 1 : 0];
}
