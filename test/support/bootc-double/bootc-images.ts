/** Small images that bootc takes: labels, history and a version in both places. */
import { type FixtureEntry, type FixtureImage, miniatureRoot } from "../oci-fixtures.ts";

const BOUND_DIRECTORY = "usr/lib/bootc/bound-images.d/";
const QUADLET_DIRECTORY = "usr/share/containers/systemd/";

export interface BootcImageOptions {
  /** Names of logically bound images, each in a quadlet of its own. */
  readonly boundImages?: readonly string[];
  /** More files, in a layer of their own. */
  readonly extra?: readonly FixtureEntry[];
}

/** Images of different versions share their first layer. */
export function bootcImage(version: string, { boundImages = [], extra = [] }: BootcImageOptions = {}): FixtureImage {
  const entries = [...boundEntries(boundImages), ...extra];
  return {
    layers: [
      {
        entries: [
          { name: "usr/", type: "directory" },
          { name: "usr/share/", type: "directory" },
        ],
      },
      { entries: miniatureRoot({ version }) },
      ...(entries.length === 0 ? [] : [{ entries }]),
    ],
    labels: { "containers.bootc": "1", "org.opencontainers.image.version": version },
    annotations: { "org.opencontainers.image.version": version },
    created: "2026-01-01T00:00:00Z",
    hasHistory: true,
  };
}

function boundEntries(images: readonly string[]): readonly FixtureEntry[] {
  if (images.length === 0) return [];
  const files = images.flatMap((image, index): readonly FixtureEntry[] => {
    const name = `app-${index}.container`;
    return [
      { name: `${QUADLET_DIRECTORY}${name}`, content: `[Container]\nImage=${image}\n` },
      { name: `${BOUND_DIRECTORY}${name}`, type: "symlink", linkname: `/${QUADLET_DIRECTORY}${name}` },
    ];
  });
  return [{ name: BOUND_DIRECTORY, type: "directory" }, { name: QUADLET_DIRECTORY, type: "directory" }, ...files];
}
