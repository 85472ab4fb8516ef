/** Writes kernels on the boot partition again, from the store, where their content is not what the image says. */
import { loadImage } from "../../store/load-image.ts";
import type { Engine } from "./engine.ts";
import { findKernel, publishKernel } from "./kernel.ts";
import { readSnapshot } from "./snapshot.ts";

/** Call it when the store is whole again. @throws DeployError DEPLOY_BOOT_NO_SPACE; StoreError; HostError */
export async function repairBootFiles(engine: Engine): Promise<void> {
  const { deployments } = readSnapshot(engine.paths, engine.loader);
  for (const { origin, entries } of deployments) {
    if (entries.length === 0) continue;
    const kernel = findKernel(loadImage(engine.store, origin.imageDigest));
    await publishKernel(engine, kernel, origin.kernel.bootChecksum);
  }
}
