import type { ImageDigest } from "../composefs/image-digest.ts";
import type { Target } from "../bundle/statement.ts";
import type { VerifiedRelease } from "../bundle/verify-release.ts";
import type { Digest } from "../oci/digest.ts";
import type { LayoutReader } from "../oci/layout.ts";
import type { AbsPath } from "../path.ts";
import type { DirectoryNode } from "../tree/node.ts";
import type { ObjectStore } from "./object-store.ts";
import type { IngestPlan } from "./plan-ingest.ts";

declare const storedImage: unique symbol;

/** An image whose objects and metadata are all on stable storage and were all digested. Made only by {@link ingestRelease}. */
export interface StoredImage {
  readonly [storedImage]: true;
  /** The composefs digest: what the kernel command line pins. */
  readonly imageDigest: ImageDigest;
  readonly imageFile: AbsPath;
  /** The tree that the image describes. */
  readonly root: DirectoryNode;
  /** Digest of the OCI image manifest: what bootc's Host calls the image's digest. */
  readonly manifestDigest: Digest;
  /** Digest of the signed statement. */
  readonly payloadDigest: Digest;
  readonly release: { readonly name: string; readonly version: string; readonly sequence: number };
  readonly compatible: string;
  readonly architecture: string;
  /** Bytes written into the store by this run: new objects and the image. */
  readonly writtenBytes: number;
}

export interface IngestProgress {
  readonly phase: "checking" | "reading";
  /** `checking`: bytes of reused objects; `reading`: compressed bytes of the medium. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

export interface IngestOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: IngestProgress) => void;
  /** Told what will be written before the first layer is opened: the place for preflight; what it throws ends the run. */
  readonly onPlan?: (plan: IngestPlan, root: DirectoryNode) => void | Promise<void>;
}

export declare function ingestRelease(
  store: ObjectStore,
  medium: LayoutReader,
  release: VerifiedRelease,
  target: Target,
  options?: IngestOptions,
): Promise<StoredImage>;
