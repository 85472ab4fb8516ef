/** Hints that something changed in a spool directory, by chokidar. What is there is always looked at anew. */
import type { AbsPath } from "../path.ts";
import type { HintSource } from "./hint-source.ts";

const BLOBS_DEPTH = 4; // NAME/bootferry/blobs/sha256/FILE

/** @param directory need not be there yet */
export function spoolHints(directory: AbsPath): HintSource {
  return {
    name: "spool",
    async open(hint) {
      const { watch } = await import("chokidar");
      const watcher = watch(directory, { ignoreInitial: true, followSymlinks: false, depth: BLOBS_DEPTH });
      let isAlive = true;
      watcher.on("all", hint);
      watcher.on("error", () => {
        isAlive = false; // out of inotify watches: it is looked at every minute all the same
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
