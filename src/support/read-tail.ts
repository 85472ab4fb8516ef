/** The end of a file of this device, as much as an archive takes; never through a link, and never of anything but a file. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { HostError } from "../host/error.ts";
import type { AbsPath } from "../path.ts";
import { ARCHIVE_LIMITS } from "./support-file.ts";

const MAX_BYTES = ARCHIVE_LIMITS.fileBytes + 1; // one more, so that collecting sees that it was cut

/** @throws the system's error; HostError HOST_IO for what is no regular file */
export function readTail(path: AbsPath): Buffer {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new HostError("HOST_IO", `${path} is not a regular file`);
    // Files of /proc say that they are empty.
    const start = Math.max(0, stat.size - MAX_BYTES);
    const buffer = Buffer.alloc(stat.size === 0 ? 64 << 10 : stat.size - start);
    let length = 0;
    for (let got = -1; got !== 0 && length < buffer.length; length += got) {
      got = readSync(fd, buffer, length, buffer.length - length, start + length);
    }
    return buffer.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}
