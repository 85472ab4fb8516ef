/**
 * The files of a device as the device sees them: `/etc/bootferry/agent.toml` means the running machine's, or that of the
 * booted deployment of a simulated device.
 *
 * The adapter for the machine itself stands here; the one for a simulated device stands where deployments are known.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { errnoOf } from "../error.ts";
import type { AbsPath } from "../path.ts";
import { ConfigError } from "./error.ts";

export interface DeviceFiles {
  /** The content of a regular file (links are followed), or undefined when nothing is there. */
  readFile(path: AbsPath): Promise<Buffer | undefined>;
  /** The names in a directory in the order of their bytes, or an empty list when it is not there. */
  listDirectory(path: AbsPath): Promise<readonly string[]>;
}

const MAX_FILE_BYTES = 4 << 20; // a configuration or a root document has a few KiB

/** The files of the machine that we run on. */
export const hostFiles: DeviceFiles = {
  async readFile(path) {
    return absentAsUndefined(path, () => {
      const stat = statSync(path); // before opening: a FIFO in its place must not hang us
      if (!stat.isFile()) throw new ConfigError("CONFIG_UNREADABLE", `${path} is not a regular file`);
      if (stat.size > MAX_FILE_BYTES) {
        throw new ConfigError(
          "CONFIG_UNREADABLE",
          `${path} has ${stat.size} bytes, at most ${MAX_FILE_BYTES} are read`,
        );
      }
      return readFileSync(path);
    });
  },
  async listDirectory(path) {
    return (absentAsUndefined(path, () => readdirSync(path)) ?? []).sort(compareBytes);
  },
};

/** Names in the order of their bytes, whatever the locale. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function absentAsUndefined<T>(path: AbsPath, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return undefined;
    throw new ConfigError("CONFIG_UNREADABLE", `cannot read ${path}: ${errno ?? error}`, { cause: error });
  }
}
