/** A container storage, as skopeo and podman are told it (containers-transports(5), podman(1)). */
import type { AbsPath } from "../../path.ts";

export type AppStorage =
  /** The one that this machine's storage.conf names: where podman and its quadlets look. */
  | { readonly kind: "default" }
  | {
      readonly kind: "at";
      readonly driver: "overlay" | "vfs";
      readonly root: AbsPath;
      /** For what a reboot takes away. */
      readonly runRoot: AbsPath;
      /** A command that runs the one after it where the storage can be written; without, that is everywhere. */
      readonly enter?: readonly [string, ...string[]];
    };

/** An image as skopeo names it: `containers-storage:[overlay@ROOT+RUNROOT]NAME`. */
export function storageReference(storage: AppStorage, name: string): string {
  switch (storage.kind) {
    case "default":
      return `containers-storage:${name}`;
    case "at":
      return `containers-storage:[${storage.driver}@${storage.root}+${storage.runRoot}]${name}`;
  }
}

/** A tool's command line, as it must be run to reach the storage. */
export function enterStorage(
  storage: AppStorage,
  argv: readonly [string, ...string[]],
): readonly [string, ...string[]] {
  if (storage.kind === "default" || storage.enter === undefined) return argv;
  return [...storage.enter, ...argv];
}

/** podman's options before its verb. */
export function storageOptions(storage: AppStorage): readonly string[] {
  switch (storage.kind) {
    case "default":
      return [];
    case "at":
      return ["--root", storage.root, "--runroot", storage.runRoot, "--storage-driver", storage.driver];
  }
}
