/** Reading file contents of a stored tree: what is handed out was digested on the way. */
import { VerityHasher } from "../composefs/verity.ts";
import { errnoOf } from "../error.ts";
import { writeAll } from "../host/durable-write.ts";
import type { ContentDigest, FileContent } from "../tree/node.ts";
import { isMediaFailure, readFileChunks } from "./check-object.ts";
import { StoreError, storeError } from "./error.ts";
import type { ObjectStore } from "./object-store.ts";

/** What is read into memory is configuration, scripts and kargs; kernels are copied by {@link copyContent}. */
export const MAX_CONTENT_BYTES = 64 << 20;

/**
 * The bytes of a file of a stored tree.
 * @throws StoreError STORE_OBJECT_MISSING, STORE_OBJECT_CORRUPT, STORE_OBJECT_TOO_LARGE; HostError
 */
export function readFileContent(store: ObjectStore, content: FileContent): Buffer {
  if (content.kind === "inline") return Buffer.from(content.bytes);
  if (content.sizeBytes > MAX_CONTENT_BYTES) {
    throw new StoreError(
      "STORE_OBJECT_TOO_LARGE",
      `object ${content.digest} has ${content.sizeBytes} bytes, at most ${MAX_CONTENT_BYTES} are read into memory`,
    );
  }
  const chunks: Buffer[] = [];
  readObject(store, content, (chunk) => chunks.push(Buffer.from(chunk)));
  return Buffer.concat(chunks);
}

/**
 * Copies a file of a stored tree to `fd`, at its position. When it throws, what was written so far is worth nothing: write
 * to a temporary file and give it its name afterwards.
 * @throws StoreError STORE_OBJECT_MISSING, STORE_OBJECT_CORRUPT, STORE_NO_SPACE; HostError
 */
export function copyContent(store: ObjectStore, content: FileContent, fd: number): void {
  const write = (chunk: Uint8Array) => {
    try {
      writeAll(fd, chunk);
    } catch (error) {
      throw storeError(error, "copying file content");
    }
  };
  if (content.kind === "inline") write(content.bytes);
  else readObject(store, content, write);
}

type ObjectContent = Extract<FileContent, { kind: "object" }>;

function readObject(store: ObjectStore, { digest, sizeBytes }: ObjectContent, use: (chunk: Buffer) => void): void {
  const path = store.objectFile(digest);
  const hasher = new VerityHasher();
  let length = 0;
  try {
    for (const chunk of readFileChunks(path)) {
      length += chunk.length;
      if (length > sizeBytes) break;
      hasher.update(chunk);
      use(chunk);
    }
  } catch (error) {
    if (isMediaFailure(error)) throw corrupt(digest, "cannot be read from the disk", error);
    if (errnoOf(error) === "ENOENT") {
      throw new StoreError("STORE_OBJECT_MISSING", `object ${digest} is not in the store`, { cause: error });
    }
    throw storeError(error, `reading ${path}`);
  }
  if (length !== sizeBytes) throw corrupt(digest, `expected ${sizeBytes} bytes, got ${length}`);
  const actual = hasher.digest();
  if (actual !== digest) throw corrupt(digest, `its content has the digest ${actual}`);
}

function corrupt(digest: ContentDigest, why: string, cause?: unknown): StoreError {
  return new StoreError("STORE_OBJECT_CORRUPT", `object ${digest}: ${why}`, { cause });
}
