/** A layout on a stick that is pulled out at a certain read: that read and all after it end in EIO, as the kernel has it. */
import { OciError } from "../../src/oci/error.ts";
import type { LayoutReader } from "../../src/oci/layout.ts";

export interface PulledLayout extends LayoutReader {
  /** Reads so far, each chunk of a blob and each look at a size counted. */
  readonly reads: number;
}

/** @param onPull called once, at the read with the number `at` */
export function pulledLayout(honest: LayoutReader, at: number, onPull: () => void): PulledLayout {
  let reads = 0;
  const read = (what: string) => {
    reads += 1;
    if (reads === at) onPull();
    if (reads < at) return;
    const cause = Object.assign(new Error("EIO: i/o error, read"), { errno: -5, code: "EIO" });
    throw new OciError("OCI_BLOB_UNREADABLE", `reading ${what} failed: EIO`, { cause });
  };
  async function* counted(chunks: AsyncIterable<Buffer>, what: string): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      read(what);
      yield chunk;
    }
  }
  return {
    get reads() {
      return reads;
    },
    location: honest.location,
    async readTopFile(name, maxBytes) {
      read(name);
      return honest.readTopFile(name, maxBytes);
    },
    async openBlob(digest, options) {
      read(digest);
      const blob = await honest.openBlob(digest, options);
      return { ...blob, chunks: counted(blob.chunks, digest) };
    },
    async blobSizeBytes(digest) {
      read(digest);
      return honest.blobSizeBytes(digest);
    },
  };
}
