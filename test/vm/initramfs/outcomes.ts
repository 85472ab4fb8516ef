/** What a boot of the tiny system must have seen, by how much of fs-verity holds. */
import type { Row } from "./matrix.ts";

type Facts = NonNullable<Row["facts"]>;

/** True of each boot that gets the deployment, with whatever level. */
export const BOOTED: Facts = {
  version: "tiny 1",
  "mount /": /^overlay ro,/,
  "mount /sysroot": /^ext4 rw,/,
  "mount /etc": /^ext4 rw,/,
  "mount /var": /^ext4 rw,/,
  "write /probe": "Read-only file system",
  "write /usr/probe": "Read-only file system",
  "write /usr/lib/version": "Read-only file system",
  "write /etc/probe": "ok",
  "write /var/probe": "ok",
  "write /sysroot/probe": "ok",
  "etc is the deployment's": "x",
  "var is the machine's": "x",
  "read whole": "ok",
};

/** What is sealed cannot be written, by whoever. */
export const SEALED: Facts = {
  "write object": "Operation not permitted",
  "write image": "Operation not permitted",
};

/** `spoilVictims`, where the kernel asks fs-verity of each object. */
export const NOTHING_FALSE_IS_READ: Facts = {
  "mount /": /^overlay ro,.*verity=require/,
  "read flipped": "Input/output error",
  "read unsealed": "Input/output error",
  "read impostor": "Input/output error",
  "read missing": "No such file or directory",
};

/** `spoilVictims`, where it cannot: an object that was replaced is not noticed, since its name is not checked. */
export const REPLACED_OBJECTS_ARE_READ: Facts = {
  "mount /": /^overlay ro,(?!.*verity)/,
  "read flipped": "Input/output error",
  "read unsealed": "ok",
  "read impostor": "ok",
  "read missing": "Input/output error",
};
