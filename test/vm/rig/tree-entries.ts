/** A directory of this machine as entries of a layer: owned by root, with the modes that it has here. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { FixtureEntry } from "../../support/oci-fixtures.ts";

/** @param target where it stands in the image: `usr/lib/modules/6.12` */
export function treeEntries(directory: string, target: string): readonly FixtureEntry[] {
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" }).sort();
  return [
    { name: `${target}/`, type: "directory" },
    ...names.map((name) => entryOf(join(directory, name), `${target}/${name}`)),
  ];
}

function entryOf(file: string, name: string): FixtureEntry {
  const stat = lstatSync(file);
  if (stat.isDirectory()) return { name: `${name}/`, type: "directory" };
  if (stat.isSymbolicLink()) return { name, type: "symlink", linkname: readlinkSync(file) };
  return { name, mode: stat.mode & 0o777, content: readFileSync(file) };
}
