/** Confirming: the running deployment has proved itself, and its boot entry loses its counter. */
import { requireBooted } from "./boot-facts.ts";
import { type Engine, sweepAndRead } from "./engine.ts";

/** See {@link DeployBackend.confirm}. Entries of it that are good stay as they are, byte for byte. */
export async function confirmDeployment(engine: Engine): Promise<void> {
  const booted = requireBooted(await sweepAndRead(engine));
  for (const { name, counter } of booted.entries) if (counter !== undefined) await engine.loader.markGood(name);
}
