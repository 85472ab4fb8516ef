/**
 * Where the VM tests keep what is dear to make (the installed disk, images, releases), below `.cache/vm/made/`.
 *
 *     .cache/vm/made/NAME-<hash of its inputs>/     complete, since it is renamed into place when it is
 *
 * Test files run side by side in processes of their own, so a thing is made under a lock and the others wait for it.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const CLONE = fileURLToPath(new URL("../../../", import.meta.url));
export const CACHE = join(CLONE, ".cache/vm");
const MADE = join(CACHE, "made");
const LOCK_POLL_MS = 200;

/**
 * The directory with what `make` made from `inputs`, now or earlier. One of a name is kept.
 * @param inputs what decides the result, as JSON
 */
export async function cached(
  name: string,
  inputs: unknown,
  make: (directory: string) => Promise<void> | void,
): Promise<string> {
  mkdirSync(MADE, { recursive: true });
  const directory = join(MADE, `${name}-${shortHash(JSON.stringify(inputs))}`);
  if (existsSync(directory)) return directory;
  await using _lock = await lock(join(MADE, `${name}.lock`));
  if (existsSync(directory)) return directory;
  for (const other of readdirSync(MADE)) {
    if (new RegExp(`^${name}-[0-9a-f]{16}(\\.making)?$`).test(other)) rmSync(join(MADE, other), { recursive: true });
  }
  const making = `${directory}.making`;
  mkdirSync(making);
  await make(making);
  renameSync(making, directory);
  return directory;
}

/** Names the contents of files and directories of this clone. */
export function hashOfFiles(...paths: readonly string[]): string {
  const hash = createHash("sha256");
  for (const path of paths) {
    for (const file of readdirSync(path, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      hash
        .update(file.name)
        .update("\0")
        .update(readFileSync(join(file.parentPath, file.name)));
    }
  }
  return hash.digest("hex").slice(0, 16);
}

/** What setup.sh says that it made NAME from. @throws when it did not run */
export function stampOf(name: string): string {
  const file = join(CACHE, "stamps", name);
  if (!existsSync(file)) throw new Error(`${file} is missing: run test/vm/setup.sh first, as root`);
  return readFileSync(file, "utf8").trim();
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** A file that holds the id of the process that works; that of a process that is gone counts for nothing. */
async function lock(file: string): Promise<AsyncDisposable> {
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      return { [Symbol.asyncDispose]: async () => rmSync(file, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const holder = existsSync(file) ? readFileSync(file, "utf8") : "";
      if (holder !== "" && !existsSync(`/proc/${holder}`)) rmSync(file, { force: true });
      else await sleep(LOCK_POLL_MS);
    }
  }
}
