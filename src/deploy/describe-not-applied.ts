/** What of /etc could not be set on disk, for people. Pure. */
import type { NotApplied } from "./port.ts";

const MAX_PATHS = 5; // enough to know where to look; a file system without xattrs would name each file

/** One sentence, however much it is; undefined when everything was set. */
export function describeNotApplied(notApplied: readonly NotApplied[]): string | undefined {
  if (notApplied.length === 0) return undefined;
  const named = notApplied.slice(0, MAX_PATHS).map(({ path, what }) => `${path} (${what})`);
  const more = notApplied.length - named.length;
  return `not carried over as in the image: ${named.join(", ")}${more === 0 ? "" : ` and ${more} more`}`;
}
