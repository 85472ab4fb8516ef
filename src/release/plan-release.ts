/** What a release will hold, decided before anything is written: which image goes to which kind of device. Pure. */
import type { ImageConfig } from "../oci/document.ts";
import { formatImageName, parseImageName } from "../oci/image-name.ts";
import { ReleaseError } from "./error.ts";
import type { SourceImage } from "./layout-images.ts";

export interface TargetRequest {
  readonly compatible: string;
  readonly images: readonly SourceImage[];
}

export interface AppRequest {
  /** Reference under which the device's container storage names it. */
  readonly name: string;
  readonly images: readonly SourceImage[];
}

export interface PlannedApp {
  /** Full, with a tag or a digest. */
  readonly name: string;
  readonly image: SourceImage;
}

export interface PlannedTarget {
  readonly compatible: string;
  readonly architecture: string;
  readonly image: SourceImage;
  readonly apps: readonly PlannedApp[];
}

const VERSION_KEY = "org.opencontainers.image.version";
const BOOTABLE_LABELS = ["containers.bootc", "ostree.bootable"] as const; // bootc refuses images without one of them

/**
 * One target for each kind of device and architecture, sorted, each with the apps of its architecture.
 * @throws ReleaseError RELEASE_TARGET_DUPLICATE; for an app RELEASE_APP_NAME_INVALID, RELEASE_APP_DIFFERS,
 *   RELEASE_ARCHITECTURE_MISSING
 */
export function planTargets(requests: readonly TargetRequest[], apps: readonly AppRequest[]): readonly PlannedTarget[] {
  const planned = new Map<string, PlannedTarget>();
  for (const { compatible, images } of requests) {
    for (const image of images) {
      const architecture = architectureOf(image.config);
      const key = `${compatible} ${architecture}`;
      if (planned.has(key)) {
        throw new ReleaseError("RELEASE_TARGET_DUPLICATE", `two images for ${compatible} on ${architecture}`);
      }
      planned.set(key, { compatible, architecture, image, apps: apps.map((app) => appFor(app, architecture)) });
    }
  }
  return [...planned].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, target]) => target);
}

/** Errors as those of {@link planTargets} for an app. */
export function appFor({ name: text, images }: AppRequest, architecture: string): PlannedApp {
  const parsed = parseImageName(text);
  if (parsed === undefined) throw new ReleaseError("RELEASE_APP_NAME_INVALID", `not a full image name: ${text}`);
  const name = formatImageName(parsed);
  const image = images.find(({ config }) => architectureOf(config) === architecture);
  const { version } = parsed;
  if (image !== undefined) {
    const { digest } = image.descriptor;
    if (version.kind === "tag" || version.digest === digest) return { name, image };
    // BF-4.9: container storages hold a name with a digest to it, so that no device could load this image
    throw new ReleaseError(
      "RELEASE_APP_DIFFERS",
      `app ${name}: the manifest for ${architecture} has the digest ${digest}`,
    );
  }
  const available = images.map(({ config }) => architectureOf(config)).join(", ");
  const message = `app ${name} is not there for ${architecture}, only for ${available}`;
  throw new ReleaseError("RELEASE_ARCHITECTURE_MISSING", message);
}

/** As the statement writes it: GOARCH, with a variant only where it tells devices apart (arm64 has but "v8"). */
export function architectureOf({ architecture, variant }: ImageConfig): string {
  const isDefault = variant === undefined || variant === "" || (architecture === "arm64" && variant === "v8");
  return isDefault ? architecture : `${architecture}/${variant}`;
}

/**
 * The version that all images are labelled with.
 * @throws ReleaseError RELEASE_VERSION_MISSING when there is none, or there are several
 */
export function labelledVersion(images: readonly SourceImage[]): string {
  const versions = new Set(images.map(versionOf));
  const [version, ...others] = versions;
  if (version !== undefined && others.length === 0) return version;
  const found = [...versions].map((text) => text ?? "none").join(", ");
  throw new ReleaseError("RELEASE_VERSION_MISSING", `no version was given, and the images are labelled: ${found}`);
}

function versionOf({ config, manifest }: SourceImage): string | undefined {
  return config.config?.Labels?.[VERSION_KEY] ?? manifest.annotations?.[VERSION_KEY];
}

/** What a bootc host would stumble over; empty for an image that has it all. */
export function bootcWarnings(image: SourceImage, version: string): readonly string[] {
  const what = `image ${image.descriptor.digest}`;
  const labels = image.config.config?.Labels ?? {};
  const isBootable = BOOTABLE_LABELS.some((label) => Object.hasOwn(labels, label));
  const labelled = versionOf(image);
  return [
    ...(isBootable ? [] : [`${what} has no label containers.bootc: bootc hosts refuse it`]),
    ...(labelled === undefined
      ? [`${what} has no label ${VERSION_KEY}: \`bootc status\` will show no version`]
      : labelled === version
        ? []
        : [`${what} is labelled version ${labelled}, the release says ${version}`]),
  ];
}
