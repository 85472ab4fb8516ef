/**
 * Paths inside a tree: names as bytes, relative to its root (BF-7.2 of `bundle-format/tree.md`).
 *
 * A path never leaves the tree, because no component of it can say "up": `..` and absolute names are refused, not
 * resolved, since what they would mean depends on the tool that reads them.
 */
import { type ByteString, displayBytes } from "../path.ts";
import { TreeError } from "./error.ts";
import { MAX_NAME_BYTES, MAX_PATH_BYTES, MAX_PATH_DEPTH } from "./limits.ts";

/** Components from the root down: none is empty, `.` or `..`, none holds `/` or NUL. `[]` is the root. */
export type TreePath = readonly ByteString[];

/**
 * Parses a name of an archive: `etc/hosts`, `./etc/hosts`, `etc/`. The root is `.`, `./` or `/` (kaniko writes that).
 *
 * @throws TreeError TREE_NAME_INVALID, TREE_NAME_ABSOLUTE, TREE_NAME_PARENT, TREE_NAME_TOO_LONG, TREE_TOO_DEEP
 */
export function parseTreePath(text: ByteString): TreePath {
  if (text.length > MAX_PATH_BYTES)
    throw new TreeError("TREE_NAME_TOO_LONG", `path of ${text.length} bytes, at most ${MAX_PATH_BYTES} allowed`);
  if (text === "" || text.includes("\0"))
    throw new TreeError("TREE_NAME_INVALID", `name is ${text === "" ? "empty" : `not a path: ${quote(text)}`}`);
  const path: ByteString[] = [];
  for (const component of text.split("/") as ByteString[]) {
    if (component === "" || component === ".") continue;
    if (component === "..") throw new TreeError("TREE_NAME_PARENT", `name goes up by "..": ${quote(text)}`);
    if (component.length > MAX_NAME_BYTES)
      throw new TreeError(
        "TREE_NAME_TOO_LONG",
        `name of ${component.length} bytes in ${quote(text)}, at most ${MAX_NAME_BYTES} allowed`,
      );
    path.push(component);
  }
  if (text.startsWith("/") && path.length > 0)
    throw new TreeError("TREE_NAME_ABSOLUTE", `name is absolute: ${quote(text)}`);
  if (path.length > MAX_PATH_DEPTH)
    throw new TreeError(
      "TREE_TOO_DEEP",
      `path of ${path.length} names, at most ${MAX_PATH_DEPTH} allowed: ${quote(text)}`,
    );
  return path;
}

/** `etc/hosts`; the root is `.`. */
export function formatTreePath(path: TreePath): ByteString {
  return (path.length === 0 ? "." : path.join("/")) as ByteString;
}

/** A path for messages. */
export function displayTreePath(path: TreePath): string {
  return quote(formatTreePath(path));
}

function quote(text: ByteString): string {
  return `"${displayBytes(text)}"`;
}
