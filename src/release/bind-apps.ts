/** Adds to each target the images that its operating system binds: those that were named as apps, and the others fetched. */
import type { Digest } from "../oci/digest.ts";
import { parseImageName } from "../oci/image-name.ts";
import type { BoundImage } from "./bound-images.ts";
import { ReleaseError } from "./error.ts";
import type { SourceImage } from "./layout-images.ts";
import type { PlannedApp, PlannedTarget } from "./plan-release.ts";

/** Finds a bound image that nobody named a source for. */
export type OpenBoundImage = (bound: BoundImage, architecture: string) => Promise<SourceImage>;

/**
 * @param boundBy by the digest of the system image's manifest
 * @throws ReleaseError RELEASE_APP_DIFFERS, and what `open` throws
 */
export async function bindApps(
  planned: readonly PlannedTarget[],
  boundBy: ReadonlyMap<Digest, readonly BoundImage[]>,
  open: OpenBoundImage,
): Promise<readonly PlannedTarget[]> {
  // All of them first: what is refused is refused before anything is fetched.
  const missing = planned.map(({ image, apps }) => missingApps(boundBy.get(image.descriptor.digest) ?? [], apps));
  const targets: PlannedTarget[] = [];
  for (const [index, target] of planned.entries()) {
    const fetched: PlannedApp[] = [];
    for (const bound of missing[index] ?? []) {
      const image = await open(bound, target.architecture);
      fetched.push({ name: bound.name, image });
    }
    targets.push({ ...target, apps: [...target.apps, ...fetched] });
  }
  return targets;
}

function missingApps(bound: readonly BoundImage[], apps: readonly PlannedApp[]): readonly BoundImage[] {
  const given = new Set(apps.map(({ name }) => name));
  const boundNames = new Set(bound.map(({ name }) => name));
  const missing = bound.filter(({ name }) => !given.has(name));
  const unbound = apps.filter(({ name }) => !boundNames.has(name));
  for (const { name, boundBy } of missing) {
    const similar = unbound.find((app) => repositoryOf(app.name) === repositoryOf(name));
    if (similar === undefined) continue;
    // Carrying both is what nobody meant: the device would start the bound one, and never the named one.
    throw new ReleaseError(
      "RELEASE_APP_DIFFERS",
      `app ${similar.name} was named, but the image binds ${name} (${boundBy})`,
    );
  }
  return missing;
}

function repositoryOf(text: string): string {
  return parseImageName(text)?.repository ?? text;
}
