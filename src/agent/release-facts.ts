/** The facts of releases and deployments that the agent's records keep. */
import { z } from "zod";
import { DIGEST_PATTERN, type Digest } from "../oci/digest.ts";

const digest = z.string().regex(DIGEST_PATTERN, "not a sha256 digest") as unknown as z.ZodType<Digest>;

/** What is known of a release once it runs, however it was installed. */
export const releaseFactsSchema = z.object({
  name: z.string(),
  version: z.string(),
  sequence: z.int().nonnegative(),
  /** Of the signed statement: what identifies the release. */
  payloadDigest: digest,
  /** The signed time of making; null where the statement is no longer at hand. */
  createdAtUtc: z.string().nullable(),
});

/** A release that was chosen from a medium, with what its statement signs of the image: the second lock compares it. */
export const chosenReleaseSchema = z.object({
  ...releaseFactsSchema.shape,
  /** Of the OCI image manifest for this device. */
  imageManifestDigest: digest,
  /** Composefs digest, `v1-sha256-12:<hex>`; null where the backend does not deploy from the tree. */
  imageDigest: z.string().nullable(),
  /** Of the release's own manifest on the medium. */
  releaseManifestDigest: digest,
});

/** `imageDigest` is null as that of a chosen release is. */
export const triedDeploymentSchema = z.object({ id: z.string(), imageDigest: z.string().nullable() });

/** Why something was refused or failed: a coded error as data. */
export const reasonSchema = z.object({
  code: z.string(),
  message: z.string(),
  remedy: z.string(),
});

export type ReleaseFacts = Readonly<z.infer<typeof releaseFactsSchema>>;
export type ChosenRelease = Readonly<z.infer<typeof chosenReleaseSchema>>;
export type TriedDeployment = Readonly<z.infer<typeof triedDeploymentSchema>>;
export type Reason = Readonly<z.infer<typeof reasonSchema>>;

/** `kiosk-os 42.3.1 (sequence 42)` */
export function describeRelease(release: Pick<ReleaseFacts, "name" | "version" | "sequence">): string {
  return `${release.name} ${release.version} (sequence ${release.sequence})`;
}

export function isChosen(release: ReleaseFacts | ChosenRelease | null): release is ChosenRelease {
  return release !== null && "imageManifestDigest" in release;
}
