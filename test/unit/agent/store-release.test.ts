import { describe, expect, it } from "vitest";
import { DeployError } from "../../../src/deploy/error.ts";
import { makeRelease, openWorld, writeMedium } from "./agent-fixture.ts";

const FREED = { bytes: 50_000, inodes: 20 };

/** A disk that would take the release if it needed this much less. */
async function updateLacking(lack: { bytes: number; inodes: number }) {
  const world = await openWorld(await makeRelease(1));
  const { backend } = world.device;
  let isDropped = false;
  let needed: { bytes: number; inodes: number } | undefined;
  const outcome = await world.run(writeMedium([await makeRelease(2)]), {
    preflight({ neededBytes, neededInodes }) {
      needed ??= { bytes: neededBytes, inodes: neededInodes };
      const room = isDropped ? FREED : { bytes: 0, inodes: 0 };
      const doesFit =
        neededBytes <= needed.bytes - lack.bytes + room.bytes &&
        neededInodes <= needed.inodes - lack.inodes + room.inodes;
      if (!doesFit) throw new DeployError("DEPLOY_NO_SPACE", "the update does not fit");
    },
    backend: {
      ...backend,
      planGc: async () => FREED,
      async gc(options) {
        isDropped ||= options?.dropRollback === true;
        return { ...(await backend.gc(options)), freedBytes: FREED.bytes };
      },
    },
  });
  return { kind: outcome.kind, isDropped };
}

describe("a release for which there is no room", () => {
  it.each([
    ["just fits without the rollback deployment", FREED, { kind: "rebooting", isDropped: true }],
    ["lacks a byte even then", { ...FREED, bytes: FREED.bytes + 1 }, { kind: "refused", isDropped: false }],
    ["lacks an inode even then", { ...FREED, inodes: FREED.inodes + 1 }, { kind: "refused", isDropped: false }],
  ])("and which %s: %j → %j", async (_what, lack, expected) => {
    expect(await updateLacking(lack)).toEqual(expected);
  });
});
