/** Whether a file on disk has the content that a tree names: by size, then by fs-verity digest. */
import { VerityHasher, verityOf } from "../../composefs/verity.ts";
import { hostError } from "../../host/error.ts";
import type { AbsPath } from "../../path.ts";
import { isMediaFailure, readFileChunks } from "../../store/check-object.ts";
import { fileSizeBytes } from "../../store/object-store.ts";
import type { ContentDigest, FileContent } from "../../tree/node.ts";

export function contentSizeBytes(content: FileContent): number {
  return content.kind === "inline" ? content.bytes.length : content.sizeBytes;
}

export function contentDigestOf(content: FileContent): ContentDigest {
  return content.kind === "inline" ? verityOf(content.bytes) : content.digest;
}

/** False when it is not there, differs, or cannot be read from the disk any more. @throws HostError */
export function isContentOnDisk(path: AbsPath, content: FileContent): boolean {
  if (fileSizeBytes(path) !== contentSizeBytes(content)) return false;
  try {
    const hasher = new VerityHasher();
    for (const chunk of readFileChunks(path)) hasher.update(chunk);
    return hasher.digest() === contentDigestOf(content);
  } catch (error) {
    if (isMediaFailure(error)) return false;
    throw hostError(error, `reading ${path}`);
  }
}
