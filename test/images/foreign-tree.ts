/** Trees as other programs see them: unpacked by umoci, or mounted by the kernel; listed by canonical_tree.py. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const CANONICAL_TREE = fileURLToPath(new URL("canonical_tree.py", import.meta.url));
const MAX_LISTING_BYTES = 256 << 20;

/** The lines of a directory's tree, made canonical. */
export function listTree(directory: string): string[] {
  return toLines(execFileSync("python3", [CANONICAL_TREE, directory], { maxBuffer: MAX_LISTING_BYTES }));
}

/** Unpacks an image of the set-up as root would, owners and attributes included. Gives the root directory of its tree. */
export function unpackByUmoci(layout: string, bundle: string): string {
  execFileSync("umoci", ["unpack", "--image", `${layout}:latest`, bundle], { stdio: ["ignore", "ignore", "inherit"] });
  return `${bundle}/rootfs`;
}

/**
 * The lines of a deployment as the kernel shows it: EROFS for the metadata, overlayfs for the contents, mounted in a mount
 * namespace that ends with the listing. Nothing is made canonical: the image must be so by itself.
 */
export function listMounted(image: string, objects: string, scratch: string): string[] {
  // A path of overlayfs' options must hold no comma and no colon, so the two are reached by links of ours.
  const script = `
    ln -s "$2" objects && mkdir metadata tree
    mount -t erofs -o ro "$1" metadata
    mount -t overlay composefs -o ro,metacopy=on,redirect_dir=on,lowerdir=metadata::objects tree
    exec python3 "$3" --as-is tree`;
  return toLines(
    execFileSync("unshare", ["--mount", "sh", "-ec", script, "sh", image, objects, CANONICAL_TREE], {
      cwd: scratch,
      maxBuffer: MAX_LISTING_BYTES,
    }),
  );
}

function toLines(listing: Buffer): string[] {
  return listing.toString("latin1").trimEnd().split("\n");
}
