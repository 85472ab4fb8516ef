/** Storing a release on a device of the native engine: space first, then one read of the medium. */
import { CodedError, EXIT } from "../../error.ts";
import { type IngestOptions, ingestRelease, type StoredTree } from "../../store/ingest.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import type { StoreGarbage } from "../../store/plan-garbage.ts";
import { copyApps } from "../apps/store-apps.ts";
import type { DeployBackend, GcResult } from "../port.ts";
import { planDeviceApps } from "./device-apps.ts";
import { type Engine, requireSafeLoader } from "./engine.ts";
import { collectGarbage, type IsWanted, planGarbage } from "./gc.ts";
import { requireRoom } from "./require-room.ts";

type StoreArguments = Parameters<DeployBackend["store"]>;
type RequireRoom = NonNullable<IngestOptions["onPlan"]>;

/** See {@link DeployBackend.store}. */
export async function storeRelease(engine: Engine, ...release: StoreArguments): Promise<StoredTree> {
  await requireSafeLoader(engine);
  return storeWithApps(engine, release, (requireAllRoom) => {
    const ports: StoringPorts = {
      store: engine.store,
      requireRoom: requireAllRoom,
      planDrop: (isWanted) => planGarbage(engine, { dropRollback: true }, isWanted),
      dropRollback: () => collectGarbage(engine, { dropRollback: true }),
    };
    return storeMakingRoom(ports, ...release);
  });
}

/** As {@link storeRelease}, for whoever asks the loader himself; without room it is refused, and nothing makes way. */
export function storeIfRoom(
  engine: StoringEngine,
  ...[source, release, target, options]: StoreArguments
): Promise<StoredTree> {
  return storeWithApps(engine, [source, release, target, options], (onPlan) =>
    ingestRelease(engine.store, source, release, target, { ...options, onPlan }),
  );
}

type StoringEngine = Pick<Engine, "paths" | "loader" | "store" | "apps">;

/** The tree and the apps: what either of them needs is asked for before the first layer of both. */
async function storeWithApps(
  engine: StoringEngine,
  [source, , target, options]: StoreArguments,
  storeTree: (requireAllRoom: RequireRoom) => Promise<StoredTree>,
): Promise<StoredTree> {
  const apps = await planDeviceApps(engine, source, target, options);
  const stored = await storeTree((plan, root) =>
    requireRoom(engine, root, { ...plan, neededBytes: plan.neededBytes + apps.neededBytes }),
  );
  const appBytes = await copyApps(engine.apps, source, apps, options);
  return { ...stored, writtenBytes: stored.writtenBytes + appBytes };
}

export interface StoringPorts {
  readonly store: ObjectStore;
  /** Throws when the device has no room for what is about to be stored and deployed, the boot partition included. */
  readonly requireRoom: RequireRoom;
  /** What {@link dropRollback} would free on the file system of the store, without objects that are wanted. */
  readonly planDrop: (isWanted: IsWanted) => StoreGarbage;
  /** Drops the deployment that is neither booted nor the last confirmed one, and all that nothing else needs. */
  readonly dropRollback: () => Promise<GcResult>;
}

/**
 * Stores the image of a target. When there is no room the rollback deployment makes way, and it is tried once more; but
 * only for a release that fits then: no other is worth the way back.
 * @throws CodedError with exit status 5 for a lack of space, before the first layer is read; and as `ingestRelease`
 */
export async function storeMakingRoom(
  ports: StoringPorts,
  ...[source, release, target, options]: StoreArguments
): Promise<StoredTree> {
  let planned: Parameters<RequireRoom> | undefined;
  const onPlan: RequireRoom = (...plan) => {
    planned = plan;
    return ports.requireRoom(...plan);
  };
  const ingest = () => ingestRelease(ports.store, source, release, target, { ...options, onPlan });
  try {
    return await ingest();
  } catch (error) {
    if (!isNoSpace(error)) throw error;
    if (planned === undefined || !(await wouldFit(ports, ...planned))) throw error;
    const { deployments, freedBytes } = await ports.dropRollback();
    if (deployments.length === 0 && freedBytes === 0) throw error;
    return await ingest();
  }
}

/** Asks for room again, as if what the rollback deployment takes were free already. */
async function wouldFit(ports: StoringPorts, ...[plan, root]: Parameters<RequireRoom>): Promise<boolean> {
  const freed = ports.planDrop((digest) => plan.reused.has(digest));
  const { neededBytes, neededInodes } = plan;
  const rest = { ...plan, neededBytes: neededBytes - freed.bytes, neededInodes: neededInodes - freed.inodes };
  try {
    await ports.requireRoom(rest, root);
    return true;
  } catch (error) {
    if (isNoSpace(error)) return false;
    throw error;
  }
}

function isNoSpace(error: unknown): boolean {
  return error instanceof CodedError && error.exitStatus === EXIT.noSpace;
}
