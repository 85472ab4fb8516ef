/** How far another program has come with what it writes into a directory: by its size, since programs like skopeo do not say. */
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../error.ts";
import type { AbsPath } from "../path.ts";

const LOOK_EVERY_MS = 500;

/**
 * Runs `act` and tells meanwhile by how many bytes the files in `directory` have grown, from time to time.
 * @returns what `act` returns
 */
export async function whileGrowing<T>(
  directory: AbsPath,
  act: () => Promise<T>,
  onBytes: (bytes: number) => void,
): Promise<T> {
  let knownBytes = await sizeOfFiles(directory);
  const look = async () => {
    const bytes = await sizeOfFiles(directory);
    if (bytes > knownBytes) onBytes(bytes - knownBytes);
    knownBytes = Math.max(bytes, knownBytes);
  };
  let looking: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(look).catch(() => undefined); // it is for show: what `act` does counts
  }, LOOK_EVERY_MS);
  try {
    return await act();
  } finally {
    clearInterval(timer);
    await looking;
  }
}

async function sizeOfFiles(directory: string): Promise<number> {
  const names = await readdir(directory, { recursive: true });
  const sizes = await Promise.all(names.map((name) => sizeOrNothing(join(directory, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Files come and go while they are counted. */
async function sizeOrNothing(file: string): Promise<number> {
  try {
    const stat = await lstat(file);
    return stat.isFile() ? stat.size : 0;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return 0;
    throw error;
  }
}
