/**
 * Writes a planned installation below a root. Idempotent, and the same bytes, modes and times each time: modes do not
 * depend on the umask, and SOURCE_DATE_EPOCH gives the times.
 *
 * Nothing is written outside of the root: an image can have links in its directories that lead elsewhere once they are
 * seen from the builder's machine.
 */
import {
  chmodSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, sep } from "node:path";
import { InstallError } from "./error.ts";
import type { Item } from "./plan.ts";

/** Ours alone: made anew, so that nothing of an earlier version is left. */
const OWN_TREES = ["usr/lib/bootferry/dist", "usr/lib/bootferry/node_modules"];
const OWN_DIRECTORY = "usr/lib/bootferry";

/**
 * @param mtime of what is ours; undefined for now
 * @throws InstallError when a path leads out of `root` or something else is in its place
 */
export function layOut(root: string, items: readonly Item[], mtime: Date | undefined): void {
  mkdirSync(root, { recursive: true });
  const realRoot = realpathSync(root);
  for (const path of OWN_TREES) rmSync(join(root, path), { recursive: true, force: true });
  const ours: string[] = [];
  for (const item of items) {
    const path = join(root, item.path);
    requireInside(realRoot, dirname(path));
    if (write(path, item) || item.path.startsWith(OWN_DIRECTORY)) ours.push(path);
  }
  // Last, and the deepest first: writing into a directory changes its time.
  if (mtime !== undefined) for (const path of ours.toReversed()) lutimesSync(path, mtime, mtime);
}

/** False for a directory that was there, which keeps what it has. */
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
      rmSync(path, { force: true }); // never through a link, and never into a file that other names share
      writeFileSync(path, item.content, { flag: "wx" });
      chmodSync(path, item.mode);
      return true;
    case "link":
      if (there?.isDirectory()) throw inTheWay(path, "a link");
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
