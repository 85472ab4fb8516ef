/**
 * A mounted medium: one OCI image layout in the directory `bootferry/` at its top, shared by every release on it.
 *
 *     MEDIUM/bootferry/oci-layout
 *     MEDIUM/bootferry/index.json
 *     MEDIUM/bootferry/blobs/sha256/<64 hex>
 *
 * Nothing below is trusted. The directories must be real ones: a link could make us read, hash and report files of
 * this machine. (On a device the mount is `nosymfollow` besides.)
 */
import { lstat } from "node:fs/promises";
import { z } from "zod";
import { errnoOf } from "../error.ts";
import { OciError } from "../oci/error.ts";
import { type LayoutReader, openLayout } from "../oci/layout.ts";
import { orAbort, stoppable } from "../oci/stoppable-layout.ts";
import { MAX_JSON_DEPTH, parseStrictJson } from "../oci/strict-json.ts";
import { type AbsPath, below } from "../path.ts";
import { BundleError } from "./error.ts";

declare const mountedMedium: unique symbol;

/** The directory at the top of a medium. */
export const MEDIUM_DIRECTORY = "bootferry";
const MAX_LAYOUT_FILE_BYTES = 4096; // it has 30

/** Made by {@link openMedium} and {@link openMediumOver} alone. */
export interface MountedMedium {
  readonly [mountedMedium]: true;
  /** The mount point; undefined for a layout that is no directory. */
  readonly directory: AbsPath | undefined;
  readonly layout: LayoutReader;
}

/**
 * The medium that is mounted at `mountPoint`.
 * @param signal ends every wait for the medium, now and later: one that stalls never answers
 * @throws BundleError BUNDLE_MEDIUM_FOREIGN, BUNDLE_MEDIUM_NOT_PLAIN, BUNDLE_MEDIUM_FAILED; OciError OCI_LAYOUT_MISSING,
 * OCI_LAYOUT_UNSUPPORTED, OCI_NOT_A_REGULAR_FILE, OCI_JSON_…; the reason of the signal
 */
export async function openMedium(mountPoint: AbsPath, signal?: AbortSignal): Promise<MountedMedium> {
  const directory = below(mountPoint, MEDIUM_DIRECTORY);
  // BF-1.3: real directories only
  const isReal = (path: AbsPath) => orAbort(() => isRealDirectory(path), signal);
  if (!(await isReal(directory))) {
    throw new BundleError("BUNDLE_MEDIUM_FOREIGN", await orAbort(() => whyForeign(mountPoint), signal));
  }
  await isReal(below(directory, "blobs"));
  await isReal(below(directory, "blobs", "sha256"));
  const layout = signal === undefined ? openLayout(directory) : stoppable(openLayout(directory), signal);
  await checkLayoutFile(layout);
  return mounted(mountPoint, layout);
}

/** A medium over any reader of a layout: for media that are no directories, and for tests. */
export function openMediumOver(layout: LayoutReader): MountedMedium {
  return mounted(undefined, layout);
}

function mounted(directory: AbsPath | undefined, layout: LayoutReader): MountedMedium {
  const medium: Omit<MountedMedium, typeof mountedMedium> = { directory, layout };
  return medium as MountedMedium;
}

/** What a person may have meant: a path that is not there, or the layout in place of the medium. */
async function whyForeign(mountPoint: AbsPath): Promise<string> {
  const kind = await orUndefined(() => lstat(mountPoint));
  if (kind === undefined) return `${mountPoint} is not there`;
  if (kind.isFile()) return `${mountPoint} is a file and no medium`;
  const isLayout = (await orUndefined(() => lstat(below(mountPoint, "oci-layout")))) !== undefined;
  const what = `${mountPoint} holds no directory "${MEDIUM_DIRECTORY}"`;
  return isLayout ? `${what}: it is an image layout itself` : what;
}

/** For words only: whatever keeps us from looking is as if nothing were there. */
async function orUndefined<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (errnoOf(error) !== undefined) return undefined;
    throw error;
  }
}

/** False when there is nothing; throws when there is something else. */
export async function isRealDirectory(path: AbsPath): Promise<boolean> {
  try {
    const stat = await lstat(path);
    if (stat.isDirectory()) return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return false;
    throw new BundleError("BUNDLE_MEDIUM_FAILED", `cannot look at ${path}: ${errno ?? error}`, { cause: error });
  }
  throw new BundleError("BUNDLE_MEDIUM_NOT_PLAIN", `${path} is not a plain directory`);
}

const layoutFileSchema = z.looseObject({ imageLayoutVersion: z.literal("1.0.0") });

async function checkLayoutFile(layout: LayoutReader): Promise<void> {
  const bytes = await layout.readTopFile("oci-layout", MAX_LAYOUT_FILE_BYTES);
  const limits = { maxBytes: MAX_LAYOUT_FILE_BYTES, maxDepth: MAX_JSON_DEPTH };
  const parsed = layoutFileSchema.safeParse(parseStrictJson(bytes, "oci-layout", limits));
  if (parsed.success) return;
  const message = `${layout.location} is no image layout of version 1.0.0`;
  throw new OciError("OCI_LAYOUT_UNSUPPORTED", message, { cause: parsed.error });
}
