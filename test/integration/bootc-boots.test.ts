/**
 * What becomes of a new system on a bootc host: bootc neither counts boots nor checks health, forgets what is staged when
 * the power goes, and its rollback is a toggle. Each test names the guard in src/deploy/bootc without which it fails.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { makeBootcEngine } from "../../src/deploy/bootc/backend.ts";
import { deploymentIdOf } from "../../src/deploy/bootc/boot-facts.ts";
import { readRecord } from "../../src/deploy/bootc/record.ts";
import { restoreSource } from "../../src/deploy/bootc/restore-source.ts";
import { below } from "../../src/path.ts";
import { bootcImage } from "../support/bootc-double/bootc-images.ts";
import {
  type BootcHost,
  COMPOSEFS,
  confirmOn,
  openBootcHost,
  REGISTRY_SOURCE,
  release,
  storeOn,
  updateOn,
  versionsOn,
} from "../support/bootc-host.ts";

const UKI = { ...COMPOSEFS, bootType: "Uki" } as const;
const rollbacksOn = (host: BootcHost) => host.changes().filter((change) => /^!?rollback$/.test(change)).length;
const trialFile = ({ machine }: BootcHost) => below(machine.paths.stateDirectory, "bootc-trial");

/** Stored, staged and let go, but not booted. */
async function letGo(host: BootcHost, version: string) {
  const made = await release(version);
  const staged = await host.backend.stage(await storeOn(host, made));
  await host.backend.activate(staged);
  return { made, staged };
}

describe("an update that never becomes bootable", () => {
  it.each([
    ["the power goes before the shutdown (ostree)", {}, { powerCut: true }],
    ["the power goes before the shutdown (composefs, entries are exchanged at once)", COMPOSEFS, { powerCut: true }],
    ["the finaliser fails", {}, {}],
  ])("is told from one that fell back, and is staged again: %s", async (what, options, boot) => {
    const host = await openBootcHost(options);
    const { made, staged } = await letGo(host, "2.0");
    if (what === "the finaliser fails") host.machine.setTrap("finalisationFails", true);
    host.machine.boot(boot);
    host.machine.setTrap("finalisationFails", false);
    await host.backend.settleBoot("unknown");
    // guard: bootFactsOf in boot-facts.ts goes by what is in bootc's slots, not by what was asked for
    const { deployments } = await host.backend.bootFacts();
    expect(deployments.map(({ id }) => id)).not.toContain(staged.id);
    await host.backend.activate(await host.backend.stage(await storeOn(host, made)));
    await host.bootWithAgent();
    expect((await versionsOn(host))[1]).toBe("2.0");
    expect((await host.backend.bootFacts()).assessment).toBe("assessing");
  });

  it("takes GRUB's counter back, which would count the boots of the system that runs", async () => {
    const host = await openBootcHost({ hasGreenboot: true });
    await confirmOn(host, "2.0");
    await letGo(host, "3.0");
    expect(host.grubEnvironment().get("boot_counter")).toBe("3");
    host.machine.boot({ powerCut: true });
    await host.backend.settleBoot("unknown");
    for (let boots = 0; boots < 5; boots++) host.machine.boot();
    expect(await versionsOn(host)).toEqual([null, "2.0", "1.0"]); // guard: disarmUnfinished in settle-boot.ts
  });
});

describe("a new system that is sick", () => {
  it("is left by GRUB where it counts, and one rollback makes that the order", async () => {
    const host = await openBootcHost({ hasGreenboot: true });
    const { made } = await letGo(host, "2.0");
    for (let boots = 0; boots < 4; boots++) host.machine.boot();
    expect(await versionsOn(host)).toEqual([null, "1.0", "2.0"]);
    expect((await host.backend.status()).status.rollbackQueued).toBe(true);
    for (let runs = 0; runs < 3; runs++) await host.backend.settleBoot("unknown");
    // guard: rollbackQueued in settle-boot.ts, settleFallback: a second toggle would boot the bad one
    expect(rollbacksOn(host)).toBe(1);
    expect((await host.backend.status()).status.rollbackQueued).toBe(false);
    expect(host.grubEnvironment().get("boot_counter")).toBeUndefined(); // guard: tryDisarm before the toggle
    for (let boots = 0; boots < 3; boots++) {
      host.machine.boot();
      await host.backend.settleBoot("unknown");
    }
    expect(await versionsOn(host)).toEqual([null, "1.0", "2.0"]);
    const { deployments } = await host.backend.bootFacts();
    const fallen = deployments.find(({ id }) => id === deploymentIdOf(made.target.image.digest));
    expect(fallen).toMatchObject({ state: "bad", triesLeft: 0, release: { version: "2.0" } });
  });

  it("is left by greenboot alone where greenboot is at work", async () => {
    const host = await openBootcHost({ hasGreenboot: true });
    host.machine.setUnit("greenboot-healthcheck.service", { active: "active", enabled: "enabled" });
    await letGo(host, "2.0");
    expect(host.grubEnvironment().get("boot_counter")).toBeUndefined(); // guard: isGreenbootEnabled in boot-counting.ts
    host.machine.boot();
    for (let boots = 0; boots < 5; boots++) await host.backend.settleBoot("failed");
    expect(rollbacksOn(host)).toBe(0); // guard: isUsedUp in settle-boot.ts
    host.machine.boot({ fallsBack: true });
    await host.backend.settleBoot("unknown");
    expect(rollbacksOn(host)).toBe(0); // guard: settleFallback in settle-boot.ts
  });

  it.each([
    ["ostree", {}],
    ["composefs with systemd-boot", COMPOSEFS],
    ["composefs with unified kernel images", UKI],
  ])("is left after its tries where nobody else counts: %s", async (_what, options) => {
    const host = await openBootcHost(options);
    await updateOn(host, "2.0");
    await host.bootWithAgent();
    await host.bootWithAgent();
    expect((await host.backend.bootFacts()).booted).toMatchObject({ state: "armed", triesLeft: 0 });
    await host.bootWithAgent(); // guard: countTry in settle-boot.ts
    expect(await versionsOn(host)).toEqual([null, "1.0", "2.0"]);
    for (let boots = 0; boots < 3; boots++) await host.bootWithAgent();
    expect(await versionsOn(host)).toEqual([null, "1.0", "2.0"]);
    expect(rollbacksOn(host)).toBe(1);
  });

  it("is left although it never comes as far as its checks", async () => {
    const host = await openBootcHost();
    await letGo(host, "2.0");
    for (let boots = 0; boots < 4; boots++) {
      host.machine.boot();
      await host.backend.settleBoot("unknown"); // and then it hangs
      await host.backend.settleBoot("unknown");
    }
    host.machine.boot();
    expect(await versionsOn(host)).toEqual([null, "1.0", "2.0"]); // guard: `trials.length > tries` in settle-boot.ts
  });

  it("is kept when its last try does better, and the order is its own again", async () => {
    const host = await openBootcHost();
    await letGo(host, "2.0");
    for (let boots = 0; boots < 4; boots++) {
      host.machine.boot();
      await host.backend.settleBoot("unknown");
    }
    await host.backend.confirm(); // guard: wasGivenUp in confirm.ts
    host.machine.boot();
    expect(await versionsOn(host)).toEqual([null, "2.0", "1.0"]);
    expect((await host.backend.bootFacts()).assessment).toBe("confirmed");
  });

  it("may be tried once more, and is not taken for fallen meanwhile", async () => {
    const host = await openBootcHost({ hasGreenboot: true });
    const { made } = await letGo(host, "2.0");
    for (let boots = 0; boots < 4; boots++) host.machine.boot();
    await host.backend.settleBoot("unknown");
    const staged = await host.backend.stage(await storeOn(host, made));
    await host.backend.activate(staged);
    await host.backend.settleBoot("unknown"); // guard: the staged digest in settle-boot.ts, settleFallback
    const { deployments, nextBoot } = await host.backend.bootFacts();
    expect(deployments.find(({ id }) => id === staged.id)).toMatchObject({ state: "armed", triesLeft: 3 });
    expect([nextBoot, existsSync(trialFile(host))]).toEqual([staged.id, true]);
    host.machine.boot();
    expect((await versionsOn(host)).slice(0, 2)).toEqual([null, "2.0"]);
    expect((await host.backend.bootFacts()).assessment).toBe("assessing");
  });

  it("that was taken back by hand before it booted leaves no counter behind", async () => {
    const host = await openBootcHost({ hasGreenboot: true });
    await confirmOn(host, "2.0");
    await letGo(host, "3.0");
    expect(await host.backend.rollback()).toEqual({ nextBoot: "rollback" });
    // guard: disarmUnfinished in rollback.ts
    expect(host.grubEnvironment().get("boot_counter")).toBeUndefined();
  });

  it("is left by the script that counts without us, too", async () => {
    const host = await openBootcHost();
    const { made } = await letGo(host, "2.0");
    const booted = host.machine.boot();
    const id = deploymentIdOf(made.target.image.digest);
    // guard: writeTrial in activate.ts
    expect(readFileSync(trialFile(host), "utf8")).toBe(`deployment=${booted}\nid=${id}\nleft=3\n`);
    await host.backend.confirm();
    expect(existsSync(trialFile(host))).toBe(false); // guard: removeTrial in confirm.ts
  });

  it("is named to that script on composefs by its verity digest", async () => {
    const host = await openBootcHost(COMPOSEFS);
    await letGo(host, "2.0");
    const booted = host.machine.boot();
    expect(readFileSync(trialFile(host), "utf8")).toContain(`deployment=${booted}\n`);
  });
});

describe("the loader went back", () => {
  it("is believed by digests where bootc tells the boot order the wrong way round", async () => {
    const host = await openBootcHost(UKI);
    const { made } = await letGo(host, "2.0");
    host.machine.boot();
    await host.backend.settleBoot("unknown");
    await host.machine.exec(["bootc", "rollback"], { timeoutMs: 60_000 }); // as bootc-trial does
    host.machine.boot();
    expect((await host.backend.status()).status.rollbackQueued).toBe(true); // and yet what runs is the default
    await host.backend.settleBoot("unknown");
    expect(rollbacksOn(host)).toBe(1); // guard: tellsBootOrder in host-facts.ts: no toggle by a word that may be wrong
    const { deployments } = await host.backend.bootFacts();
    const fallen = deployments.find(({ id }) => id === deploymentIdOf(made.target.image.digest));
    expect(fallen?.state).toBe("bad");
    host.machine.boot();
    expect(await versionsOn(host)).toEqual([null, "1.0", "2.0"]);
  });

  it("and the entries that bootc made carry no counter of ours", async () => {
    const host = await openBootcHost(COMPOSEFS);
    await letGo(host, "2.0");
    const names = ["entries", "entries.staged"].flatMap((directory) =>
      readdirSync(below(host.machine.paths.boot, "loader", directory)),
    );
    // guard: boot-counting.ts leaves the names of staged entries alone
    expect(names.filter((name) => name.includes("+"))).toEqual([]);
    host.machine.boot();
    expect((await versionsOn(host))[1]).toBe("2.0");
  });
});

describe("without our record", () => {
  it("nothing is rolled back, rebooted or dropped", async () => {
    const host = await openBootcHost();
    await updateOn(host, "2.0");
    rmSync(below(host.machine.paths.stateDirectory, "bootc.json"));
    await host.bootWithAgent();
    await host.backend.settleBoot("failed");
    // guard: isOnTrial in boot-facts.ts takes what nobody recorded for good
    expect(await host.backend.bootFacts()).toMatchObject({ assessment: "confirmed", canFallBack: true });
    expect(rollbacksOn(host)).toBe(0);
  });

  it("a release whose image runs already is put on record, and nothing is staged", async () => {
    const host = await openBootcHost();
    const made = await confirmOn(host, "2.0");
    rmSync(below(host.machine.paths.stateDirectory, "bootc.json"));
    const image = await storeOn(host, made);
    // guard: prepareHost in stage.ts
    await expect(host.backend.stage(image)).rejects.toMatchObject({ code: "DEPLOY_BOOTC_RUNS_ALREADY" });
    const { booted } = await host.backend.bootFacts();
    expect(booted).toMatchObject({ payloadDigest: made.release.payloadDigest, release: { version: "2.0" } });
  });
});

describe("the way home", () => {
  const restoreOn = ({ machine }: BootcHost) => {
    const { paths, exec, inhibit } = machine;
    return restoreSource(makeBootcEngine({ paths, exec, inhibit, tries: 3 }));
  };

  it("leads back to the registry without a download where bootc can do that", async () => {
    const host = await openBootcHost();
    await expect(restoreOn(host)).rejects.toMatchObject({ code: "DEPLOY_BOOTC_NO_SOURCE" });
    await confirmOn(host, "2.0");
    await confirmOn(host, "3.0");
    expect(readRecord(host.machine.paths.stateDirectory).sourceBefore).toEqual(REGISTRY_SOURCE);
    expect(await restoreOn(host)).toEqual({ source: REGISTRY_SOURCE, how: "in-place" });
    expect((await host.backend.status()).spec.image).toEqual(REGISTRY_SOURCE);
    expect(await restoreOn(host)).toEqual({ source: REGISTRY_SOURCE, how: "followed-already" });
    await confirmOn(host, "4.0"); // and a stick is still welcome
    expect(await versionsOn(host)).toEqual([null, "4.0", "3.0"]);
  });

  it("stages the image of the registry elsewhere, which has nothing to prove to us", async () => {
    const host = await openBootcHost(COMPOSEFS);
    await confirmOn(host, "2.0");
    await expect(restoreOn(host)).rejects.toMatchObject({ code: "DEPLOY_BOOTC_SOURCE_NOT_RESTORED" }); // out of reach
    await host.machine.publish(bootcImage("5.0"), REGISTRY_SOURCE.image);
    expect(await restoreOn(host)).toEqual({ source: REGISTRY_SOURCE, how: "staged" });
    await host.bootWithAgent();
    expect((await versionsOn(host))[1]).toBe("5.0");
    expect((await host.backend.bootFacts()).assessment).toBe("confirmed");
  });

  it("is closed while an update waits or is on trial", async () => {
    const host = await openBootcHost();
    await letGo(host, "2.0");
    await expect(restoreOn(host)).rejects.toMatchObject({ code: "DEPLOY_BOOTC_ANOTHER_WAITS" });
    await host.bootWithAgent();
    await expect(restoreOn(host)).rejects.toMatchObject({ code: "DEPLOY_UNCONFIRMED" });
  });
});

describe("bound apps", () => {
  it("are there before the system is staged, and looked through after it is kept", async () => {
    const done: string[] = [];
    const apps = {
      store: async () => 7,
      load: async () => void done.push("load"),
      prune: async () => void done.push("prune"),
    };
    const host = await openBootcHost({ apps });
    const image = await storeOn(host, await release("2.0"));
    const before = host.changes().length;
    await host.backend.activate(await host.backend.stage(image));
    expect([image.writtenBytes > 7, before, done]).toEqual([true, 0, ["load"]]);
    await host.bootWithAgent();
    await host.backend.confirm();
    await host.backend.gc();
    expect(done).toEqual(["load", "prune", "prune"]);
  });

  it("keep a system from being staged that lacks them", async () => {
    const apps = {
      store: async () => 0,
      prune: async () => undefined,
      load: () => Promise.reject(new Error("no podman")),
    };
    const host = await openBootcHost({ apps });
    const image = await storeOn(host, await release("2.0"));
    await expect(host.backend.stage(image)).rejects.toThrow("no podman");
    expect(host.changes()).toEqual([]); // guard: apps.load in stage.ts comes before bootc
  });
});
