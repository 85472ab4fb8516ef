/**
 * Two bootferries share one /var: after a fallback the older one reads what the newer one wrote. A newer one is played
 * by adding to its documents what this one does not know.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { journalFile } from "../../../src/agent/journal.ts";
import { verdictsFile } from "../../../src/agent/verdicts.ts";
import type { AbsPath } from "../../../src/path.ts";
import { makeRelease, openWorld, type SignedRelease, type World, writeMedium } from "./agent-fixture.ts";

const CHECK = "usr/lib/bootferry/health.d/required/10-app";

let v1: SignedRelease;
let v2: SignedRelease;
let medium: AbsPath;

beforeAll(async () => {
  [v1, v2] = await Promise.all([makeRelease(1), makeRelease(2)]);
});
beforeEach(() => {
  medium = writeMedium([v2]);
});

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A document with a field more in each of its objects, but for maps, whose members are no fields. */
function withMore(value: Json): Json {
  if (Array.isArray(value)) return value.map(withMore);
  if (value === null || typeof value !== "object") return value;
  const members = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withMore(inner)]));
  const isMap = Object.keys(value).some((key) => key.startsWith("sha256:"));
  return isMap ? members : { ...members, addedLater: { more: true } };
}

function rewrite(file: string, change: (document: Json) => Json): void {
  writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, "utf8")) as Json)));
}

/** v2 is tried until the boot loader goes back; `change` is what the newer bootferry made of its state meanwhile. */
async function fallBack(world: World, change: () => void): Promise<void> {
  await world.run(medium);
  world.program(CHECK, "echo no display; exit 1");
  for (let tries = 0; tries < 3; tries++) {
    world.device.boot();
    await world.run();
  }
  world.removeProgram(CHECK);
  change();
  world.device.boot();
}

const journalOf = ({ paths }: World) => journalFile(paths.stateDirectory);

describe("state of a newer bootferry, read after a fallback", () => {
  it("is understood when fields were added: the release is not tried again, and why is shown", async () => {
    const world = await openWorld(v1);
    await fallBack(world, () => rewrite(journalOf(world), withMore));
    expect(await world.run()).toMatchObject({ kind: "rolled-back" });
    expect(world.history().at(-1)).toMatchObject({ reason: { message: expect.stringContaining("no display") } });
    rewrite(verdictsFile(world.paths.stateDirectory), withMore);
    expect(await world.run(medium)).toMatchObject({
      kind: "nothing",
      refusals: [{ code: "AGENT_RELEASE_FAILED_HERE" }],
    });
  });

  it.each([
    ["in a state that is not known", (journal: Json) => ({ ...(journal as object), state: "inspecting" }) as Json],
    ["of another version", (journal: Json) => ({ ...(journal as object), version: 2 }) as Json],
    ["that is damaged", () => "nonsense"],
  ])("%s does not stop the agent, and does not make it try the release for ever", async (_, change) => {
    const world = await openWorld(v1);
    let rounds = 0;
    for (; rounds < 10; rounds++) {
      const { kind } = await world.run(medium);
      if (kind === "nothing") break;
      await fallBack(world, () => rewrite(journalOf(world), change));
    }
    expect(rounds).toBe(3); // the first attempt and two more
    const notes = world.history().flatMap((record) => (record.kind === "note" ? [record.message] : []));
    expect(notes).toContainEqual(expect.stringMatching(/^os 2\.0 \(sequence 2\) is bad in the boot order/));
    expect((await world.device.backend.bootFacts()).booted).toMatchObject({
      state: "good",
      release: { version: "1.0" },
    });
  });

  it("leaves a journal that cannot be read where it is until the deployments can be asked", async () => {
    const world = await openWorld(v1);
    await world.run(medium);
    rewrite(journalOf(world), () => "nonsense");
    const backend = {
      ...world.device.backend,
      bootFacts: async () => {
        throw new Error("the boot partition is not mounted");
      },
    };
    await expect(world.run(undefined, { backend })).rejects.toThrow("not mounted");
    expect(readFileSync(journalOf(world), "utf8")).toBe('"nonsense"');
  });
});
