/**
 * Which layers an interrupted run had done with, so that the next one reads them last, and in general not at all.
 *
 *     <store>/resume.json    {"image":"v1-sha256-12:…","layers":["sha256:…"]}
 *
 * Only a hint, neither durable nor trusted: objects alone say what is there. A wrong hint costs time and nothing else.
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import type { ImageDigest } from "../composefs/image-digest.ts";
import { type AbsPath, below } from "../path.ts";
import type { ObjectStore } from "./object-store.ts";

const hintSchema = z.strictObject({ image: z.string(), layers: z.array(z.string()) });

/** The layers of `image` whose objects are all in the store; none when nobody knows. */
export function readResumeHint(store: ObjectStore, image: ImageDigest): ReadonlySet<string> {
  try {
    const hint = hintSchema.parse(JSON.parse(readFileSync(hintFile(store), "utf8")));
    return new Set(hint.image === image ? hint.layers : []);
  } catch {
    return new Set(); // absent, or not whole: it is written without a sync
  }
}

/** Replaces the hint. @throws StoreError STORE_NO_SPACE; HostError */
export function writeResumeHint(store: ObjectStore, image: ImageDigest, layers: ReadonlySet<string>): void {
  const { filesystem } = store;
  const staged = below(store.stagingDirectory, "resume.json");
  const fd = filesystem.createFile(staged);
  try {
    filesystem.write(fd, Buffer.from(JSON.stringify({ image, layers: [...layers] })));
  } finally {
    filesystem.close(fd);
  }
  filesystem.rename(staged, hintFile(store));
}

/** Nothing is to be resumed any more. @throws HostError */
export function removeResumeHint(store: ObjectStore): void {
  store.filesystem.remove(hintFile(store));
}

function hintFile(store: ObjectStore): AbsPath {
  return below(store.directory, "resume.json");
}
