/**
 * The inside of a support archive: a tar of plain files with flat names, compressed by zstd (`tar --zstd -tf`).
 *
 * Whoever has the public key can make one, so what is read is a stranger's: bounded before it is unpacked and while it is,
 * and anything but a regular file with a plain name refuses the whole.
 */
import { buffer } from "node:stream/consumers";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { extract, pack } from "tar-stream";
import { SupportError } from "./error.ts";
import { ARCHIVE_LIMITS, isSupportFileName, type SupportFile } from "./support-file.ts";

const TAR_OVERHEAD_BYTES = 1 << 20; // headers, padding and pax records of the most files that there may be

/** Files as one archive; the same files and time make the same bytes. */
export async function packArchive(files: readonly SupportFile[], atUtc: Date): Promise<Buffer> {
  const tar = pack();
  for (const { name, bytes } of files) tar.entry({ name, mode: 0o600, mtime: atUtc, uid: 0, gid: 0 }, bytes);
  tar.finalize();
  return zstdCompressSync(await buffer(tar));
}

/** @throws SupportError SUPPORT_ARCHIVE_INVALID */
export async function unpackArchive(archive: Buffer): Promise<readonly SupportFile[]> {
  const tar = inflate(archive);
  const files: SupportFile[] = [];
  const reader = extract();
  reader.end(tar);
  try {
    for await (const entry of reader) {
      const { name, type } = entry.header;
      if (type !== "file") throw invalid(`${JSON.stringify(name)} is no regular file but a ${type}`);
      if (!isSupportFileName(name)) throw invalid(`${JSON.stringify(name)} is no plain file name`);
      if (files.some((file) => file.name.toLowerCase() === name.toLowerCase())) throw invalid(`${name} is there twice`);
      if (files.length === ARCHIVE_LIMITS.files) throw invalid(`it has more than ${ARCHIVE_LIMITS.files} files`);
      files.push({ name, bytes: await buffer(entry) });
    }
  } catch (error) {
    if (error instanceof SupportError) throw error;
    throw invalid("the tar in it is damaged", error);
  }
  return files;
}

function inflate(archive: Buffer): Buffer {
  try {
    return zstdDecompressSync(archive, { maxOutputLength: ARCHIVE_LIMITS.totalBytes + TAR_OVERHEAD_BYTES });
  } catch (error) {
    throw invalid("what was encrypted is no zstd stream, or a larger one than any device writes", error);
  }
}

function invalid(why: string, cause?: unknown): SupportError {
  return new SupportError("SUPPORT_ARCHIVE_INVALID", `not a support archive: ${why}`, { cause });
}
