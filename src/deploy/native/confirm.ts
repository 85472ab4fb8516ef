/**
 * Confirming: the running deployment has proved itself, and its boot entry loses its counter. When all its entries are
 * gone, it is given the one of its activation again, after the kernel that it names.
 *
 *     <runtime directory>/confirmed    its id, until the reboot
 *
 * The command line and EFI variables of this boot go on saying that it is on trial. `reboot-if-unassessed` believes them
 * when it cannot read the boot partition, and this mark before them: a confirmed system is never rebooted.
 */
import { replaceFile } from "../../host/durable-write.ts";
import { below } from "../../path.ts";
import { loadImage } from "../../store/load-image.ts";
import { requireBooted } from "./boot-facts.ts";
import { type Engine, sweepAndRead } from "./engine.ts";
import { activationEntry } from "./entries.ts";
import { findKernel, publishKernel } from "./kernel.ts";
import type { Deployment } from "./snapshot.ts";

/** See {@link DeployBackend.confirm}. Entries of it that are good stay as they are, byte for byte. */
export async function confirmDeployment(engine: Engine): Promise<void> {
  const booted = requireBooted(await sweepAndRead(engine));
  if (booted.entries.length === 0) await publishGoodEntry(engine, booted);
  for (const { name, counter } of booted.entries) if (counter !== undefined) await engine.loader.markGood(name);
  leaveMark(engine, booted);
}

function leaveMark({ paths }: Engine, { id }: Deployment): void {
  replaceFile(below(paths.runtimeDirectory, "confirmed"), `${id}\n`);
}

/** Nothing is rewritten: there is no entry. What the boot partition lost may have been more than that, so kernel first. */
async function publishGoodEntry(engine: Engine, { origin }: Deployment): Promise<void> {
  const root = loadImage(engine.store, origin.imageDigest);
  await publishKernel(engine, findKernel(root), origin.kernel.bootChecksum);
  await engine.loader.arm(activationEntry(origin), undefined);
}
