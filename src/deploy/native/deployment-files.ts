/**
 * The files of a simulated device as its processes would see them: /etc of the booted deployment, the one /var, /run,
 * and everything else from the image.
 *
 * Links are followed as the device would follow them, from one place into another, and never out of the device. The image
 * is read when something of it is asked for: /etc of a device can be read when its image is damaged.
 */
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { BootLoader } from "../../boot/boot-loader.ts";
import { compareBytes, type DeviceFiles } from "../../config/device-files.ts";
import type { DevicePaths } from "../../config/device-paths.ts";
import { errnoOf } from "../../error.ts";
import { hostError } from "../../host/error.ts";
import { type AbsPath, below, displayBytes, stringToBytes, utf8ToByteString } from "../../path.ts";
import { loadImage } from "../../store/load-image.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { readFileContent } from "../../store/read-content.ts";
import type { DirectoryNode, TreeNode } from "../../tree/node.ts";
import { findNode } from "../../tree/walk.ts";
import { requireBooted } from "./boot-facts.ts";
import { deploymentEtc, varDirectory } from "./layout.ts";
import { plainTreeOfImage } from "./plain-tree.ts";
import { type Deployment, readSnapshot } from "./snapshot.ts";
import { writePlainTree } from "./write-plain-tree.ts";

export interface DeploymentFiles extends DeviceFiles {
  /**
   * A directory of this machine with what the directory of the device holds, for programs to be run from it; undefined
   * when the device has none. A directory of the image is written below the runtime directory, anew each time.
   */
  materialise(directory: AbsPath): AbsPath | undefined;
}

type Place =
  | { readonly from: "disk"; readonly path: AbsPath }
  | { readonly from: "image"; readonly node: TreeNode }
  | undefined;

const MAX_LINKS = 40; // path_resolution(7)

/**
 * The files of the deployment that runs. Each method throws StoreError for a damaged image or object that it needs.
 * @throws DeployError DEPLOY_NOT_BOOTED
 */
export function openBootedFiles(paths: DevicePaths, store: ObjectStore, loader: BootLoader): DeploymentFiles {
  return openDeploymentFiles(paths, store, requireBooted(readSnapshot(paths, loader)));
}

function openDeploymentFiles(paths: DevicePaths, store: ObjectStore, deployment: Deployment): DeploymentFiles {
  let loaded: DirectoryNode | undefined;
  const image = () => {
    loaded ??= loadImage(store, deployment.origin.imageDigest);
    return loaded;
  };
  const diskPlaces: Readonly<Record<string, AbsPath>> = {
    etc: deploymentEtc(paths, deployment.id),
    var: varDirectory(paths),
    run: below(paths.sysroot, "run"),
  };
  const resolve = (path: AbsPath) => resolvePlace(path, image, diskPlaces);
  return {
    async readFile(path) {
      const place = resolve(path);
      if (place?.from === "disk") return lstatSync(place.path).isFile() ? readFileSync(place.path) : undefined;
      return place?.node.kind === "file" ? readFileContent(store, place.node.content) : undefined;
    },
    async listDirectory(path) {
      const place = resolve(path);
      if (place?.from === "disk")
        return lstatSync(place.path).isDirectory() ? readdirSync(place.path).sort(compareBytes) : [];
      return place?.node.kind === "directory"
        ? [...place.node.entries.keys()].map(displayBytes).sort(compareBytes)
        : [];
    },
    materialise(directory) {
      const place = resolve(directory);
      if (place?.from === "disk") return place.path;
      if (place?.node.kind !== "directory") return undefined;
      const copy = below(paths.runtimeDirectory, "files", directory.replaceAll("/", "!"));
      writeCopy(store, place.node, copy);
      return copy;
    },
  };
}

function writeCopy(store: ObjectStore, node: DirectoryNode, copy: AbsPath): void {
  try {
    rmSync(copy, { recursive: true, force: true });
    mkdirSync(dirname(copy), { recursive: true });
  } catch (error) {
    throw hostError(error, `making ${copy}`);
  }
  writePlainTree(plainTreeOfImage(node), copy, { store, isRoot: false, label: copy });
}

/** Walks the components, each in the place that it belongs to; a link starts over with its target. */
function resolvePlace(path: AbsPath, image: () => DirectoryNode, diskPlaces: Readonly<Record<string, AbsPath>>): Place {
  const todo = path.split("/").reverse();
  let at: string[] = [];
  let links = 0;
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (name === "" || name === ".") continue;
    if (name === "..") {
      at = at.slice(0, -1);
      continue;
    }
    const target = readLink(placeOf([...at, name], image, diskPlaces));
    if (target === undefined) {
      at = [...at, name];
      continue;
    }
    links++;
    if (links > MAX_LINKS) return undefined;
    if (target.startsWith("/")) at = [];
    todo.push(...target.split("/").reverse());
  }
  return placeOf(at, image, diskPlaces);
}

function placeOf(
  names: readonly string[],
  image: () => DirectoryNode,
  diskPlaces: Readonly<Record<string, AbsPath>>,
): Place {
  const [top, ...rest] = names;
  const disk = top === undefined ? undefined : diskPlaces[top];
  if (disk !== undefined) {
    const path = below(disk, ...rest);
    return isThere(path) ? { from: "disk", path } : undefined;
  }
  const node = findNode(image(), names.map(utf8ToByteString));
  return node === undefined ? undefined : { from: "image", node };
}

function readLink(place: Place): string | undefined {
  if (place?.from === "image") {
    return place.node.kind === "symlink" ? stringToBytes(place.node.target).toString("utf8") : undefined;
  }
  return place !== undefined && lstatSync(place.path).isSymbolicLink() ? readlinkSync(place.path) : undefined;
}

function isThere(path: AbsPath): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return false;
    throw hostError(error, `looking at ${path}`);
  }
}
