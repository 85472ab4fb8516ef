/** Targets without a tree: of use to a backend that deploys from the image's own layers, and to no other. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { journalFile, journalSchema } from "../../../src/agent/journal.ts";
import { exitStatusOf } from "../../../src/agent/outcome.ts";
import type { DeployBackend } from "../../../src/deploy/port.ts";
import type { StoredTree } from "../../../src/store/ingest.ts";
import { makeRelease, openWorld, type SignedRelease, type World, writeMedium } from "./agent-fixture.ts";

const journalOf = ({ paths }: World) =>
  journalSchema.parse(JSON.parse(readFileSync(journalFile(paths.stateDirectory), "utf8")));

const withoutTree = <T extends object>(facts: T) => ({ ...facts, imageDigest: null });

/** A backend that stores `next` in a form of its own, and knows no composefs digest of anything. */
function treeless(backend: DeployBackend, next: SignedRelease): DeployBackend {
  return {
    ...backend,
    needsTree: false,
    store: async () => ({ ...next.image, kind: "tree" }) as StoredTree, // the fake one stages no other
    stage: async (image) => withoutTree(await backend.stage(image)),
    async bootFacts() {
      const { booted, deployments, ...rest } = await backend.bootFacts();
      return { ...rest, booted: booted && withoutTree(booted), deployments: deployments.map(withoutTree) };
    },
  };
}

it("are installed and confirmed by a backend that needs no tree, and the journal names no composefs digest", async () => {
  const world = await openWorld(await makeRelease(1));
  const next = await makeRelease(2, { withoutTree: true });
  const ports = { backend: treeless(world.device.backend, next) };
  expect((await world.run(writeMedium([next]), ports)).kind).toBe("rebooting");
  expect(journalOf(world)).toMatchObject({
    release: { imageManifestDigest: next.image.manifestDigest, imageDigest: null },
    deployment: { imageDigest: null },
  });
  world.device.boot();
  expect(await world.run(undefined, ports)).toMatchObject({ kind: "confirmed", release: { version: "2.0" } });
});

it("are refused by a backend that needs one, before anything is stored", async () => {
  const world = await openWorld(await makeRelease(1));
  const before = world.device.backend.countStored();
  const outcome = await world.run(writeMedium([await makeRelease(2, { withoutTree: true })]));
  expect(outcome).toMatchObject({ kind: "refused", error: { code: "STORE_TREE_ABSENT" } });
  expect(exitStatusOf(outcome)).not.toBe(0);
  expect([world.device.backend.countStored(), world.device.verbs]).toEqual([before, []]);
});
