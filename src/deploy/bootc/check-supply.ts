/** Whether a medium has the layers that a bootc host lacks, found out without writing anything: for dry runs. */
import { readImageBlobs } from "../../bundle/image-blobs.ts";
import type { Target } from "../../bundle/statement.ts";
import type { Descriptor } from "../../oci/document.ts";
import { type LayoutReader, openLayout } from "../../oci/layout.ts";
import type { BootcEngine } from "./engine.ts";
import { isComposefs } from "./host-facts.ts";
import { layoutDirectory } from "./os-layout.ts";
import { readFeatures } from "./read-features.ts";
import { readHost } from "./read-host.ts";
import { requireBase } from "./require-base.ts";

/** See {@link DeployBackend.checkSupply}. */
export async function checkLayers(
  { exec, paths }: BootcEngine,
  source: LayoutReader,
  target: Target,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { layers } = await readImageBlobs(source, target.image, target.architecture, signal);
  const local = openLayout(layoutDirectory(paths));
  const absent: Descriptor[] = [];
  for (const layer of layers) {
    const [here, there] = [await local.blobSizeBytes(layer.digest), await source.blobSizeBytes(layer.digest)];
    if (here === undefined && there === undefined) absent.push(layer);
  }
  if (absent.length === 0) return;
  const host = await readHost(exec);
  const mayBeSparse = (await readFeatures(exec)).takesSparseLayouts && !isComposefs(host);
  await requireBase(paths.stateDirectory, host, { source, target, absent, mayBeSparse, signal });
}
