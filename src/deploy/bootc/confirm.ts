/** Confirming: what runs has proved itself. bootc knows no such word, so it stands in our record, and in GRUB's counter. */
import { DeployError } from "../error.ts";
import { disarmCounting } from "./boot-counting.ts";
import { wasReorderedNow } from "./boot-facts.ts";
import type { BootcEngine } from "./engine.ts";
import { manifestDigestOf, manifestDigestsOf } from "./host-facts.ts";
import { readKnownHost } from "./known-host.ts";
import { changeRecord, keepImages, withImage } from "./record.ts";
import { reorder } from "./reorder.ts";
import { removeTrial } from "./trial-file.ts";

/** See {@link DeployBackend.confirm}. */
export async function confirmRunning(engine: BootcEngine): Promise<void> {
  const known = await readKnownHost(engine);
  const { host, record } = known;
  const running = manifestDigestOf(host.status.booted);
  if (running === undefined) {
    throw new DeployError("DEPLOY_BOOTC_NOT_BOOTED", "this host was not booted from a bootc image");
  }
  const image = record.images[running];
  const wasGivenUp = image?.standing === "bad" && wasReorderedNow(known);
  removeTrial(engine.paths);
  if (image?.countedBy === "grub") await disarmCounting(engine, host);
  if (wasGivenUp) await reorder(engine, false); // its last try did better than the ones before
  const there = manifestDigestsOf(host);
  changeRecord(engine.paths.stateDirectory, (old) =>
    keepImages(withImage(old, running, { standing: "good", trials: [], countedBy: "us" }), (digest) =>
      there.includes(digest),
    ),
  );
  await engine.apps.prune();
}
