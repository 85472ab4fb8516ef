/**
 * Watches what another program fetches into a layout: for progress, and to stop it when more comes than was announced, since
 * a digest is compared only when the last byte is there.
 */
import { lstat, readdir } from "node:fs/promises";
import { errnoOf } from "../../error.ts";
import { type Digest, digestHex } from "../../oci/digest.ts";
import type { PinnedContent } from "../../oci/verified-blob.ts";
import { type AbsPath, below } from "../../path.ts";
import { ReleaseError } from "../error.ts";
import { FETCH_DIRECTORY } from "./registry.ts";

const LOOK_EVERY_MS = 500;
const SLACK_BYTES = 16 << 20; // the manifest, and what two programs may see differently for an instant

export interface GrowthOptions {
  readonly signal: AbortSignal;
  /** So many bytes more are there. */
  readonly onBytes: (bytes: number) => void;
}

/**
 * @param layout the directory that `fetch` fetches `blobs` into, none of which is there yet
 * @throws ReleaseError RELEASE_REGISTRY_DIFFERS, and what `fetch` throws
 */
export async function watchGrowth(
  layout: AbsPath,
  blobs: readonly PinnedContent[],
  fetch: (signal: AbortSignal) => Promise<void>,
  { signal, onBytes }: GrowthOptions,
): Promise<void> {
  const totalBytes = blobs.reduce((sum, { size }) => sum + size, 0);
  const tooMuch = new AbortController();
  let shownBytes = 0;
  const look = async () => {
    const bytes = await grownBytes(layout, blobs);
    if (bytes > totalBytes + SLACK_BYTES) {
      const message = `the registry sends ${bytes} bytes and more, expected ${totalBytes}`;
      tooMuch.abort(new ReleaseError("RELEASE_REGISTRY_DIFFERS", message));
    }
    const shown = Math.min(bytes, totalBytes);
    if (shown > shownBytes) onBytes(shown - shownBytes);
    shownBytes = Math.max(shown, shownBytes);
  };
  let looking: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(look).catch((error) => tooMuch.abort(error));
  }, LOOK_EVERY_MS);
  try {
    await fetch(AbortSignal.any([signal, tooMuch.signal]));
  } finally {
    clearInterval(timer);
    await looking;
  }
  onBytes(totalBytes - shownBytes);
}

/** Finished blobs, and all that is on its way. */
async function grownBytes(layout: AbsPath, blobs: readonly PinnedContent[]): Promise<number> {
  const finished = blobs.map(({ digest }: { readonly digest: Digest }) =>
    below(layout, "blobs", "sha256", digestHex(digest)),
  );
  const unfinished = below(layout, FETCH_DIRECTORY);
  const names = await orNothing(() => readdir(unfinished), []);
  let bytes = 0;
  for (const file of [...finished, ...names.map((name) => below(unfinished, name))]) {
    bytes += await orNothing(async () => (await lstat(file)).size, 0);
  }
  return bytes;
}

/** Files come and go while they are counted. */
async function orNothing<T>(ask: () => Promise<T>, nothing: T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return nothing;
    throw error;
  }
}
