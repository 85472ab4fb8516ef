/** Logically bound images: found in `/usr/lib/bootc/bound-images.d`, pulled and pruned as bootc does (boundimage.rs). */
import type { TreeNode } from "../../../src/tree/node.ts";
import { resolveNode } from "../../../src/tree/walk.ts";
import { BootcFailure, type Machine } from "./context.ts";
import type { MergedLayers } from "./merge-layers.ts";
import type { RecordedImage } from "./state.ts";

const DIRECTORY = "/usr/lib/bootc/bound-images.d";
const SECTION: Readonly<Record<string, string>> = { image: "[Image]", container: "[Container]" };

/** The names that the files bind. @throws BootcFailure for what may not stand there */
export function findBoundImages({ root, textOf }: MergedLayers): readonly string[] {
  const directory = resolveNode(root, DIRECTORY);
  if (directory?.kind !== "directory") return [];
  return [...directory.entries].map(([name, node]) => {
    if (node.kind !== "symlink") throw new BootcFailure(`Not a symlink: "${name}"`);
    const section = SECTION[name.split(".").at(-1) ?? ""];
    if (section === undefined) throw new BootcFailure(`Invalid file extension: "${name}"`);
    const target = node.target.startsWith("/") ? node.target : `${DIRECTORY}/${node.target}`;
    return imageOf(textOf, resolveNode(root, target), section);
  });
}

function imageOf(textOf: MergedLayers["textOf"], node: TreeNode | undefined, section: string): string {
  if (node?.kind !== "file") throw new BootcFailure("Failed to open bound image file");
  const lines = textOf(node.content).split("\n");
  const image = lines.slice(lines.indexOf(section) + 1).find((line) => line.startsWith("Image="));
  if (image === undefined || !lines.includes(section)) throw new BootcFailure(`Missing ${section} Image=`);
  return image.slice("Image=".length).trim();
}

/** One after the other, those that are not there by name. @throws BootcFailure when the registry is out of reach */
export function pullBoundImages(machine: Machine, { boundImages }: RecordedImage): void {
  for (const name of boundImages) {
    const { storage } = machine.state();
    if (Object.hasOwn(storage.bootc, name)) continue;
    if (!machine.traps.reachableImages.includes(name))
      throw new BootcFailure(
        `Pulling bound images: Subprocess failed: ExitStatus(unix_wait_status(32000)): initializing source docker://${name}: pinging container registry: network unreachable`,
      );
    machine.update({ storage: { ...storage, bootc: { ...storage.bootc, [name]: "{}" } } });
  }
}

/** ostree keeps what some deployment binds, the staged one's too; composefs only what hosts themselves are made of. */
export function pruneBoundImages(machine: Machine): void {
  const { storage, deployments } = machine.state();
  const isOstree = machine.facts.backend === "ostree";
  const kept = deployments.flatMap(({ image }) => (isOstree ? image.boundImages : [image.reference.image]));
  const bootc = Object.fromEntries(Object.entries(storage.bootc).filter(([name]) => kept.includes(name)));
  machine.update({ storage: { ...storage, bootc } });
}
