/**
 * Unpacking an oci-archive (a tar of an OCI layout, plain or gzip or zstd) into a scratch layout.
 *
 * Only the names that a layout has are taken: `oci-layout`, `index.json`, `blobs/sha256/<64 hex>`; links and everything
 * else are passed over, so nothing is ever written elsewhere. Blobs are verified when they are read from the scratch.
 */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { hostError } from "../host/error.ts";
import { decompress } from "../oci/decompress.ts";
import { OciError } from "../oci/error.ts";
import type { Compression } from "../oci/media-type.ts";
import { type AbsPath, below } from "../path.ts";
import { ReleaseError } from "./error.ts";
import type { ProgressMeter, ReleasePorts } from "./ports.ts";

const LAYOUT_FILE = /^(?:\.\/)?(oci-layout|index\.json|blobs\/sha256\/[0-9a-f]{64})$/;

/**
 * @param into an empty directory
 * @throws ReleaseError RELEASE_ARCHIVE_INVALID, HostError
 */
export async function extractOciArchive(
  file: AbsPath,
  into: AbsPath,
  { signal, openProgress }: Pick<ReleasePorts, "signal" | "openProgress">,
): Promise<void> {
  const compression = await readCompression(file);
  await mkdir(below(into, "blobs", "sha256"), { recursive: true });
  const archive = extract();
  using meter = openProgress(`unpacking ${file}`, (await stat(file)).size);
  const source = counted(createReadStream(file, { signal }), meter);
  const feeding = pipeline(Readable.from(decompress(source, compression, Number.MAX_SAFE_INTEGER)), archive);
  feeding.catch(() => undefined); // comes out of the loop below too
  try {
    for await (const entry of archive) {
      const name = LAYOUT_FILE.exec(entry.header.name)?.[1];
      if (name === undefined || entry.header.type !== "file") entry.resume();
      else await pipeline(entry, createWriteStream(below(into, name)));
    }
    await feeding;
  } catch (error) {
    signal.throwIfAborted();
    const cause = hostError(error, `unpacking ${file} into ${into}`);
    if (cause instanceof OciError || !("code" in cause)) {
      throw new ReleaseError("RELEASE_ARCHIVE_INVALID", `${file} is not a readable archive: ${cause.message}`, {
        cause,
      });
    }
    throw cause;
  }
}

async function* counted(chunks: AsyncIterable<Buffer>, meter: ProgressMeter): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    meter.advance(chunk.length);
    yield chunk;
  }
}

const MAGICS: readonly (readonly [Compression, Buffer])[] = [
  ["gzip", Buffer.from([0x1f, 0x8b])],
  ["zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
];

async function readCompression(file: AbsPath): Promise<Compression> {
  try {
    await using handle = await open(file);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    const head = buffer.subarray(0, bytesRead);
    return MAGICS.find(([, magic]) => head.subarray(0, magic.length).equals(magic))?.[0] ?? "none";
  } catch (error) {
    throw hostError(error, `opening ${file}`);
  }
}
