/** The native engine behind the deploy port: two deployments in one file system, composefs images, counted boot entries. */
import { openDeviceLoader } from "../../boot/device-loader.ts";
import type { DevicePaths } from "../../config/device-paths.ts";
import type { Clock } from "../../host/clock.ts";
import type { Exec } from "../../host/exec.ts";
import { checkSupply } from "../../store/check-supply.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { discardCopies } from "../apps/app-copies.ts";
import type { DeployBackend } from "../port.ts";
import { activateDeployment } from "./activate.ts";
import { bootFactsOf, requireBootPartition, slotsOf } from "./boot-facts.ts";
import { confirmDeployment } from "./confirm.ts";
import { appPortsOf, pruneDeviceApps } from "./device-apps.ts";
import { dropDeployments } from "./drop.ts";
import { type Engine, sweepAndRead } from "./engine.ts";
import { collectGarbage } from "./gc.ts";
import { nativeHost } from "./native-host.ts";
import { rollbackDeployment } from "./rollback.ts";
import { readSnapshot } from "./snapshot.ts";
import { stageDeployment, stagedOf } from "./stage.ts";
import { storeRelease } from "./store-release.ts";

export interface NativeBackendOptions {
  readonly paths: DevicePaths;
  readonly store: ObjectStore;
  readonly exec: Exec;
  readonly clock: Clock;
  /** How often a new deployment is tried (agent.toml: `install.tries`). */
  readonly tries?: number;
  /** Whether owners can be set; by default whether we are root. */
  readonly isRoot?: boolean;
}

const DEFAULT_TRIES = 3;

/** What the steps of the engine share. */
export function makeEngine(options: NativeBackendOptions): Engine {
  const { paths, store, exec, clock } = options;
  return {
    paths,
    store,
    apps: appPortsOf(paths, exec),
    exec,
    clock,
    loader: openDeviceLoader(paths, exec),
    tries: options.tries ?? DEFAULT_TRIES,
    isRoot: options.isRoot ?? process.getuid?.() === 0,
  };
}

/** Nothing is read or written before a verb is called. The caller holds the device's lock while it calls one that writes. */
export function openNativeBackend(options: NativeBackendOptions): DeployBackend {
  const engine = makeEngine(options);
  const { paths, loader, store } = engine;
  const read = () => readSnapshot(paths, loader);
  return {
    kind: "native",
    needsTree: true,
    async probe() {
      const { problem } = await loader.probe();
      return { kind: "native", isBooted: slotsOf(read()).booted !== undefined, problem };
    },
    async status() {
      return nativeHost(read(), (await loader.probe()).kind);
    },
    async bootFacts() {
      return bootFactsOf(requireBootPartition(read()));
    },
    settleBoot: async () => undefined, // the boot loader counts, and remembers its fallbacks
    store: (...release) => storeRelease(engine, ...release),
    checkSupply: (...supply) => checkSupply(store, ...supply),
    countStored: () => [...engine.store.listObjectNames()].length,
    stage: (image, stageOptions) => stageDeployment(engine, image, stageOptions),
    async staged() {
      const { pending } = slotsOf(read());
      return pending && stagedOf(pending);
    },
    async unstage() {
      const { pending } = slotsOf(await sweepAndRead(engine));
      await dropDeployments(engine, ({ id, isPinned }) => id === pending?.id && !isPinned);
      await pruneDeviceApps(engine);
    },
    async activate(staged) {
      const report = await activateDeployment(engine, staged);
      await pruneDeviceApps(engine);
      return report;
    },
    confirm: () => confirmDeployment(engine),
    async rollback() {
      const result = await rollbackDeployment(engine);
      await pruneDeviceApps(engine);
      return result;
    },
    async gc(gcOptions) {
      const result = await collectGarbage(engine, gcOptions);
      await pruneDeviceApps(engine);
      discardCopies(engine.apps.directory);
      return result;
    },
  };
}
