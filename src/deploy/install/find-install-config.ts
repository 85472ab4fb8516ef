/** The files of an image that say how it is to be installed. */
import { type ByteString, displayBytes } from "../../path.ts";
import type { DirectoryNode, FileContent } from "../../tree/node.ts";
import { resolveNode } from "../../tree/walk.ts";
import { DeployError } from "../error.ts";

/** What comes later hides what comes before. /run/bootc/install belongs to the machine that installs, not to the image. */
const DIRECTORIES = ["usr/lib/bootc/install", "usr/local/lib/bootc/install", "etc/bootc/install"];

export interface FoundFile {
  readonly path: string;
  readonly content: FileContent;
}

/** In the order in which they count. @throws DeployError DEPLOY_INSTALL_CONFIG_INVALID for what is no regular file */
export function findInstallConfigFiles(root: DirectoryNode): readonly FoundFile[] {
  const byName = new Map<ByteString, FoundFile>();
  for (const directory of DIRECTORIES) {
    const node = resolveNode(root, directory);
    if (node?.kind !== "directory") continue;
    for (const name of node.entries.keys()) {
      if (!name.endsWith(".toml")) continue;
      const path = `/${directory}/${displayBytes(name)}`;
      const file = resolveNode(node, name) ?? node.entries.get(name);
      if (file?.kind !== "file")
        throw new DeployError("DEPLOY_INSTALL_CONFIG_INVALID", `${path} is not a regular file`);
      byName.set(name, { path, content: file.content });
    }
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, file]) => file);
}
