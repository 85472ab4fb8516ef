/** Marks of deletion in OCI layers (OCI image-spec 1.1, layer.md, "Whiteouts"; BF-7.7 of `bundle-format/tree.md`). */
import type { ByteString } from "../path.ts";
import { TreeError } from "./error.ts";
import { displayTreePath, type TreePath } from "./tree-path.ts";

const PREFIX = ".wh.";
const OPAQUE = ".wh..wh..opq";
/** AUFS kept its own files under such names, and old layers hold them; as whiteouts they would delete nothing. */
const AUFS_PREFIX = ".wh..wh.";

export type LayerMark =
  | { readonly kind: "none" }
  | { readonly kind: "opaque"; readonly directory: TreePath }
  | { readonly kind: "whiteout"; readonly directory: TreePath; readonly name: ByteString }
  | { readonly kind: "ignored" };

const NO_MARK: LayerMark = { kind: "none" };
const IGNORED: LayerMark = { kind: "ignored" };

/**
 * What the name of an entry means, whatever the entry's type: only names mark deletions.
 *
 * @throws TreeError TREE_WHITEOUT_INVALID for marks that name nothing, and for files inside a mark
 */
export function markOf(path: TreePath): LayerMark {
  const at = path.findIndex((name) => name.startsWith(PREFIX));
  const mark = path[at];
  if (mark === undefined) return NO_MARK;
  if (mark.startsWith(AUFS_PREFIX) && mark !== OPAQUE) return IGNORED;
  const directory = path.slice(0, at);
  const name = mark.slice(PREFIX.length) as ByteString;
  if (at < path.length - 1 || name === "" || name === "." || name === "..")
    throw new TreeError("TREE_WHITEOUT_INVALID", `not a whiteout of OCI layers: ${displayTreePath(path)}`);
  return mark === OPAQUE ? { kind: "opaque", directory } : { kind: "whiteout", directory, name };
}
