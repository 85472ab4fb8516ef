import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { approveRelease } from "../../../src/agent/approve.ts";
import { exitStatusOf } from "../../../src/agent/outcome.ts";
import type { ProgramFiles } from "../../../src/agent/programs.ts";
import { withdrawAttempt } from "../../../src/agent/withdraw.ts";
import { DeployError } from "../../../src/deploy/error.ts";
import { HostError } from "../../../src/host/error.ts";
import { execOnHost } from "../../../src/host/exec.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import {
  attemptsOf,
  blobFile,
  makeRelease,
  openWorld,
  type SignedRelease,
  STRANGER_KEY,
  type World,
  writeMedium,
} from "./agent-fixture.ts";

let v1: SignedRelease;
let v2: SignedRelease;
let v3: SignedRelease;

beforeAll(async () => {
  [v1, v2, v3] = await Promise.all([makeRelease(1), makeRelease(2), makeRelease(3)]);
});

const CHECK = "usr/lib/bootferry/health.d/required/10-app";

describe("an update", () => {
  it("goes from the medium over a reboot to its confirmation", async () => {
    const world = await openWorld(v1);
    const medium = writeMedium([v2]);
    const installed = await world.run(medium);
    expect(installed).toMatchObject({ kind: "rebooting", state: "rebooting", release: { version: "2.0" } });
    expect(exitStatusOf(installed)).toBe(0);
    expect(world.trust().floors["os"]?.sequence).toBe(1); // of the release that it was provisioned with

    world.device.boot();
    expect(await world.run()).toMatchObject({
      kind: "confirmed",
      release: { version: "2.0" },
      health: { healthy: true },
    });
    expect(world.trust()).toMatchObject({
      floors: { os: { sequence: 2, payloadDigest: v2.payloadDigest } },
      timeFloorUtc: "2026-01-02T00:00:00Z",
    });
    expect(attemptsOf(world.history())).toEqual(["confirmed"]);
    expect((await world.ports.backend.bootFacts()).assessment).toBe("confirmed");
    expect(world.device.verbs).toEqual(["stage", "activate", "confirm", "gc"]);
  });

  it("tells when the medium is needed and when it is not", async () => {
    const world = await openWorld(v1);
    const medium = writeMedium([v2]);
    const told: string[] = [];
    await world.run(medium, { onStatus: (status) => told.push(`${status.state} ${status.medium}`) });
    expect(told).toEqual([
      "detected do-not-remove",
      "mounted do-not-remove",
      "verified do-not-remove",
      "storing do-not-remove",
      "stored may-be-removed",
      "staged may-be-removed",
      "rebooting may-be-removed",
    ]);
  });

  it("does not need the medium any more once it has said so", async () => {
    const world = await openWorld(v1);
    const medium = writeMedium([v2]);
    const outcome = await world.run(medium, {
      onStatus: ({ medium: advice }) => {
        if (advice === "may-be-removed") rmSync(medium, { recursive: true, force: true });
      },
    });
    expect(outcome.kind).toBe("rebooting");
    world.device.boot();
    expect((await world.run()).kind).toBe("confirmed");
  });

  it("raises no floor before it is confirmed", async () => {
    const world = await openWorld(v1);
    await world.run(writeMedium([v2]));
    world.device.boot();
    world.program(CHECK, "exit 1");
    await world.run();
    expect(world.trust()).toMatchObject({ floors: { os: { sequence: 1 } }, timeFloorUtc: null });
  });

  it("takes the newest release of several", async () => {
    const world = await openWorld(v1);
    expect(await world.run(writeMedium([v2, v3, v1]))).toMatchObject({ release: { version: "3.0" } });
  });
});

describe("a medium that is left in, or inserted again,", () => {
  it("does nothing while the update waits for its reboot", async () => {
    const world = await openWorld(v1, { config: '[reboot]\npolicy = "manual"' });
    const medium = writeMedium([v2]);
    expect((await world.run(medium)).kind).toBe("waiting");
    const verbs = [...world.device.verbs];
    const again = await world.run(medium);
    expect(again).toMatchObject({ kind: "waiting", state: "staged" });
    expect(again.message).toContain("A medium that stays in is looked at after that.");
    expect(world.device.verbs).toEqual(verbs);
  });

  it("does nothing once the update is confirmed", async () => {
    const world = await openWorld(v1);
    const medium = writeMedium([v2]);
    await world.run(medium);
    world.device.boot();
    expect(await world.run(medium)).toMatchObject({ kind: "nothing", state: "idle" }); // confirmed on the way
    const history = world.history();
    const outcome = await world.run(medium);
    expect(outcome).toMatchObject({ kind: "nothing", message: "os 2.0 (sequence 2) is installed already." });
    expect(exitStatusOf(outcome)).toBe(0);
    expect(world.history()).toEqual(history);
  });

  it("waits while the running deployment is not confirmed", async () => {
    const world = await openWorld(v1);
    await world.run(writeMedium([v2]));
    world.device.boot();
    world.program(CHECK, "exit 1");
    world.device.verbs.length = 0;
    expect(await world.run(writeMedium([v3]))).toMatchObject({ kind: "rebooting", release: { version: "2.0" } });
    expect(world.device.verbs).toEqual([]);
  });
});

describe("a medium that has nothing for this device", () => {
  const empty = () => writeMedium([]);
  it.each([
    ["holds no release", async () => empty(), "BUNDLE_NO_RELEASE", 6],
    ["is no medium of ours", async () => blobFile(empty(), digestOf("x")), "BUNDLE_MEDIUM_FOREIGN", 6],
    [
      "holds an older release",
      async () => writeMedium([await makeRelease(1, { content: "old" })]),
      "TRUST_SEQUENCE_OLDER",
      3,
    ],
    [
      "holds another release of the sequence that runs",
      async () => writeMedium([await makeRelease(2, { content: "other", statement: { version: "2.1" } })]),
      "TRUST_SEQUENCE_CONFLICT",
      3,
    ],
    [
      "is signed by a stranger",
      async () => writeMedium([await makeRelease(3, { key: STRANGER_KEY })]),
      "TRUST_KEY_UNKNOWN",
      3,
    ],
    [
      "is for another kind of device",
      async () => writeMedium([await makeRelease(3, { compatible: "other" })]),
      "BUNDLE_COMPATIBLE_MISMATCH",
      4,
    ],
    [
      "is for another architecture",
      async () => writeMedium([await makeRelease(3, { architecture: "arm64" })]),
      "BUNDLE_ARCHITECTURE_MISMATCH",
      4,
    ],
    [
      "holds a release of another name",
      async () => writeMedium([await makeRelease(3, { statement: { name: "other" } })]),
      "BUNDLE_NAME_NOT_FOLLOWED",
      4,
    ],
    [
      "wants a newer agent",
      async () => writeMedium([await makeRelease(3, { statement: { requires: { minAgent: "9.0.0" } } })]),
      "BUNDLE_AGENT_TOO_OLD",
      4,
    ],
    [
      "wants a step between",
      async () => writeMedium([await makeRelease(9, { statement: { requires: { minSequence: 5 } } })]),
      "BUNDLE_STEP_NEEDED",
      4,
    ],
    [
      "holds a release that has expired",
      async () => writeMedium([await makeRelease(3, { statement: { expiresAt: "2026-01-02T00:00:00Z" } })]),
      "TRUST_EXPIRED",
      3,
    ],
    [
      "holds two of one sequence",
      async () => writeMedium([v3, await makeRelease(3, { content: "twin", statement: { version: "3.1" } })]),
      "TRUST_SEQUENCE_CONFLICT",
      3,
    ],
    [
      "holds others besides: the most helpful reason is told",
      async () =>
        writeMedium([
          await makeRelease(8, { compatible: "other" }),
          await makeRelease(1, { content: "old" }),
          await makeRelease(7, { key: STRANGER_KEY }),
        ]),
      "TRUST_SEQUENCE_OLDER",
      3,
    ],
  ])("because it %s is refused", async (_, make, code, exitStatus) => {
    const world = await confirmedAtTwo();
    const history = world.history().length;
    const outcome = await world.run(await make());
    expect(outcome).toMatchObject({ kind: "refused", state: "refused", error: { code } });
    expect(exitStatusOf(outcome)).toBe(exitStatus);
    expect(world.history().slice(history)).toMatchObject([{ kind: "attempt", state: "refused", reason: { code } }]);
    expect(world.status()).toMatchObject({
      state: "refused",
      code,
      medium: "may-be-removed",
      remedy: outcome.error?.remedy,
    });
    expect(world.device.verbs).toEqual([]);
    expect(await world.run()).toMatchObject({ kind: "nothing" });
  });

  it("says so although the release that runs is on it too, when another one was tampered with", async () => {
    const world = await confirmedAtTwo();
    const medium = writeMedium([v2, v3]);
    const envelope = blobFile(medium, digestOf(v3.envelope));
    const bytes = JSON.parse(readFileSync(envelope, "utf8"));
    bytes.signatures[0].sig = Buffer.alloc(64).toString("base64");
    const forged = { ...v3, envelope: Buffer.from(JSON.stringify(bytes)) };
    expect(await world.run(writeMedium([v2, forged]))).toMatchObject({
      kind: "refused",
      error: { code: "TRUST_SIGNATURE_INVALID" },
    });
    expect(await world.run(writeMedium([v2, await makeRelease(3, { key: STRANGER_KEY })]))).toMatchObject({
      kind: "nothing",
      refusals: [{ code: "TRUST_KEY_UNKNOWN" }],
    });
  });
});

/** A device that has gone from 1 to 2. */
const bootedVersion = async ({ device }: World) => (await device.backend.bootFacts()).booted?.release?.version;

async function confirmedAtTwo(config = ""): Promise<World> {
  const world = await openWorld(v1, { config });
  await world.run(writeMedium([v2]));
  world.device.boot();
  await world.run();
  world.device.verbs.length = 0;
  return world;
}

describe("a medium whose content is not what was signed", () => {
  it.each([
    [
      "has a flipped bit",
      (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === 100 ? byte ^ 1 : byte))),
      "OCI_BLOB_DIGEST_MISMATCH",
    ],
    ["is cut short", (bytes: Buffer) => bytes.subarray(0, 200), "OCI_BLOB_SIZE_MISMATCH"],
    ["goes on too long", (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(1)]), "OCI_BLOB_SIZE_MISMATCH"],
  ])("%s: refused, nothing staged, nothing left", async (_, spoil, code) => {
    const world = await confirmedAtTwo();
    const medium = writeMedium([v3]);
    const file = blobFile(medium, v3.layerBlob);
    writeFileSync(file, spoil(readFileSync(file)));
    const outcome = await world.run(medium);
    expect(outcome).toMatchObject({ kind: "refused", error: { code } });
    expect(exitStatusOf(outcome)).toBe(6);
    expect(world.device.verbs).toEqual(["gc"]);
    expect(world.status().message).toContain("The running system is unchanged.");
  });

  it("lacks a blob: refused, and the same release from another medium installs", async () => {
    const world = await confirmedAtTwo();
    const medium = writeMedium([v3]);
    rmSync(blobFile(medium, v3.layerBlob));
    expect(await world.run(medium)).toMatchObject({
      kind: "refused",
      error: { code: "STORE_OBJECT_MISSING_FROM_MEDIUM" },
    });
    expect((await world.run(writeMedium([v3]))).kind).toBe("rebooting");
  });
});

describe("activating", () => {
  const noSpace = new DeployError("DEPLOY_BOOT_NO_SPACE", "the boot partition is full");

  it("is taken back as a whole when it fails, even after the entry was published", async () => {
    const world = await confirmedAtTwo();
    const { backend } = world.device;
    const failing = {
      ...backend,
      async activate(staged: Parameters<typeof backend.activate>[0]) {
        await backend.activate(staged);
        throw noSpace;
      },
    };
    const outcome = await world.run(writeMedium([v3]), { backend: failing });
    expect(outcome).toMatchObject({ kind: "refused", error: { code: "DEPLOY_BOOT_NO_SPACE" } });
    expect(world.device.verbs).toEqual(["stage", "activate", "unstage", "gc"]);
    const facts = await backend.bootFacts();
    expect(facts.nextBoot).toBe(facts.booted?.id);
    expect(await world.run(writeMedium([v3]))).toMatchObject({ kind: "rebooting" });
  });

  it("shows why it failed when taking it back fails too", async () => {
    const world = await confirmedAtTwo();
    const { backend } = world.device;
    const failing = {
      ...backend,
      activate: () => Promise.reject(noSpace),
      unstage: () => Promise.reject(new HostError("HOST_IO", "the boot partition is gone")),
    };
    const outcome = await world.run(writeMedium([v3]), { backend: failing });
    expect(outcome).toMatchObject({ error: { code: "DEPLOY_BOOT_NO_SPACE" } });
    expect(JSON.stringify(world.history())).toContain("the boot partition is gone");
  });
});

describe("the second lock", () => {
  it("refuses what the backend staged when it is not what was signed, and drops it", async () => {
    const world = await confirmedAtTwo();
    const { backend } = world.device;
    const lying = {
      ...backend,
      stage: async (image: Parameters<typeof backend.stage>[0]) => ({
        ...(await backend.stage(image)),
        imageDigest: v2.image.imageDigest,
      }),
    };
    const outcome = await world.run(writeMedium([v3]), { backend: lying });
    expect(outcome).toMatchObject({ kind: "refused", error: { code: "AGENT_SECOND_LOCK" } });
    expect(exitStatusOf(outcome)).toBe(3);
    expect(world.device.verbs).toEqual(["stage", "unstage", "gc"]);
    expect((await backend.bootFacts()).deployments.map(({ release }) => release?.version)).not.toContain("3.0");
    expect(attemptsOf(world.history()).at(-1)).toBe("refused AGENT_SECOND_LOCK");
  });

  it("also looks at the status that the backend reports", async () => {
    const world = await confirmedAtTwo();
    const { backend } = world.device;
    const lying = {
      ...backend,
      status: async () => {
        const host = await backend.status();
        return { ...host, status: { ...host.status, staged: host.status.booted } };
      },
    };
    expect(await world.run(writeMedium([v3]), { backend: lying })).toMatchObject({
      error: { code: "AGENT_SECOND_LOCK" },
    });
  });
});

describe("a lack of space", () => {
  const noSpace = () => {
    throw new HostError("HOST_NO_SPACE", "the disk is full");
  };

  it("is refused before anything is staged", async () => {
    const world = await confirmedAtTwo();
    world.device.requireRoom = noSpace;
    const outcome = await world.run(writeMedium([v3]));
    expect(outcome).toMatchObject({ kind: "refused", error: { code: "HOST_NO_SPACE" } });
    expect(exitStatusOf(outcome)).toBe(5);
    expect(world.device.verbs).not.toContain("stage");
  });

  it("makes the deployment go that is neither booted nor the last good one", async () => {
    const world = await confirmedAtTwo();
    let asked = 0;
    world.device.requireRoom = () => {
      asked += 1;
      if (asked === 1) noSpace();
    };
    expect((await world.run(writeMedium([v3]))).kind).toBe("rebooting");
    expect(world.device.verbs).toEqual(["gc-rollback", "stage", "activate"]);
  });
});

describe("a release that is not well", () => {
  async function sickAtThree(): Promise<World> {
    const world = await confirmedAtTwo();
    await world.run(writeMedium([v3]));
    world.program(CHECK, "echo the screen stays dark; exit 1");
    return world;
  }

  it("is tried as often as the loader allows, and the loader goes back", async () => {
    const world = await sickAtThree();
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect(world.device.boot().release?.version).toBe("3.0");
      expect(await world.run()).toMatchObject({ kind: "rebooting", health: { healthy: false } });
    }
    expect(world.device.boot().release?.version).toBe("2.0");
    world.removeProgram(CHECK);
    const outcome = await world.run();
    expect(outcome).toMatchObject({ kind: "rolled-back", state: "rolled-back", release: { version: "3.0" } });
    expect(world.history().at(-1)).toMatchObject({
      state: "rolled-back",
      reason: { code: "AGENT_UNHEALTHY", message: expect.stringContaining("the screen stays dark") },
      health: { healthy: false },
    });
    expect(world.trust().floors["os"]?.sequence).toBe(2);
    expect(attemptsOf(world.history())).toEqual(["confirmed", "rolled-back AGENT_UNHEALTHY"]);
  });

  it("is kept when it is well at a later try", async () => {
    const world = await sickAtThree();
    world.device.boot();
    await world.run();
    world.removeProgram(CHECK);
    world.device.boot();
    expect(await world.run()).toMatchObject({ kind: "confirmed", release: { version: "3.0" } });
    expect(await world.run(writeMedium([v3]))).toMatchObject({ kind: "nothing" });
  });

  it("is not tried again until somebody allows it", async () => {
    const world = await sickAtThree();
    for (let boots = 0; boots < 4; boots++) {
      world.device.boot();
      if (boots < 3) await world.run();
    }
    await world.run();
    const medium = writeMedium([v3]);
    const tried = await world.run(medium);
    expect(tried).toMatchObject({ kind: "nothing", refusals: [{ code: "AGENT_RELEASE_FAILED_HERE" }] });
    expect(tried.message).toContain("was tried already");
    expect(exitStatusOf(tried)).toBe(0);

    world.removeProgram(CHECK);
    expect(approveRelease(world.paths.stateDirectory, "3.0", world.ports.clock)).toMatchObject({ version: "3.0" });
    expect((await world.run(medium)).kind).toBe("rebooting");
    world.device.boot();
    expect((await world.run()).kind).toBe("confirmed");
  });

  it("that is allowed another try needs no medium for it", async () => {
    const world = await sickAtThree();
    for (let boots = 0; boots < 4; boots++) {
      world.device.boot();
      await world.run();
    }
    expect((await world.run()).kind).toBe("nothing");
    expect((await world.run(writeMedium([v2]))).kind).toBe("nothing"); // what came between does not matter
    world.removeProgram(CHECK);
    approveRelease(world.paths.stateDirectory, undefined, world.ports.clock);
    expect(await world.run()).toMatchObject({ kind: "rebooting", release: { version: "3.0" } });
  });

  it("does not keep a newer one from being installed", async () => {
    const world = await sickAtThree();
    for (let boots = 0; boots < 4; boots++) {
      world.device.boot();
      await world.run();
    }
    world.removeProgram(CHECK);
    const both = writeMedium([v3, await makeRelease(4)]);
    expect(await world.run(both)).toMatchObject({ kind: "rebooting", release: { version: "4.0" } });
  });

  it("stays when there is nothing to go back to, and is confirmed once it is well", async () => {
    const world = await openWorld(v1);
    await world.run(writeMedium([v2]));
    world.device.boot();
    world.program(CHECK, "exit 1");
    const { backend } = world.device;
    const alone = { ...backend, bootFacts: async () => ({ ...(await backend.bootFacts()), canFallBack: false }) };
    const outcome = await world.run(undefined, { backend: alone });
    expect(outcome).toMatchObject({ kind: "unhealthy", state: "assessing", error: { code: "AGENT_UNHEALTHY" } });
    expect(exitStatusOf(outcome)).toBe(1);
    world.removeProgram(CHECK);
    expect((await world.run(undefined, { backend: alone })).kind).toBe("confirmed");
  });

  it("is never rebooted when somebody else has confirmed it", async () => {
    const world = await openWorld(v1);
    await world.run(writeMedium([v2]));
    world.device.boot();
    world.program(CHECK, "exit 1");
    await world.device.backend.confirm(); // as systemd-bless-boot does
    expect(await world.run()).toMatchObject({ kind: "failed", state: "failed", error: { code: "AGENT_UNHEALTHY" } });
    expect(await world.run()).toMatchObject({ kind: "nothing" });
  });
});

describe("a release that fell back before its health was known", () => {
  async function powerCycles(world: World): Promise<void> {
    for (let boots = 0; boots < 4; boots++) world.device.boot();
  }

  it("is tried again without its medium, twice at most", async () => {
    const world = await confirmedAtTwo();
    await world.run(writeMedium([v3]));
    for (let attempt = 1; attempt <= 2; attempt++) {
      await powerCycles(world);
      expect(await world.run()).toMatchObject({ kind: "rebooting", release: { version: "3.0" } });
    }
    await powerCycles(world);
    expect(await world.run()).toMatchObject({ kind: "unassessed", release: { version: "3.0" } });
    expect(await world.run()).toMatchObject({ kind: "nothing" });
    expect(attemptsOf(world.history())).toEqual(["confirmed", ...Array(3).fill("unassessed AGENT_FELL_BACK")]);
    expect(await world.run(writeMedium([v3]))).toMatchObject({
      kind: "nothing",
      refusals: [{ code: "AGENT_RELEASE_FAILED_HERE" }],
    });
  });

  it("is confirmed when the next try works", async () => {
    const world = await confirmedAtTwo();
    await world.run(writeMedium([v3]));
    await powerCycles(world);
    await world.run();
    world.device.boot();
    expect(await world.run()).toMatchObject({ kind: "confirmed", release: { version: "3.0" } });
  });
});

describe("a deployment that never became bootable", () => {
  it("is staged anew, a bounded number of times", async () => {
    const world = await confirmedAtTwo();
    await world.run(writeMedium([v3]));
    for (let restage = 1; restage <= 2; restage++) {
      world.device.losePending();
      world.device.boot();
      expect(await world.run()).toMatchObject({ kind: "rebooting" });
    }
    world.device.losePending();
    world.device.boot();
    expect(await world.run()).toMatchObject({ kind: "failed" });
    expect(attemptsOf(world.history()).at(-1)).toBe("failed AGENT_NEVER_BOOTED");
    expect(await world.run()).toMatchObject({ kind: "nothing" });
  });

  it("is given up when the loader passes it over", async () => {
    const world = await confirmedAtTwo();
    world.device.ignoresCounted = true;
    await world.run(writeMedium([v3]));
    for (let boots = 1; boots <= 2; boots++) {
      world.device.boot();
      expect((await world.run()).kind).toBe("rebooting");
    }
    world.device.boot();
    expect((await world.run()).kind).toBe("failed");
    expect(attemptsOf(world.history()).at(-1)).toBe("failed AGENT_NEVER_BOOTED");
  });

  it.each(['policy = "manual"', 'policy = "window"\nwindow = "02:00-03:00"'])(
    "is given up when others reboot and the loader passes it over, with %j",
    async (config) => {
      const world = await confirmedAtTwo(`[reboot]\n${config}`);
      world.device.ignoresCounted = true;
      expect((await world.run(writeMedium([v3]))).kind).toBe("waiting");
      for (let boots = 1; boots <= 2; boots++) {
        world.device.boot();
        expect((await world.run()).kind).toBe("waiting");
        expect((await world.run()).kind).toBe("waiting"); // in the same boot: it is counted once
      }
      world.device.boot();
      expect((await world.run()).kind).toBe("failed");
      expect(attemptsOf(world.history()).at(-1)).toBe("failed AGENT_NEVER_BOOTED");
    },
  );
});

describe("a release that was confirmed and has been displaced", () => {
  async function displacedTwo(): Promise<World> {
    const world = await confirmedAtTwo();
    await world.device.backend.rollback();
    world.device.boot();
    expect((await world.run(writeMedium([v2]))).kind).toBe("nothing"); // it is still there to go back to
    world.program(CHECK, "exit 1");
    await world.run(writeMedium([v3]));
    for (let boots = 1; boots <= 4; boots++) {
      world.device.boot();
      await world.run();
    }
    expect(world.status().state).toBe("rolled-back");
    return world;
  }

  it("is installed again from its medium, though a newer one on it failed here, and then is current", async () => {
    const world = await displacedTwo();
    world.removeProgram(CHECK);
    const medium = writeMedium([v1, v2, v3]);
    expect(await world.run(medium)).toMatchObject({ kind: "rebooting", release: { version: "2.0" } });
    world.device.boot();
    expect(await world.run(medium)).toMatchObject({ kind: "nothing" });
    expect(await bootedVersion(world)).toBe("2.0");
    expect(world.trust().floors["os"]?.sequence).toBe(2);
  });

  it("goes on after a cut while it is staged", async () => {
    const world = await displacedTwo();
    world.removeProgram(CHECK);
    const { backend } = world.device;
    const stage: typeof backend.stage = async (...args) => {
      await backend.stage(...args);
      throw new Error("the power goes");
    };
    await expect(world.run(writeMedium([v2]), { backend: { ...backend, stage } })).rejects.toThrow("the power goes");
    expect(await world.run()).toMatchObject({ kind: "rebooting", release: { version: "2.0" } });
  });

  it("is not installed once more when it failed here after all", async () => {
    const world = await displacedTwo(); // whose check says no to this one as well
    await world.run(writeMedium([v2]));
    for (let boots = 1; boots <= 4; boots++) {
      world.device.boot();
      await world.run();
    }
    expect(await bootedVersion(world)).toBe("1.0");
    const { kind, message } = await world.run(writeMedium([v2]));
    expect([kind, message]).toEqual(["nothing", expect.stringContaining("was tried already")]);
  });
});

describe("the reboot", () => {
  it("is handed to systemd on a real device", async () => {
    const calls: string[] = [];
    const world = await openWorld(v1, {
      exec: async (argv, options) => {
        if (argv[0] !== "systemctl") return execOnHost(argv, options);
        calls.push(argv.join(" "));
        return { exitCode: 0, stdout: Buffer.alloc(0), stderrTail: "" };
      },
    });
    const paths = { ...world.paths, isSimulated: false };
    expect((await world.run(writeMedium([v2]), { paths })).kind).toBe("rebooting");
    expect(calls).toEqual(["systemctl reboot"]);
  });

  it("that systemd does not take is asked for again by the next run", async () => {
    let refuses = true;
    const world = await openWorld(v1, {
      exec: async (argv, options) => {
        if (argv[0] !== "systemctl") return execOnHost(argv, options);
        if (refuses) throw new HostError("HOST_TOOL_FAILED", "inhibited");
        return { exitCode: 0, stdout: Buffer.alloc(0), stderrTail: "" };
      },
    });
    const paths = { ...world.paths, isSimulated: false };
    expect(await world.run(writeMedium([v2]), { paths })).toMatchObject({
      kind: "waiting",
      error: { code: "HOST_TOOL_FAILED" },
    });
    refuses = false;
    expect((await world.run(undefined, { paths })).kind).toBe("rebooting");
  });

  it("waits until the device is idle, and merges /etc once more then", async () => {
    const world = await openWorld(v1, { config: '[reboot]\npolicy = "idle"\nidle-command = ["test", "-e", "IDLE"]' });
    const idle = (isIdle: boolean) => ({
      exec: async (argv: readonly [string, ...string[]], options: Parameters<typeof execOnHost>[1]) => {
        if (!argv.includes("IDLE")) return execOnHost(argv, options);
        return { exitCode: isIdle ? 0 : 1, stdout: Buffer.alloc(0), stderrTail: "" };
      },
    });
    expect(await world.run(writeMedium([v2]), idle(false))).toMatchObject({ kind: "waiting", state: "staged" });
    expect(await world.run(undefined, idle(false))).toMatchObject({ kind: "waiting" });
    expect(await world.run(undefined, idle(true))).toMatchObject({ kind: "rebooting" });
    expect(world.device.verbs).toEqual(["stage", "activate", "activate"]);
  });

  it("by a person is as good", async () => {
    const world = await openWorld(v1, { config: '[reboot]\npolicy = "manual"' });
    expect((await world.run(writeMedium([v2]))).message).toContain("It waits for somebody to reboot the device.");
    world.device.boot();
    expect(await world.run()).toMatchObject({ kind: "confirmed" });
  });
});

describe("what the agent did not begin", () => {
  it("is assessed all the same: a deployment of `os upgrade`", async () => {
    const world = await confirmedAtTwo();
    await world.run(writeMedium([v3]), {});
    rmSync(join(world.paths.stateDirectory, "journal.json"));
    world.device.boot();
    expect(await world.run()).toMatchObject({ kind: "confirmed", release: { version: "3.0" } });
    expect(world.trust().floors["os"]?.sequence).toBe(3);
  });

  it("is respected: a rollback by hand ends the update and is not fought", async () => {
    const world = await confirmedAtTwo('[reboot]\npolicy = "manual"');
    await world.run(writeMedium([v3]));
    const { backend } = world.device;
    await backend.rollback();
    withdrawAttempt(world.paths.stateDirectory, world.ports.clock);
    world.device.verbs.length = 0;
    expect(await world.run()).toMatchObject({ kind: "nothing" });
    expect(attemptsOf(world.history()).at(-1)).toBe("failed AGENT_WITHDRAWN");
    expect(world.device.verbs).toEqual([]);
    expect(await world.run(writeMedium([v3]))).toMatchObject({ kind: "waiting" });
  });

  it("is respected: another deployment in the place of ours", async () => {
    const world = await confirmedAtTwo('[reboot]\npolicy = "manual"');
    await world.run(writeMedium([v3]));
    world.device.losePending();
    world.device.provision((await makeRelease(4)).image);
    const { backend } = world.device;
    const facts = await backend.bootFacts();
    const deployments = facts.deployments.map((it) =>
      it.release?.version === "4.0" ? { ...it, state: "armed" as const } : it,
    );
    await world.run(undefined, { backend: { ...backend, bootFacts: async () => ({ ...facts, deployments }) } });
    expect(attemptsOf(world.history()).at(-1)).toBe("failed AGENT_WITHDRAWN");
  });
});

describe("programs in hooks.d", () => {
  it("hear each state, and their failures change nothing but the history", async () => {
    const world = await openWorld(v1);
    const log = join(world.paths.sysroot, "hooks.log");
    for (const state of ["storing", "rebooting", "confirmed", "refused"]) {
      const line = '"$BOOTFERRY_STATE $BOOTFERRY_RELEASE_VERSION $BOOTFERRY_CODE"';
      world.program(`etc/bootferry/hooks.d/${state}/10-lamp`, `echo ${line} >> ${log}; test ${state} != rebooting`);
    }
    await world.run(writeMedium([v2]));
    world.device.boot();
    await world.run();
    await world.run(writeMedium([v1]));
    expect(readFileSync(log, "utf8").split("\n")).toEqual([
      "storing 2.0 ",
      "rebooting 2.0 ",
      "confirmed 2.0 ",
      "refused  TRUST_SEQUENCE_OLDER",
      "",
    ]);
    expect(world.history().filter(({ kind }) => kind === "note")).toMatchObject([
      { about: "hook", message: expect.stringContaining("10-lamp ended with exit status 1") },
    ]);
  });
});

describe("what only shows and tells", () => {
  it("keeps no system from being confirmed when it cannot: status.json, and a directory of hooks", async () => {
    const world = await openWorld(v1);
    await world.run(writeMedium([v2]));
    world.device.boot();
    rmSync(world.paths.runtimeDirectory, { recursive: true });
    writeFileSync(world.paths.runtimeDirectory, "in the way");
    const listPrograms: ProgramFiles["listPrograms"] = async (directory) => {
      if (directory.includes("hooks.d")) throw new HostError("HOST_IO", `listing ${directory}: EIO`);
      return world.ports.programs.listPrograms(directory);
    };
    const confirmed = await world.run(undefined, { programs: { ...world.ports.programs, listPrograms } });
    expect(confirmed).toMatchObject({ kind: "confirmed", error: undefined });
    expect(world.history()).toContainEqual(
      expect.objectContaining({ about: "hook", message: expect.stringContaining("EIO") }),
    );
  });
});

describe("stopping the agent", () => {
  it("leaves an attempt that the next run goes on from", async () => {
    const world = await openWorld(v1);
    const medium = writeMedium([v2]);
    const abort = new AbortController();
    const stopped = world.run(medium, {
      signal: abort.signal,
      onStatus: ({ state }) => {
        if (state === "storing") abort.abort(new Error("stopped by SIGTERM"));
      },
    });
    await expect(stopped).rejects.toThrow("stopped by SIGTERM");
    expect(world.status().state).toBe("storing");
    expect((await world.run(medium)).kind).toBe("rebooting");
    expect(attemptsOf(world.history())).toEqual(["failed AGENT_INTERRUPTED"]);
  });
});
