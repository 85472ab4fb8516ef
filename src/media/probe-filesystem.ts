/**
 * What is on a block device, asked of the device itself (`blkid -p`, libblkid's low-level probing): no cache, and no word
 * of udev's, which may be of the stick before.
 *
 * It runs before anything of the kernel parses the medium, and its answer is the type that is mounted: `mount` is never
 * left to guess, since then any file system of the kernel could be chosen by whoever made the stick.
 */
import type { Exec } from "../host/exec.ts";
import type { AbsPath } from "../path.ts";
import { MediaError } from "./error.ts";

export interface ProbedFilesystem {
  /** `vfat`, `exfat`, `ext4`, `crypto_LUKS` … in the words of libblkid. */
  readonly type: string;
  /** Of LUKS containers `1` or `2`. */
  readonly version: string | undefined;
  readonly uuid: string | undefined;
  readonly label: string | undefined;
}

const PROBE_TIMEOUT_MS = 30_000; // a worn stick retries for many seconds
const NOTHING_FOUND = 2; // blkid(8)
const AMBIVALENT = 8;

/** @throws MediaError MEDIA_FILESYSTEM_UNKNOWN; HostError when blkid cannot run */
export async function probeFilesystem(exec: Exec, device: AbsPath, signal?: AbortSignal): Promise<ProbedFilesystem> {
  const { exitCode, stdout } = await exec(["blkid", "-p", "-o", "udev", device], {
    timeoutMs: PROBE_TIMEOUT_MS,
    accept: [NOTHING_FOUND, AMBIVALENT],
    ...(signal === undefined ? {} : { signal }),
  });
  const unknown = (why: string) => new MediaError("MEDIA_FILESYSTEM_UNKNOWN", `${device}: ${why}`);
  if (exitCode === AMBIVALENT)
    throw unknown("traces of several file systems are on it, and which one counts is not clear");
  const found = parseUdevPairs(stdout.toString("utf8"));
  const type = found.get("ID_FS_TYPE");
  if (exitCode === NOTHING_FOUND || type === undefined) {
    const table = found.get("ID_PART_TABLE_TYPE");
    throw unknown(
      table === undefined ? "there is no file system on it" : `it is a disk with a partition table (${table})`,
    );
  }
  return {
    type,
    version: found.get("ID_FS_VERSION"),
    uuid: found.get("ID_FS_UUID"),
    label: found.get("ID_FS_LABEL"),
  };
}

/** `KEY=value` lines; unsafe characters of values are replaced by `_`, as for the udev rules that match them. */
function parseUdevPairs(text: string): ReadonlyMap<string, string> {
  const pairs = text.split("\n").flatMap((line) => {
    const at = line.indexOf("=");
    return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
  });
  return new Map(pairs);
}
