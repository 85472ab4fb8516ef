/**
 * Hints from `udevadm monitor --udev` (udevadm(8)): one line for each block event, printed after udev has looked at the
 * device, so its label is known. Only where udevd runs: the monitor would start without it, and wait for ever.
 */
import { existsSync } from "node:fs";
import type { FollowLines } from "../host/line-process.ts";
import type { HintSource } from "./hint-source.ts";

const UDEVD_SOCKET = "/run/udev/control";

export interface UdevPorts {
  readonly followLines: FollowLines;
  /** Whether udevd runs on this machine. */
  readonly isUdevRunning: () => boolean;
}

export const isUdevRunning = (): boolean => existsSync(UDEVD_SOCKET);

export function udevHints({ followLines, isUdevRunning }: UdevPorts): HintSource {
  return {
    name: "udev",
    async open(hint, signal) {
      if (!isUdevRunning()) return undefined;
      const stop = new AbortController();
      let isAlive = true;
      const following = (async () => {
        const lines = followLines(
          ["udevadm", "monitor", "--udev", "--subsystem-match=block"],
          AbortSignal.any([signal, stop.signal]),
        );
        for await (const _ of lines) hint();
      })()
        .catch(() => undefined) // no udevadm, or it was killed: the watcher goes on without hints
        .finally(() => {
          isAlive = false;
        });
      return {
        isAlive: () => isAlive,
        async [Symbol.asyncDispose]() {
          stop.abort();
          await following;
        },
      };
    },
  };
}
