/** The place that a rehearsed release would go to: what is there, and how much room, found out without writing. */
import { accessSync, constants } from "node:fs";
import { BundleError } from "../bundle/error.ts";
import { type MountedMedium, openMedium } from "../bundle/medium.ts";
import type { RoomFacts } from "../bundle/room.ts";
import { mediumWriteError } from "../bundle/write-error.ts";
import { CodedError } from "../error.ts";
import { readDiskSpace } from "../host/disk-space.ts";
import type { PinnedContent } from "../oci/verified-blob.ts";
import type { AbsPath } from "../path.ts";
import { type FoundRelease, readReleases } from "./existing-releases.ts";

export interface RehearsalPlace {
  /** For people. */
  readonly name: string;
  readonly releases: readonly FoundRelease[];
  /** Whether a blob of this name and size is there; its content is not looked at. */
  readonly hasBlob: (blob: PinnedContent) => Promise<boolean>;
  readonly room: RoomFacts;
  /** What would keep the real command from writing there. */
  readonly problem: CodedError | undefined;
}

/** @throws HostError HOST_NOT_FOUND; BundleError, OciError for a layout that cannot be read; the reason of the signal */
export async function lookAtDirectory(directory: AbsPath, signal: AbortSignal): Promise<RehearsalPlace> {
  const room = readDiskSpace(directory);
  const medium = await openIfThere(directory, signal);
  return {
    name: directory,
    releases: medium === undefined ? [] : (await readReleases(medium, signal)).releases,
    hasBlob: async ({ digest, size }) => (await medium?.layout.blobSizeBytes(digest)) === size,
    room,
    problem: writeProblem(directory),
  };
}

/** A medium that has yet to be made, or cannot be looked into. */
export function emptyPlace(name: string, room: RoomFacts, problem?: CodedError): RehearsalPlace {
  return { name, releases: [], hasBlob: async () => false, room, problem };
}

async function openIfThere(directory: AbsPath, signal: AbortSignal): Promise<MountedMedium | undefined> {
  try {
    return await openMedium(directory, signal);
  } catch (error) {
    if (error instanceof BundleError && error.code === "BUNDLE_MEDIUM_FOREIGN") return undefined; // nothing was written yet
    throw error;
  }
}

function writeProblem(directory: AbsPath): CodedError | undefined {
  try {
    accessSync(directory, constants.W_OK);
    return undefined;
  } catch (cause) {
    const error = mediumWriteError(cause, `writing to ${directory}`);
    if (error instanceof CodedError) return error;
    throw error;
  }
}
