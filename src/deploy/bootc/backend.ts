/**
 * bootc behind the deploy port. It deploys, and its status is what is believed; what it has no words for (which release,
 * proved or not) stands in our record.
 *
 * bootc checks no signature of a layout. What it is given was verified and copied by us, and what it says it has staged is
 * compared with that before it may boot.
 */
import type { DevicePaths } from "../../config/device-paths.ts";
import type { Exec } from "../../host/exec.ts";
import { type OpenInhibitor, openInhibitorOnHost } from "../../host/inhibitor.ts";
import { type BoundApps, bootcAppPorts, openBoundApps } from "../apps/bound-apps.ts";
import type { DeployBackend } from "../port.ts";
import { activateStaged } from "./activate.ts";
import { bootFactsOf, ownStaged, stagedOf } from "./boot-facts.ts";
import { checkLayers } from "./check-supply.ts";
import { confirmRunning } from "./confirm.ts";
import type { BootcEngine } from "./engine.ts";
import { collectGarbage, listBlobs } from "./gc.ts";
import { isBootedByBootc, manifestDigestsOf } from "./host-facts.ts";
import { readKnownHost } from "./known-host.ts";
import { layoutDirectory } from "./os-layout.ts";
import { readHost } from "./read-host.ts";
import { findObstacle } from "./require-usable.ts";
import { rollBack } from "./rollback.ts";
import { settleBoot } from "./settle-boot.ts";
import { stageLayout } from "./stage.ts";
import { storeLayout } from "./store-layout.ts";
import { undoStage } from "./undo-stage.ts";

export interface BootcBackendOptions {
  readonly paths: DevicePaths;
  readonly exec: Exec;
  /** How often a new deployment is tried (agent.toml: `install.tries`). */
  readonly tries: number;
  readonly inhibit?: OpenInhibitor;
  /** By default those that are bound to images in the way of bootc. */
  readonly apps?: BoundApps | undefined;
}

export function makeBootcEngine({ paths, exec, tries, inhibit, apps }: BootcBackendOptions): BootcEngine {
  const listSystems = async () => manifestDigestsOf(await readHost(exec));
  return {
    ...{ paths, exec, tries },
    inhibit: inhibit ?? openInhibitorOnHost,
    apps: apps ?? openBoundApps(bootcAppPorts(paths, exec), listSystems),
  };
}

/** Nothing is read or run before a verb is called. The caller holds the device's lock while it calls one that writes. */
export function openBootcBackend(options: BootcBackendOptions): DeployBackend {
  const engine = makeBootcEngine(options);
  const { paths, exec } = engine;
  return {
    kind: "bootc",
    needsTree: false,
    async probe() {
      const host = await readHost(exec);
      const obstacle = await findObstacle(exec, host);
      return { kind: "bootc", isBooted: isBootedByBootc(host), problem: obstacle?.message };
    },
    status: () => readHost(exec),
    async bootFacts() {
      return bootFactsOf(await readKnownHost(engine));
    },
    settleBoot: (health) => settleBoot(engine, health),
    store: (...release) => storeLayout(engine, ...release),
    checkSupply: (source, _release, target, signal) => checkLayers(engine, source, target, signal),
    countStored: () => listBlobs(layoutDirectory(paths)).length,
    stage: (image, stageOptions) => stageLayout(engine, image, stageOptions),
    async staged() {
      const digest = ownStaged(await readKnownHost(engine));
      return digest && stagedOf(digest);
    },
    async unstage() {
      const known = await readKnownHost(engine);
      if (ownStaged(known) !== undefined) await undoStage(engine, known.host);
    },
    activate: (staged) => activateStaged(engine, staged),
    confirm: () => confirmRunning(engine),
    rollback: () => rollBack(engine),
    gc: () => collectGarbage(engine),
  };
}
