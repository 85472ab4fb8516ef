/** Opens every image that a release names, each once, however many kinds of device it is for. */
import type { ArchitectureChoice } from "./architecture.ts";
import { type ImageSource, openImageSource } from "./image-source.ts";
import type { AppRequest, TargetRequest } from "./plan-release.ts";
import type { ReleasePorts } from "./ports.ts";

export interface SourceRequests {
  readonly targets: readonly { readonly compatible: string; readonly source: string }[];
  readonly apps: readonly { readonly name: string; readonly source: string }[];
  readonly architectures: ArchitectureChoice;
}

export interface OpenSources extends AsyncDisposable {
  readonly targets: readonly TargetRequest[];
  readonly apps: readonly AppRequest[];
}

/** Errors as `openImageSource`; what was fetched is removed when it is disposed, or when this fails. */
export async function openSources(requests: SourceRequests, ports: ReleasePorts): Promise<OpenSources> {
  await using stack = new AsyncDisposableStack();
  const opened = new Map<string, ImageSource>();
  const open = async (label: string): Promise<ImageSource> => {
    const known = opened.get(label);
    if (known !== undefined) return known;
    ports.note(`reading ${label}`);
    const source = stack.use(await openImageSource(label, { ...ports, architectures: requests.architectures }));
    opened.set(label, source);
    return source;
  };
  const targets: TargetRequest[] = [];
  for (const { compatible, source } of requests.targets) {
    targets.push({ compatible, images: (await open(source)).images });
  }
  const apps: AppRequest[] = [];
  for (const { name, source } of requests.apps) apps.push({ name, images: (await open(source)).images });
  const owned = stack.move();
  return { targets, apps, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
