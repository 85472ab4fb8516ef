/**
 * Hints from `/dev/disk/by-label`, which udev, mdev and their like keep: chokidar sees labels come and go. It watches
 * the parent, since the directory itself comes with the first label.
 */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { AbsPath } from "../path.ts";
import type { HintSource } from "./hint-source.ts";

/** @param directory `/dev/disk`: watched with its sub-directory `by-label` */
export function labelHints(directory: AbsPath): HintSource {
  return {
    name: "by-label",
    async open(hint) {
      if (!existsSync(directory)) return undefined;
      const { watch } = await import("chokidar");
      const watcher = watch(directory, {
        ignoreInitial: true,
        followSymlinks: false,
        depth: 1,
        ignored: (path, stats) => stats?.isDirectory() === true && path !== directory && basename(path) !== "by-label",
      });
      let isAlive = true;
      watcher.on("all", hint);
      watcher.on("error", () => {
        isAlive = false; // out of inotify watches, or the directory is gone
      });
      await new Promise<void>((resolve) => watcher.once("ready", resolve));
      return {
        isAlive: () => isAlive,
        async [Symbol.asyncDispose]() {
          isAlive = false;
          await watcher.close();
        },
      };
    },
  };
}
