/** Opens every image that a release names, each once, however many kinds of device it is for. */
import type { ArchitectureChoice } from "./architecture.ts";
import type { OpenBoundImage } from "./bind-apps.ts";
import { ReleaseError } from "./error.ts";
import { type ImageSource, openImageSource } from "./image-source.ts";
import { type AppRequest, appFor, type TargetRequest } from "./plan-release.ts";
import type { ReleasePorts } from "./ports.ts";

export interface SourceRequests {
  readonly targets: readonly { readonly compatible: string; readonly source: string }[];
  readonly apps: readonly { readonly name: string; readonly source: string }[];
  readonly architectures: ArchitectureChoice;
}

export interface OpenSources extends AsyncDisposable {
  readonly targets: readonly TargetRequest[];
  readonly apps: readonly AppRequest[];
  /**
   * Fetches a bound image from its registry.
   * @throws ReleaseError RELEASE_BOUND_IMAGE_MISSING; RELEASE_APP_DIFFERS, RELEASE_ARCHITECTURE_MISSING
   */
  readonly openBound: OpenBoundImage;
}

/** Errors as `openImageSource`; what was fetched is removed when it is disposed, or when this fails. */
export async function openSources(requests: SourceRequests, ports: ReleasePorts): Promise<OpenSources> {
  await using stack = new AsyncDisposableStack();
  let owned = stack;
  const opened = new Map<string, ImageSource>();
  const open = async (label: string, architectures = requests.architectures): Promise<ImageSource> => {
    const key = JSON.stringify([label, architectures]);
    const known = opened.get(key);
    if (known !== undefined) return known;
    ports.note(`reading ${label}`);
    const source = await openImageSource(label, { ...ports, architectures });
    owned.use(source);
    opened.set(key, source);
    return source;
  };
  const targets: TargetRequest[] = [];
  for (const { compatible, source } of requests.targets) {
    targets.push({ compatible, images: (await open(source)).images });
  }
  const apps: AppRequest[] = [];
  for (const { name, source } of requests.apps) apps.push({ name, images: (await open(source)).images });
  owned = stack.move();
  return {
    targets,
    apps,
    async openBound({ name, boundBy }, architecture) {
      const [goArchitecture = architecture] = architecture.split("/");
      const label = `docker://${name}`;
      const source = await open(label, { kind: "named", architectures: [goArchitecture] }).catch((cause: Error) => {
        ports.signal.throwIfAborted();
        const what = `the image binds ${name} (${boundBy}), no --app names a source for it`;
        throw new ReleaseError(
          "RELEASE_BOUND_IMAGE_MISSING",
          `${what}, and it could not be fetched: ${cause.message}`,
          {
            cause,
          },
        );
      });
      return appFor({ name, images: source.images }, architecture).image;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
