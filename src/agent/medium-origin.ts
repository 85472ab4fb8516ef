/** A medium that is there, with what is known of it. */
import type { MediumDevice } from "../media/device-lookup.ts";
import type { ProbedFilesystem } from "../media/probe-filesystem.ts";
import type { AbsPath } from "../path.ts";

export type MediumOrigin =
  | { readonly kind: "directory"; readonly directory: AbsPath }
  | {
      readonly kind: "device";
      readonly device: MediumDevice;
      /** What is on the device; of an encrypted one its container. */
      readonly filesystem: Pick<ProbedFilesystem, "type" | "uuid">;
    };
