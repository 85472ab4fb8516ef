/**
 * Sealing files with fs-verity (Documentation/filesystems/fsverity.rst): the kernel then refuses to write them and checks
 * each block that is read. Node has no ioctl, so one `xargs` child runs fsverity-utils for a whole batch.
 *
 * Without Secure Boot this detects corruption, not an attacker who holds the disk.
 */
import { HostError } from "../host/error.ts";
import type { Exec } from "../host/exec.ts";
import { type AbsPath, below } from "../path.ts";
import { StoreError } from "./error.ts";
import type { StoreFilesystem } from "./store-filesystem.ts";

/** `on`: seal where the file system can; `required`: refuse to store where it cannot. */
export type FsVerityLevel = "off" | "on" | "required";

/** What was found when the store was opened; `reason` says why files are not sealed. */
export type Sealing = { readonly isActive: true } | { readonly isActive: false; readonly reason: string };

const PROBE_TIMEOUT_MS = 10_000;
const BATCH_TIMEOUT_MS = 60_000;
const FILE_TIMEOUT_MS = 1_000; // measured 1.7 ms a file; slow flash has to read a whole kernel back, too
const PARALLEL = "2";
const ENABLE = ["fsverity", "enable", "--hash-alg=sha256", "--block-size=4096"] as const;

/**
 * Finds out by trying it on a file in `directory` whether files can be sealed here.
 * @throws StoreError STORE_VERITY_UNAVAILABLE when the level is `required` and they cannot
 */
export async function probeSealing(
  exec: Exec,
  filesystem: StoreFilesystem,
  directory: AbsPath,
  level: FsVerityLevel,
): Promise<Sealing> {
  if (level === "off") return { isActive: false, reason: "fs-verity is off" };
  const probe = below(directory, "probe");
  filesystem.remove(probe);
  const fd = filesystem.createFile(probe);
  try {
    filesystem.write(fd, Buffer.from("fs-verity\n"));
  } finally {
    filesystem.close(fd);
  }
  try {
    await exec([...ENABLE, probe], { timeoutMs: PROBE_TIMEOUT_MS });
    return { isActive: true };
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    if (level === "required") {
      throw new StoreError("STORE_VERITY_UNAVAILABLE", `fs-verity is required: ${error.message}`, { cause: error });
    }
    return { isActive: false, reason: error.message };
  } finally {
    filesystem.remove(probe);
  }
}

/**
 * Seals files that are complete, closed and not sealed yet.
 * @throws StoreError STORE_VERITY_UNAVAILABLE when one of them cannot be sealed; HostError
 */
export async function sealFiles(exec: Exec, files: readonly AbsPath[], signal?: AbortSignal): Promise<void> {
  if (files.length === 0) return;
  try {
    await runBatch(exec, ["-n", "1", "-P", PARALLEL, ...ENABLE], files, signal);
  } catch (error) {
    if (!(error instanceof HostError) || error.code !== "HOST_TOOL_FAILED") throw error;
    throw new StoreError("STORE_VERITY_UNAVAILABLE", `sealing ${files.length} files: ${error.message}`, {
      cause: error,
    });
  }
}

/** Those of `files` that are not sealed. */
export async function unsealedFiles(
  exec: Exec,
  files: readonly AbsPath[],
  signal?: AbortSignal,
): Promise<readonly AbsPath[]> {
  if (files.length === 0) return [];
  const sealed = new Set<string>();
  // `fsverity measure` stops at the first file without a seal: whole batches first, then one by one what they left.
  for (const batch of [
    ["-n", "256"],
    ["-n", "1", "-P", PARALLEL],
  ]) {
    const rest = files.filter((file) => !sealed.has(file));
    if (rest.length === 0) break;
    const output = await runBatch(exec, [...batch, "fsverity", "measure"], rest, signal, [XARGS_CHILD_FAILED]);
    for (const line of output.toString("utf8").split("\n")) {
      const path = /^sha256:[0-9a-f]{64} (?<path>.+)$/.exec(line)?.groups?.["path"];
      if (path !== undefined) sealed.add(path);
    }
  }
  return files.filter((file) => !sealed.has(file));
}

const XARGS_CHILD_FAILED = 123; // xargs(1), "EXIT STATUS"

async function runBatch(
  exec: Exec,
  args: readonly string[],
  files: readonly AbsPath[],
  signal: AbortSignal | undefined,
  accept: readonly number[] = [],
): Promise<Buffer> {
  const result = await exec(["xargs", "-0", ...args], {
    stdin: files.map((file) => `${file}\0`).join(""),
    timeoutMs: BATCH_TIMEOUT_MS + FILE_TIMEOUT_MS * files.length,
    accept,
    ...(signal === undefined ? {} : { signal }),
  });
  return result.stdout;
}
