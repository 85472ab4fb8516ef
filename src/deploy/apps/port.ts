/**
 * The container images that belong to a system image: there before it is staged, gone when no deployment has it. What both
 * backends share; which deployments there are is theirs to know.
 */
import type { Target } from "../../bundle/statement.ts";
import type { Exec } from "../../host/exec.ts";
import type { Digest } from "../../oci/digest.ts";
import type { AbsPath } from "../../path.ts";
import type { AppStorage } from "./storage.ts";

/** An image under its name in a container storage. */
export interface AppPin {
  /** Full, as the system's quadlets name it: `docker.io/acme/ui:7`. */
  readonly name: string;
  /** Of the image manifest. */
  readonly digest: Digest;
}

export interface AppPorts {
  readonly exec: Exec;
  /** Holds `apps/`, the copies that are on their way into the storage, and `apps.json`, what was loaded by us. */
  readonly directory: AbsPath;
  readonly storage: AppStorage;
}

export function pinsOf(apps: Target["apps"]): readonly AppPin[] {
  return apps.map(({ name, image }) => ({ name, digest: image.digest }));
}
