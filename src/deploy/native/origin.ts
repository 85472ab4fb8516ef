/**
 * `origin.json` of a deployment: what it was made of. Written once, never changed.
 *
 * Two systems of one device read it, each with its own version of this program: keys that the older one does not know
 * are passed over, and what the newer one added has a default.
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { type ImageDigest, parseImageDigest } from "../../composefs/image-digest.ts";
import { errnoOf } from "../../error.ts";
import { hostError } from "../../host/error.ts";
import { DIGEST_PATTERN, type Digest } from "../../oci/digest.ts";
import { parseStrictJson } from "../../oci/strict-json.ts";
import type { AbsPath } from "../../path.ts";
import { type DeploymentId, isDeploymentId } from "../deployment-id.ts";
import { DeployError } from "../error.ts";

const LIMITS = { maxBytes: 1 << 20, maxDepth: 8 }; // ours has 1 KiB and three levels

const digest = z.string().regex(DIGEST_PATTERN) as unknown as z.ZodType<Digest, string>;
const imageDigest = z.string().transform((text): ImageDigest => parseImageDigest(text));
const deploymentId = z.string().refine(isDeploymentId) as unknown as z.ZodType<DeploymentId, string>;

const originFields = z.object({
  version: z.literal(1),
  id: deploymentId,
  /** The composefs digest of the tree. */
  imageDigest,
  /** The digest of the OCI image manifest. */
  manifestDigest: digest,
  /** The digest of the signed statement; null when the image was trusted locally. */
  payloadDigest: digest.nullable(),
  release: z.strictObject({ name: z.string(), version: z.string(), sequence: z.int().min(1) }).nullable(),
  architecture: z.string(),
  /** How bootc's status names the image. */
  image: z.strictObject({ image: z.string(), transport: z.string() }),
  /** The container images that belong to it: names in the device's storage, and digests of manifests. */
  apps: z.array(z.object({ name: z.string(), digest })).default([]),
  kargs: z.strictObject({ image: z.array(z.string()), local: z.array(z.string()) }),
  kernel: z.strictObject({ version: z.string(), bootChecksum: z.string().regex(/^[0-9a-f]{64}$/) }),
  /** What its boot entries ask of fs-verity; `off` when not all of its objects were sealed. */
  verity: z.enum(["off", "on", "required"]).optional(),
  /** In its place in origins of version 0.1. */
  isSealed: z.boolean().optional(),
  createdAt: z.iso.datetime(),
});

const originSchema = originFields.transform(({ isSealed, verity, ...rest }) => ({
  ...rest,
  verity: verity ?? (isSealed === true ? ("on" as const) : ("off" as const)),
}));

export type Origin = Readonly<z.infer<typeof originSchema>>;

/** @throws DeployError DEPLOY_ORIGIN_INVALID; HostError */
export function readOrigin(path: AbsPath): Origin {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") throw new DeployError("DEPLOY_ORIGIN_INVALID", `${path} is not there`);
    throw hostError(error, `reading ${path}`);
  }
  try {
    return originSchema.parse(parseStrictJson(bytes, path, LIMITS));
  } catch (error) {
    throw new DeployError("DEPLOY_ORIGIN_INVALID", `${path} is malformed`, { cause: error });
  }
}

export function formatOrigin(origin: Origin): string {
  return `${JSON.stringify(origin, null, 2)}\n`;
}
