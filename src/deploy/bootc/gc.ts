/**
 * Collecting what the layout holds and its index does not name: layers of releases before, and what an interrupted run
 * has left. Deployments and what they need are bootc's own to collect.
 */
import { readdirSync, rmSync, statSync } from "node:fs";
import { reachableBlobs } from "../../bundle/reachable-blobs.ts";
import { errnoOf } from "../../error.ts";
import { hostError } from "../../host/error.ts";
import { digestHex } from "../../oci/digest.ts";
import { openLayout } from "../../oci/layout.ts";
import { type AbsPath, below } from "../../path.ts";
import { blobsDirectory } from "../local-layout.ts";
import type { GcResult } from "../port.ts";
import { requireConfirmed } from "./boot-facts.ts";
import type { BootcEngine } from "./engine.ts";
import { readKnownHost } from "./known-host.ts";
import { layoutDirectory, readLayoutIndex } from "./os-layout.ts";

/** See {@link DeployBackend.gc}. The deployment to go back to is bootc's, and stays. */
export async function collectGarbage(engine: BootcEngine): Promise<GcResult> {
  const known = await readKnownHost(engine);
  requireConfirmed(known);
  // An upgrade reads the layout again as long as something is staged from it: nothing is touched then.
  const blobs = known.host.status.staged === null ? await collectBlobs(layoutDirectory(engine.paths)) : NOTHING;
  await engine.apps.prune();
  return { deployments: [], kernels: [], objects: blobs.count, freedBytes: blobs.bytes };
}

const NOTHING = { count: 0, bytes: 0 };

/** @throws HostError; OciError for a manifest that is damaged: what it names is not known then */
export async function collectBlobs(layout: AbsPath): Promise<typeof NOTHING> {
  const index = readLayoutIndex(layout);
  const named = index === undefined ? [] : [...(await reachableBlobs(openLayout(layout), index))].map(digestHex);
  const directory = blobsDirectory(layout);
  let freed = NOTHING;
  for (const name of listBlobs(layout).filter((blob) => !named.includes(blob))) {
    const file = below(directory, name);
    try {
      freed = { count: freed.count + 1, bytes: freed.bytes + statSync(file).size };
      rmSync(file);
    } catch (error) {
      throw hostError(error, `removing ${file}`);
    }
  }
  return freed;
}

/** File names, the ones on their way in too. @throws HostError */
export function listBlobs(layout: AbsPath): readonly string[] {
  try {
    return readdirSync(blobsDirectory(layout));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw hostError(error, `listing ${layout}`);
  }
}
