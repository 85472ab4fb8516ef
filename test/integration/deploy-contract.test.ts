/**
 * What every deploy backend does, whatever it deploys with. Where their natures differ the table below says so, and the test
 * says what is true of either.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DeployBackend } from "../../src/deploy/port.ts";
import type { StoredImage } from "../../src/deploy/stored-image.ts";
import { type BootcHostOptions, bootcRelease, openBootcHost } from "../support/bootc-host.ts";
import { bootable, installAndBoot, openTestDevice, storeImage, type TestDevice } from "../support/device-fixtures.ts";
import { openFakeDevice } from "../support/fake-backend.ts";
import type { Files, ReleaseFixture } from "../unit/store/store-fixture.ts";

/** Release 1.0 runs already. */
interface BackendUnderTest extends Disposable {
  readonly backend: DeployBackend;
  boot(): Promise<void>;
}

interface Nature {
  /** What is staged and not activated does not boot. */
  readonly locks: boolean;
  /** What is staged is still there after a reboot, without being activated. */
  readonly keepsStaged: boolean;
  /**
   * What is staged can be dropped. Else it takes the place of the deployment to go back to, and stays locked until the
   * reboot takes it away.
   */
  readonly dropsStaged: boolean;
  /** The deployment to go back to can be given up for its room. */
  readonly dropsRollback: boolean;
}

const OURS: Nature = { locks: true, keepsStaged: true, dropsStaged: true, dropsRollback: true };
const OF_BOOTC: Nature = { locks: true, keepsStaged: false, dropsStaged: true, dropsRollback: false };

const BACKENDS: readonly (readonly [string, () => Promise<BackendUnderTest>, Nature])[] = [
  ["native", openNative, OURS],
  ["fake", openFake, OURS],
  ["bootc (ostree, GRUB counts)", () => openBootc({ hasGreenboot: true }), OF_BOOTC],
  ["bootc (ostree, nobody but us counts)", () => openBootc({}), OF_BOOTC],
  ["bootc (ostree, older than locking)", () => openBootc({ version: "1.6.0" }), { ...OF_BOOTC, locks: false }],
  [
    "bootc (composefs, systemd-boot)",
    () => openBootc({ backend: "composefs", bootloader: "systemd" }),
    { ...OF_BOOTC, dropsStaged: false },
  ],
];

async function openNative(): Promise<BackendUnderTest> {
  const device: TestDevice = await openTestDevice();
  await installAndBoot(device, bootable("1.0"));
  return {
    backend: device.backend,
    boot: async () => void device.boot(),
    [Symbol.dispose]: () => device[Symbol.dispose](),
  };
}

/** The one of the agent's tests: what they show is worth as much as it keeps the contract. */
async function openFake(): Promise<BackendUnderTest> {
  const { paths, store, [Symbol.dispose]: dispose } = await openTestDevice();
  const fake = openFakeDevice(paths, { store });
  fake.provision(storeImage(store, bootable("1.0"), "1.0", 1));
  fake.boot();
  return { backend: fake.backend, boot: async () => void fake.boot(), [Symbol.dispose]: dispose };
}

async function openBootc(options: BootcHostOptions): Promise<BackendUnderTest> {
  const { machine, backend, bootWithAgent } = await openBootcHost(options);
  const boot = options.hasGreenboot ? async () => void machine.boot() : () => bootWithAgent();
  return { backend, boot, [Symbol.dispose]: () => machine[Symbol.dispose]() };
}

/** A release of the given version, on a medium of its own: the same for every backend. */
async function makeRelease(version: string): Promise<ReleaseFixture> {
  return bootcRelease(version, [bootable(version) as Files]); // plain files all of them
}

describe.each(BACKENDS)("the %s backend", (_name, open, nature) => {
  let device: BackendUnderTest;
  let backend: DeployBackend;
  beforeEach(async () => {
    device = await open();
    backend = device.backend;
  });
  afterEach(() => device[Symbol.dispose]());

  const store = async (version: string): Promise<StoredImage> => {
    const { medium, release, target } = await makeRelease(version);
    return backend.store(medium, release, target);
  };
  const update = async (version: string) => {
    const staged = await backend.stage(await store(version));
    await backend.activate(staged);
    await device.boot();
    return staged.id;
  };
  const versions = async () => {
    const { staged, booted, rollback } = (await backend.status()).status;
    return [staged, booted, rollback].map((entry) => entry?.image?.version ?? null);
  };

  it("reports what runs, and that nothing keeps it from falling back", async () => {
    expect(await backend.probe()).toMatchObject({ isBooted: true, problem: undefined });
    expect(await versions()).toEqual([null, "1.0", null]);
    expect(await backend.bootFacts()).toMatchObject({ assessment: "confirmed", canFallBack: false });
  });

  it("stores a release once, without changing what boots", async () => {
    const { medium, release, target } = await makeRelease("2.0");
    const before = { count: backend.countStored(), facts: await backend.bootFacts() };
    const image = await backend.store(medium, release, target);
    expect(image).toMatchObject({
      manifestDigest: target.image.digest,
      payloadDigest: release.payloadDigest,
      release: { name: "kiosk-os", version: "2.0", sequence: 2 },
      compatible: target.compatible,
      architecture: target.architecture,
    });
    expect(image.writtenBytes).toBeGreaterThan(0);
    const count = backend.countStored();
    expect(count).toBeGreaterThan(before.count);
    expect(await backend.store(medium, release, target)).toEqual({ ...image, writtenBytes: 0 });
    expect(backend.countStored()).toBe(count);
    expect(await backend.bootFacts()).toEqual(before.facts);
  });

  it("stages nothing that another backend has stored", async () => {
    const image = await store("2.0");
    const foreign = { ...image, kind: image.kind === "tree" ? "layout" : "tree" } as StoredImage;
    await expect(backend.stage(foreign)).rejects.toThrow(TypeError);
    expect(await backend.staged()).toBeUndefined();
  });

  it("stages without changing what boots, and locks what is staged", async () => {
    const image = await store("2.0");
    const staged = await backend.stage(image);
    expect(staged).toMatchObject({
      manifestDigest: image.manifestDigest,
      imageDigest: image.kind === "tree" ? image.imageDigest : null,
    });
    const host = await backend.status();
    expect(host.status.staged?.image?.imageDigest).toBe(image.manifestDigest);
    expect(host.status.staged?.downloadOnly).toBe(nature.locks);
    expect((await backend.bootFacts()).nextBoot === staged.id).toBe(!nature.locks);
    await device.boot();
    const left = nature.locks ? [nature.keepsStaged ? "2.0" : null, "1.0", null] : [null, "2.0", "1.0"];
    expect(await versions()).toEqual(left);
  });

  it("activates, boots, and confirms", async () => {
    const id = await update("2.0");
    expect(await backend.bootFacts()).toMatchObject({ assessment: "assessing", canFallBack: true, nextBoot: id });
    await backend.confirm();
    expect(await backend.bootFacts()).toMatchObject({ assessment: "confirmed", nextBoot: id });
    expect(await versions()).toEqual([null, "2.0", "1.0"]);
  });

  it("shows an activated deployment as staged and no longer locked until it is booted", async () => {
    await backend.activate(await backend.stage(await store("2.0")));
    const host = await backend.status();
    expect(host.status.staged).toMatchObject({ downloadOnly: false, image: { version: "2.0" } });
    expect(host.spec.image).toEqual(host.status.staged?.image?.image);
  });

  it("falls back when it is not confirmed, and then shows what failed as rollback", async () => {
    const id = await update("2.0");
    for (let boots = 0; boots < 3; boots++) await device.boot();
    expect(await versions()).toEqual([null, "1.0", "2.0"]);
    const facts = await backend.bootFacts();
    expect(facts.assessment).toBe("confirmed");
    expect(facts.deployments.find((deployment) => deployment.id === id)).toMatchObject({ state: "bad", triesLeft: 0 });
  });

  it("is idempotent: staging, activating and confirming twice is like once", async () => {
    const image = await store("2.0");
    const first = await backend.stage(image);
    expect((await backend.stage(image)).id).toBe(first.id);
    await backend.activate(first);
    expect((await backend.stage(image)).id).toBe(first.id);
    await backend.activate(first);
    await device.boot();
    await backend.confirm();
    await backend.confirm();
    expect(await versions()).toEqual([null, "2.0", "1.0"]);
  });

  it("replaces what is staged and not activated", async () => {
    const first = await backend.stage(await store("2.0"));
    const second = await backend.stage(await store("3.0"));
    expect((await backend.staged())?.id).toBe(second.id);
    await expect(backend.activate(first)).rejects.toMatchObject({ code: "DEPLOY_NOT_STAGED" });
    expect((await backend.bootFacts()).deployments.map(({ id }) => id)).not.toContain(first.id);
  });

  it("drops what is staged on request", async () => {
    await backend.stage(await store("2.0"));
    await backend.unstage();
    await backend.unstage();
    expect((await backend.staged()) === undefined).toBe(nature.dropsStaged);
    await device.boot();
    expect(await versions()).toEqual([null, "1.0", null]);
  });

  it("stages and collects nothing while the running deployment is not confirmed", async () => {
    await update("2.0");
    await expect(backend.stage(await store("3.0"))).rejects.toMatchObject({ code: "DEPLOY_UNCONFIRMED" });
    await expect(backend.gc()).rejects.toMatchObject({ code: "DEPLOY_UNCONFIRMED" });
  });

  it("rolls back, takes it back when called again, and boots what it said", async () => {
    await update("2.0");
    await backend.confirm();
    expect(await backend.rollback()).toEqual({ nextBoot: "rollback" });
    expect((await backend.status()).status.rollbackQueued).toBe(true);
    expect((await backend.status()).spec.bootOrder).toBe("rollback");
    expect(await backend.rollback()).toEqual({ nextBoot: "current" });
    expect((await backend.status()).status.rollbackQueued).toBe(false);
    await backend.rollback();
    await device.boot();
    expect(await versions()).toEqual([null, "1.0", "2.0"]);
    await device.boot();
    expect(await versions()).toEqual([null, "1.0", "2.0"]);
    expect((await backend.bootFacts()).assessment).toBe("confirmed");
  });

  it("rolls forward again after a rollback was booted", async () => {
    await update("2.0");
    await backend.confirm();
    await backend.rollback();
    await device.boot();
    expect(await backend.rollback()).toEqual({ nextBoot: "rollback" });
    await device.boot();
    expect(await versions()).toEqual([null, "2.0", "1.0"]);
  });

  it("drops what is staged when it rolls back", async () => {
    await update("2.0");
    await backend.confirm();
    await backend.stage(await store("3.0"));
    expect(await backend.rollback()).toEqual({ nextBoot: nature.dropsStaged ? "rollback" : "current" });
    expect((await backend.staged()) === undefined).toBe(nature.dropsStaged);
    await device.boot();
    expect((await versions()).slice(0, 2)).toEqual([null, nature.dropsStaged ? "1.0" : "2.0"]);
  });

  it("tries a deployment that never was confirmed when one goes back to it, and falls back again", async () => {
    await update("2.0");
    for (let boots = 0; boots < 3; boots++) await device.boot();
    expect(await backend.rollback()).toEqual({ nextBoot: "rollback" });
    await device.boot();
    expect(await versions()).toEqual([null, "2.0", "1.0"]);
    expect((await backend.bootFacts()).assessment).toBe("assessing");
    for (let boots = 0; boots < 3; boots++) await device.boot();
    expect(await versions()).toEqual([null, "1.0", "2.0"]);
  });

  it("has nothing to roll back to on a new device", async () => {
    await expect(backend.rollback()).rejects.toMatchObject({ code: "DEPLOY_NO_ROLLBACK" });
  });

  it("keeps two deployments over many updates, and collects what they no longer need", async () => {
    for (const version of ["2.0", "3.0", "4.0"]) {
      await update(version);
      await backend.confirm();
    }
    expect(await versions()).toEqual([null, "4.0", "3.0"]);
    const collected = await backend.gc();
    expect(collected.objects).toBeGreaterThan(0);
    expect(collected.freedBytes).toBeGreaterThan(0);
    expect(await backend.gc()).toMatchObject({ deployments: [], kernels: [], objects: 0, freedBytes: 0 });
    expect(await versions()).toEqual([null, "4.0", "3.0"]);
    await backend.rollback();
    await device.boot();
    expect(await versions()).toEqual([null, "3.0", "4.0"]);
  });

  it("gives the rollback deployment up when room is needed, and never the running one", async () => {
    await update("2.0");
    await backend.confirm();
    await backend.gc();
    expect(await versions()).toEqual([null, "2.0", "1.0"]);
    const { deployments, freedBytes } = await backend.gc({ dropRollback: true });
    expect(deployments).toHaveLength(nature.dropsRollback ? 1 : 0);
    expect(freedBytes > 0).toBe(nature.dropsRollback);
    const left = [null, "2.0", nature.dropsRollback ? null : "1.0"];
    expect(await versions()).toEqual(left);
    await device.boot();
    expect(await versions()).toEqual(left);
  });
});
