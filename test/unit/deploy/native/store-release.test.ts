import { describe, expect, it } from "vitest";
import { DeployError } from "../../../../src/deploy/error.ts";
import { type StoringPorts, storeMakingRoom } from "../../../../src/deploy/native/store-release.ts";
import { type Files, noise, openTestStore, type ReleaseFixture, releaseFixture } from "../../store/store-fixture.ts";

const FREED = { bytes: 50_000, inodes: 20 };
const NOTHING = { deployments: [], kernels: [], objects: 0, freedBytes: 0 };
const APP: Files = { "usr/bin/app": noise("app", 5000), "etc/app.conf": "version 2" };

const noSpace = () => new DeployError("DEPLOY_NO_SPACE", "the update does not fit");

interface Told {
  readonly told: string;
  readonly isDropped: boolean;
  readonly asked: number;
}

async function storeWith(changes: Partial<StoringPorts>, made?: ReleaseFixture): Promise<Told> {
  const { medium, release, target } = made ?? (await releaseFixture([APP]));
  let [isDropped, asked] = [false, 0];
  const ports: StoringPorts = {
    store: await openTestStore(),
    requireRoom: () => undefined,
    planDrop: () => FREED,
    dropRollback: async () => ({ ...NOTHING, freedBytes: FREED.bytes }),
    ...changes,
  };
  const counting: StoringPorts = {
    ...ports,
    requireRoom(...plan) {
      asked += 1;
      return ports.requireRoom(...plan);
    },
    dropRollback() {
      isDropped = true;
      return ports.dropRollback();
    },
  };
  const told = await storeMakingRoom(counting, medium, release, target).then(
    ({ imageDigest }) => imageDigest,
    (error: unknown) => (error instanceof DeployError ? error.code : String(error)),
  );
  return { told, isDropped, asked };
}

/** A disk that would take the release if it needed this much less. */
function diskLacking(lack: { bytes: number; inodes: number }): Partial<StoringPorts> {
  let isDropped = false;
  let needed: { bytes: number; inodes: number } | undefined;
  return {
    requireRoom({ neededBytes, neededInodes }) {
      needed ??= { bytes: neededBytes, inodes: neededInodes };
      const room = isDropped ? FREED : { bytes: 0, inodes: 0 };
      const doesFit =
        neededBytes <= needed.bytes - lack.bytes + room.bytes &&
        neededInodes <= needed.inodes - lack.inodes + room.inodes;
      if (!doesFit) throw noSpace();
    },
    async dropRollback() {
      isDropped = true;
      return { ...NOTHING, freedBytes: FREED.bytes };
    },
  };
}

describe("a release for which there is no room", () => {
  it.each([
    ["just fits without the rollback deployment", FREED, true],
    ["lacks a byte even then", { ...FREED, bytes: FREED.bytes + 1 }, false],
    ["lacks an inode even then", { ...FREED, inodes: FREED.inodes + 1 }, false],
  ])("and which %s: %j", async (_what, lack, isStored) => {
    const made = await releaseFixture([APP]);
    const { told, isDropped } = await storeWith(diskLacking(lack), made);
    expect({ told, isDropped }).toEqual({ told: isStored ? made.imageDigest : "DEPLOY_NO_SPACE", isDropped: isStored });
  });

  it("is refused when nothing could make way, without another try", async () => {
    let asked = 0;
    const requireRoom = () => {
      asked += 1;
      if (asked === 1) throw noSpace();
    };
    const told = await storeWith({ requireRoom, dropRollback: async () => NOTHING });
    expect(told).toEqual({ told: "DEPLOY_NO_SPACE", isDropped: true, asked: 2 });
  });
});

describe("a release that cannot be stored for another reason", () => {
  it("costs no deployment", async () => {
    const requireRoom = () => {
      throw new DeployError("DEPLOY_NO_KERNEL", "there is no kernel");
    };
    expect(await storeWith({ requireRoom })).toEqual({ told: "DEPLOY_NO_KERNEL", isDropped: false, asked: 1 });
  });
});
