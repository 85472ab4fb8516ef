/**
 * Keeps the contents of what may be a quadlet while the layers of an image go by: a tree holds names and digests only, and
 * reading a layer again for one small file would cost as much as the release.
 *
 * Which files are meant is known when all layers are merged, and a link may call them anything. But all of them have a
 * header that next to no other file has, so what is kept is little.
 */
import { contentDigesters } from "../composefs/content-digester.ts";
import type { ContentDigester } from "../tree/layer-merge.ts";
import { type ContentDigest, type FileContent, MAX_INLINE_BYTES } from "../tree/node.ts";

/** 30 times the longest quadlet that we have seen. */
export const MAX_UNIT_BYTES = 1 << 16;
const MAX_KEPT_BYTES = 16 << 20; // 256 bound images of the largest size; more of the header is somebody's mischief
const HEADERS = ["[Image]", "[Container]"];

export interface UnitKeeper {
  /** For a LayerMerge. */
  readonly openContent: (sizeBytes: number) => ContentDigester;
  /** The content of a file of the merged tree; undefined when it can be no quadlet, or there were too many of them. */
  readUnit(content: FileContent): Uint8Array | undefined;
}

export function openUnitKeeper(): UnitKeeper {
  const openDigester = contentDigesters();
  const kept = new Map<ContentDigest, Buffer>();
  const scratch = Buffer.alloc(MAX_UNIT_BYTES);
  let keptBytes = 0;
  const keep = (digest: ContentDigest, bytes: Buffer) => {
    if (kept.has(digest) || keptBytes + bytes.length > MAX_KEPT_BYTES) return;
    if (!HEADERS.some((header) => bytes.includes(header))) return;
    kept.set(digest, Buffer.from(bytes));
    keptBytes += bytes.length;
  };
  return {
    openContent(sizeBytes) {
      const digester = openDigester(sizeBytes);
      if (sizeBytes <= MAX_INLINE_BYTES || sizeBytes > MAX_UNIT_BYTES) return digester;
      let length = 0;
      return {
        write(chunk) {
          digester.write(chunk);
          if (length + chunk.length <= sizeBytes) scratch.set(chunk, length);
          length += chunk.length;
        },
        end() {
          const content = digester.end();
          if (content.kind === "object") keep(content.digest, scratch.subarray(0, sizeBytes));
          return content;
        },
      };
    },
    readUnit: (content) => (content.kind === "inline" ? content.bytes : kept.get(content.digest)),
  };
}
