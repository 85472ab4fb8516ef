/** Reads the headers of an image, and refuses what is not a composefs image of format V1 (BF-8.4). */
import {
  BLOCK_BYTES,
  COMPOSEFS_VERSION,
  FEATURE_COMPAT,
  HEADER_MAGIC,
  HEADER_VERSION,
  INODES_AT,
  LOG_BLOCK_BYTES,
  SLOT_BYTES,
  SUPERBLOCK_AT,
  SUPERBLOCK_MAGIC,
} from "./erofs-format.ts";
import { ComposefsError } from "./error.ts";
import { corrupt, type ImageView } from "./image-view.ts";

export interface Superblock {
  readonly rootAt: number;
  /** The mtime of compact inodes. */
  readonly minMtimeSeconds: number;
  readonly sharedXattrsAt: number;
}

/** @throws ComposefsError COMPOSEFS_IMAGE_UNSUPPORTED, COMPOSEFS_IMAGE_CORRUPT */
export function readSuperblock(view: ImageView): Superblock {
  const { bytes } = view;
  view.take(0, INODES_AT, "header and superblock");
  const fields = [
    ["magic number", bytes.readUInt32LE(0), HEADER_MAGIC],
    ["header version", bytes.readUInt32LE(4), HEADER_VERSION],
    ["composefs version", bytes.readUInt32LE(12), COMPOSEFS_VERSION],
    ["EROFS magic number", bytes.readUInt32LE(SUPERBLOCK_AT), SUPERBLOCK_MAGIC],
    ["EROFS compatible features", bytes.readUInt32LE(SUPERBLOCK_AT + 8), FEATURE_COMPAT],
    ["EROFS block size", bytes.readUInt8(SUPERBLOCK_AT + 12), LOG_BLOCK_BYTES],
    ["EROFS incompatible features", bytes.readUInt32LE(SUPERBLOCK_AT + 80), 0],
  ] as const;
  for (const [what, got, expected] of fields)
    if (got !== expected)
      throw new ComposefsError(
        "COMPOSEFS_IMAGE_UNSUPPORTED",
        `not a composefs image of format V1: ${what} 0x${got.toString(16)}, expected 0x${expected.toString(16)}`,
      );
  const blocks = bytes.readUInt32LE(SUPERBLOCK_AT + 36);
  if (blocks * BLOCK_BYTES !== bytes.length)
    throw corrupt(`image of ${bytes.length} bytes says that it has ${blocks} blocks of ${BLOCK_BYTES} bytes`);
  return {
    rootAt: bytes.readUInt16LE(SUPERBLOCK_AT + 14) * SLOT_BYTES,
    minMtimeSeconds: view.i64(SUPERBLOCK_AT + 24),
    sharedXattrsAt: bytes.readUInt32LE(SUPERBLOCK_AT + 44) * BLOCK_BYTES,
  };
}
