/**
 * Writes a planned installation below a root. Idempotent, and the same bytes, modes and times each time: modes do not
 * depend on the umask, and SOURCE_DATE_EPOCH gives the times.
 *
 * Nothing is written outside of the root: an image can have links in its directories that lead elsewhere once they are
 * seen from the builder's machine.
 */
import {
  chmodSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  type Stats,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, sep } from "node:path";
import { InstallError } from "./error.ts";
import type { Item } from "./plan.ts";

/** Ours alone: what an earlier version has left there goes. */
const OWN_TREES = ["usr/lib/bootferry/dist", "usr/lib/bootferry/node_modules"];
const OWN_DIRECTORY = "usr/lib/bootferry";

/**
 * @param mtime of what is ours; undefined for now
 * @throws InstallError when a path leads out of `root` or something else is in its place
 */
export function layOut(root: string, items: readonly Item[], mtime: Date | undefined): void {
  mkdirSync(root, { recursive: true });
  const realRoot = realpathSync(root);
  removeStale(root, new Set(items.map(({ path }) => path)));
  const ours: string[] = [];
  for (const item of items) {
    const path = join(root, item.path);
    requireInside(realRoot, dirname(path));
    const isNew = write(path, item);
    if (isNew || item.kind !== "directory" || item.path.startsWith(OWN_DIRECTORY)) ours.push(path);
  }
  // Last, and the deepest first: writing into a directory changes its time.
  if (mtime !== undefined) for (const path of ours.toReversed()) lutimesSync(path, mtime, mtime);
}

function removeStale(root: string, planned: ReadonlySet<string>): void {
  for (const tree of OWN_TREES.filter((path) => existsSync(join(root, path)))) {
    for (const path of readdirSync(join(root, tree), { recursive: true, encoding: "utf8" })) {
      if (!planned.has(`${tree}/${path}`)) rmSync(join(root, tree, path), { recursive: true, force: true });
    }
  }
}

function isThere(path: string, item: Item & { readonly kind: "file" }, there: Stats | undefined): boolean {
  if (!there?.isFile() || there.nlink > 1 || (there.mode & 0o7777) !== item.mode) return false;
  return there.size === item.content.length && readFileSync(path).equals(item.content);
}

/** False when it was there already: a directory keeps what it has, and a parent keeps its time. */
function write(path: string, item: Item): boolean {
  const there = lstatSync(path, { throwIfNoEntry: false });
  switch (item.kind) {
    case "directory":
      // A link is an image's own arrangement, such as /boot or a merged /usr; what it leads to is checked when used.
      if (there?.isDirectory() || there?.isSymbolicLink()) return false;
      if (there !== undefined) throw inTheWay(path, "a directory");
      mkdirSync(path);
      chmodSync(path, 0o755);
      return true;
    case "file":
      if (there?.isDirectory()) throw inTheWay(path, "a file");
      if (isThere(path, item, there)) return false;
      rmSync(path, { force: true }); // never through a link, and never into a file that other names share
      writeFileSync(path, item.content, { flag: "wx" });
      chmodSync(path, item.mode);
      return true;
    case "link":
      if (there?.isDirectory()) throw inTheWay(path, "a link");
      if (there?.isSymbolicLink() && readlinkSync(path) === item.target) return false;
      rmSync(path, { force: true });
      symlinkSync(item.target, path);
      return true;
  }
}

function requireInside(realRoot: string, directory: string): void {
  const real = realpathSync(directory);
  if (real === realRoot || real.startsWith(realRoot === sep ? sep : `${realRoot}${sep}`)) return;
  const remedy = "Make that link relative in the image, or run install-device inside of the image with --destdir /.";
  throw new InstallError(`${directory} leads to ${real}, outside of ${realRoot}`, remedy);
}

function inTheWay(path: string, expected: string): InstallError {
  return new InstallError(
    `${path} is in the way: expected ${expected} or nothing`,
    "Remove it from the image, then run this again.",
  );
}
