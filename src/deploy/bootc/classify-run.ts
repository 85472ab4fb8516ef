/**
 * What became of a run of bootc that was to stage an image: decided by the status before and after it, never by what it
 * printed, and not by its exit status alone. Pure.
 *
 * Exit status 0 with nothing staged is bootc's ordinary answer to a source that it takes for unchanged; another one with
 * the image staged is its answer when a later step fails, and that image would boot.
 */
import type { Digest } from "../../oci/digest.ts";
import type { Host } from "../host-status.ts";
import { manifestDigestOf } from "./host-facts.ts";

export interface StagingRun {
  /** Null when it had to be ended. */
  readonly exitCode: number | null;
  readonly before: Host;
  readonly after: Host;
  /** The manifest digest that was signed. */
  readonly expected: Digest;
}

export type StagingVerdict =
  /** `isLocked`: it is not booted before it is let go. */
  | { readonly kind: "staged"; readonly isLocked: boolean }
  /** It would boot, and something that belongs to it failed. */
  | { readonly kind: "staged-but-failed" }
  | { readonly kind: "runs-already" }
  /** bootc is content, and nothing is staged. */
  | { readonly kind: "not-staged" }
  /** bootc staged something that was not asked for. */
  | { readonly kind: "staged-another"; readonly digest: Digest | undefined }
  /** Somebody else's update was there before, and still is. */
  | { readonly kind: "another-waits"; readonly digest: Digest | undefined }
  /** It did not take our arguments. */
  | { readonly kind: "misunderstood" }
  | { readonly kind: "failed" };

const USAGE_STATUS = 2; // clap

export function classifyStaging({ exitCode, before, after, expected }: StagingRun): StagingVerdict {
  const { staged, booted } = after.status;
  const digest = manifestDigestOf(staged);
  if (staged !== null && digest === expected) {
    return exitCode === 0 ? { kind: "staged", isLocked: staged.downloadOnly } : { kind: "staged-but-failed" };
  }
  if (staged !== null) {
    const isOld = before.status.staged !== null && digest === manifestDigestOf(before.status.staged);
    return { kind: isOld ? "another-waits" : "staged-another", digest };
  }
  if (exitCode === USAGE_STATUS) return { kind: "misunderstood" };
  if (exitCode !== 0) return { kind: "failed" };
  return { kind: manifestDigestOf(booted) === expected ? "runs-already" : "not-staged" };
}
