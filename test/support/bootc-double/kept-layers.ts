/** The layers that the machine keeps: those of images that a deployment has. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AbsPath, below } from "../../../src/path.ts";
import type { Machine } from "./context.ts";
import type { LayerBytes } from "./merge-layers.ts";
import type { RecordedLayer } from "./state.ts";

export function keepLayer(machine: Machine, digest: string, bytes: Buffer): void {
  writeFileSync(fileOf(machine, digest), bytes);
}

/** @param mediaType of the layer as it was read, which may be compressed otherwise than the one asked for */
export function readKeptLayer(machine: Machine, { digest, mediaType }: RecordedLayer): LayerBytes {
  return { mediaType, bytes: readFileSync(fileOf(machine, digest)) };
}

/**
 * A kept layer that needs not be read from the source: the same blob, or since 1.15.0 the same content compressed
 * otherwise.
 */
export function findKeptLayer(machine: Machine, { digest, diffId }: RecordedLayer): RecordedLayer | undefined {
  const kept = machine.state().deployments.flatMap(({ image }) => image.layers);
  const isSame = (layer: RecordedLayer) =>
    layer.digest === digest || (machine.has("diffIdReuse") && layer.diffId === diffId);
  return kept.find((layer) => isSame(layer) && existsSync(fileOf(machine, layer.digest)));
}

/** As bootc does after it has staged. */
export function pruneLayers(machine: Machine): void {
  const kept = machine.state().deployments.flatMap(({ image }) => image.layers.map(({ digest }) => hexOf(digest)));
  for (const name of readdirSync(machine.files.blobs))
    if (!kept.includes(name)) rmSync(below(machine.files.blobs, name));
}

function fileOf(machine: Machine, digest: string): AbsPath {
  return below(machine.files.blobs, hexOf(digest));
}

function hexOf(digest: string): string {
  return digest.slice("sha256:".length);
}
