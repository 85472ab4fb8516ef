/**
 * The traps of bootc and what is not known of it for sure, one test each, on the stand-in. Each names the guard in
 * src/deploy/bootc without which it fails.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openBootcBackend } from "../../src/deploy/bootc/backend.ts";
import { changeRecord } from "../../src/deploy/bootc/record.ts";
import type { StageProgress } from "../../src/deploy/port.ts";
import { HostError } from "../../src/host/error.ts";
import type { Exec } from "../../src/host/exec.ts";
import { type Digest, digestHex, digestOf } from "../../src/oci/digest.ts";
import type { LayoutReader } from "../../src/oci/layout.ts";
import { below } from "../../src/path.ts";
import { bootcImage } from "../support/bootc-double/bootc-images.ts";
import {
  type BootcHost,
  type BootcHostOptions,
  COMPOSEFS,
  confirmOn,
  openBootcHost,
  release,
  storeOn,
  versionsOn,
} from "../support/bootc-host.ts";
import { memoryLayout } from "../support/lying-layout.ts";
import { writeOciLayout } from "../support/oci-fixtures.ts";
import { packFixture } from "../support/pack-fixtures.ts";
import { releaseFixture } from "../unit/store/store-fixture.ts";

const osOf = ({ machine }: BootcHost) => below(machine.paths.stateDirectory, "os");
const blobOf = (host: BootcHost, digest: Digest) => below(osOf(host), "blobs", "sha256", digestHex(digest));
const allCalls = ({ machine }: BootcHost) => machine.calls().flatMap(({ argv }) => argv);

function without(medium: LayoutReader, digest: Digest): LayoutReader {
  return { ...medium, blobSizeBytes: async (asked) => (asked === digest ? undefined : medium.blobSizeBytes(asked)) };
}

describe("what bootc is given", () => {
  it("was verified by us: bootc checks no signature and not always a digest", async () => {
    const host = await openBootcHost(COMPOSEFS);
    const made = await confirmOn(host, "2.0");
    const [shared] = made.layerBlobs;
    if (shared === undefined) throw new Error("the release has layers");
    const honest = readFileSync(blobOf(host, shared));
    writeFileSync(blobOf(host, shared), Buffer.from(honest).fill(0)); // the same size, which is all that composefs looks at
    await storeOn(host, await release("3.0"));
    expect(readFileSync(blobOf(host, shared))).toEqual(honest); // guard: verifyBlob in local-layout.ts, hasBlob
  });

  it("is named only when all of it is there and right", async () => {
    const host = await openBootcHost();
    const made = await release("2.0");
    const [, upper] = made.layerBlobs;
    const lying: LayoutReader = {
      ...made.medium,
      async openBlob(digest, options) {
        const blob = await made.medium.openBlob(digest, options);
        if (digest !== upper) return blob;
        const other = (async function* () {
          for await (const chunk of blob.chunks) yield Buffer.from(chunk).fill(0);
        })();
        return { ...blob, chunks: other };
      },
    };
    // guard: readVerifiedChunks in local-layout.ts, copyBlob
    await expect(storeOn(host, made, lying)).rejects.toMatchObject({ code: "OCI_BLOB_DIGEST_MISMATCH" });
    expect(existsSync(below(osOf(host), "index.json"))).toBe(false);
  });

  it("is what the host's status says it has staged, or nothing is: the layout was exchanged before bootc read it", async () => {
    const host = await openBootcHost({ version: "1.16.9" });
    const evil = below(host.machine.root, "evil");
    await writeOciLayout(evil, [{ tag: "current", images: [bootcImage("6.6.6")] }]);
    const image = await storeOn(host, await release("2.0"));
    host.machine.setTrap("swapsLayoutFor", evil);
    // guard: the comparison in classify-run.ts, and undoStage in stage.ts, takeVerdict
    await expect(host.backend.stage(image)).rejects.toMatchObject({ code: "DEPLOY_BOOTC_STAGED_ANOTHER" });
    expect(await versionsOn(host)).toEqual([null, "1.0", null]);
    // guard: engine.inhibit in stage.ts and undo-stage.ts; `!` would mark a change during which the machine could go down
    const [staging, ...undoing] = host.changes();
    expect(staging).toMatch(/^switch --quiet --transport oci /);
    expect(undoing).toEqual(["ostree admin undeploy 0"]);
    host.machine.boot();
    expect(await versionsOn(host)).toEqual([null, "1.0", null]);
  });

  it("does not change under what is staged: an upgrade of anybody would read it again", async () => {
    const host = await openBootcHost();
    await host.backend.activate(await host.backend.stage(await storeOn(host, await release("2.0"))));
    await storeOn(host, await release("3.0"));
    expect(await versionsOn(host)).toEqual([null, "1.0", null]); // guard: makeWay in store-layout.ts
  });

  it("stays as it is while somebody else's update waits", async () => {
    const host = await openBootcHost();
    await host.machine.stageForeign(bootcImage("9.0"));
    const made = await release("2.0");
    // guard: ownStaged in make-way.ts
    await expect(storeOn(host, made)).rejects.toMatchObject({ code: "DEPLOY_BOOTC_ANOTHER_WAITS" });
    expect(existsSync(below(osOf(host), "index.json"))).toBe(false);
    await host.backend.unstage();
    expect(await versionsOn(host)).toEqual(["9.0", "1.0", null]);
    expect(await host.backend.staged()).toBeUndefined();
  });

  it("can be read by nobody, as whom bootc before 1.16.4 reads it", async () => {
    const host = await openBootcHost({ version: "1.16.3" });
    host.machine.setTrap("isStartedBySystemd", true);
    const made = await release("2.0");
    mkdirSync(host.machine.paths.stateDirectory, { recursive: true });
    chmodSync(host.machine.paths.stateDirectory, 0o754);
    await host.backend.stage(await storeOn(host, made)); // guard: letEverybodyReach in store-layout.ts
    expect(statSync(host.machine.paths.stateDirectory).mode & 0o001).toBe(1);
    chmodSync(below(host.machine.root, "bootferry"), 0o750);
    await expect(storeOn(host, await release("3.0"))).rejects.toMatchObject({ code: "DEPLOY_LAYOUT_UNREADABLE" });
  });

  it("is refused before bootc is called when it is no image for bootc", async () => {
    const host = await openBootcHost();
    const bare = await releaseFixture([{ "usr/lib/x": "y" }], { compression: "none" });
    // guard: requireBootcShape in store-layout.ts
    await expect(storeOn(host, bare)).rejects.toMatchObject({ code: "DEPLOY_IMAGE_NOT_BOOTC" });
    expect(host.changes()).toEqual([]);
  });
});

describe("what bootc says of its own success", () => {
  it("is not believed: exit status 0 and nothing staged", async () => {
    const host = await openBootcHost();
    const image = await storeOn(host, await release("2.0"));
    host.machine.setTrap("silentNoOps", ["switch"]);
    // guard: the status after the run in stage.ts, runStaging
    await expect(host.backend.stage(image)).rejects.toMatchObject({ code: "DEPLOY_BOOTC_NOT_STAGED" });
    host.machine.setTrap("silentNoOps", []);
    await host.backend.stage(image);
    expect(await versionsOn(host)).toEqual(["2.0", "1.0", null]);
  });

  it("is not believed: a failure with the image staged, which would boot", async () => {
    const host = await openBootcHost({ version: "1.16.9" });
    const image = await storeOn(host, await release("2.0"));
    host.machine.setTrap("failsAfterStaging", "Pulling bound images: network unreachable");
    // guard: "staged-but-failed" in classify-run.ts
    await expect(host.backend.stage(image)).rejects.toMatchObject({ code: "DEPLOY_BOOTC_BOUND_IMAGES" });
    host.machine.boot();
    expect(await versionsOn(host)).toEqual([null, "1.0", null]);
  });

  it("is not believed: another digest under our reference", async () => {
    const host = await openBootcHost();
    await confirmOn(host, "2.0");
    const image = await storeOn(host, await release("3.0"));
    host.machine.setTrap("stagesDigest", `sha256:${"6".repeat(64)}`);
    // guard: the comparison in classify-run.ts
    await expect(host.backend.stage(image)).rejects.toMatchObject({ code: "DEPLOY_BOOTC_STAGED_ANOTHER" });
    expect(await versionsOn(host)).toEqual([null, "2.0", "1.0"]);
    expect((await host.backend.status()).status.rollbackQueued).toBe(false);
  });

  it("is taken back by two rollbacks where ostree has no word for it, and the boot order is the old one then", async () => {
    const host = await openBootcHost();
    await confirmOn(host, "2.0");
    const { paths, exec, inhibit } = host.machine;
    const withoutOstree: Exec = (argv, options) => {
      if (argv[0] === "ostree") throw new HostError("HOST_TOOL_MISSING", "ostree is not installed");
      return exec(argv, options);
    };
    const backend = openBootcBackend({ paths, exec: withoutOstree, inhibit, tries: 3 });
    await backend.stage(await storeOn(host, await release("3.0")));
    const before = host.changes().length;
    await backend.unstage();
    // guard: toggleTwice in undo-stage.ts: one toggle alone would boot the system before
    expect(host.changes().slice(before)).toEqual(["rollback", "rollback"]);
    expect(await versionsOn(host)).toEqual([null, "2.0", "1.0"]);
    expect((await host.backend.status()).status.rollbackQueued).toBe(false);
    await backend.unstage();
    expect(host.changes().slice(before)).toHaveLength(2);
  });

  it("is brought to its end when it was cut between the two rollbacks", async () => {
    const host = await openBootcHost();
    await confirmOn(host, "2.0");
    await host.backend.stage(await storeOn(host, await release("3.0")));
    const { bootId } = host.machine.state();
    changeRecord(host.machine.paths.stateDirectory, (record) => ({
      ...record,
      undoing: { rollbackQueued: false, bootId },
    }));
    await host.machine.exec(["bootc", "rollback"], { timeoutMs: 60_000 }); // and here we were killed
    expect((await host.backend.status()).status.rollbackQueued).toBe(true);
    await host.backend.settleBoot("unknown"); // guard: finishUndoing in settle-boot.ts
    expect((await host.backend.status()).status.rollbackQueued).toBe(false);
    expect(await versionsOn(host)).toEqual([null, "2.0", "1.0"]);
  });

  it("stays locked where it cannot be taken back, and is gone after the reboot", async () => {
    const host = await openBootcHost(COMPOSEFS);
    await confirmOn(host, "2.0");
    const image = await storeOn(host, await release("3.0"));
    host.machine.setTrap("stagesDigest", `sha256:${"6".repeat(64)}`);
    await expect(host.backend.stage(image)).rejects.toMatchObject({ code: "DEPLOY_BOOTC_STAGED_ANOTHER" });
    expect((await host.backend.status()).status.staged?.downloadOnly).toBe(true); // guard: --download-only in stage.ts
    host.machine.boot();
    expect((await versionsOn(host))[1]).toBe("2.0");
  });

  it("is said aloud where it can neither be locked nor taken back", async () => {
    const host = await openBootcHost({ ...COMPOSEFS, version: "1.16.9" });
    const image = await storeOn(host, await release("2.0"));
    host.machine.setTrap("stagesDigest", `sha256:${"6".repeat(64)}`);
    // guard: the last look at the status in undo-stage.ts
    await expect(host.backend.stage(image)).rejects.toMatchObject({
      code: "DEPLOY_BOOTC_STILL_STAGED",
      remedy: expect.stringMatching(/^Do not reboot/),
    });
  });

  it.each([
    ["hasNoSpace", true, "DEPLOY_NO_SPACE"],
    ["hasNoPodman", true, "DEPLOY_BOOTC_NO_PODMAN"],
    ["failures", { switch: "something new" }, "DEPLOY_BOOTC_FAILED"],
    ["failures", { switch: "Image has architecture arm64; expected amd64" }, "DEPLOY_IMAGE_NOT_BOOTC"],
  ] as const)("keeps bootc's words when it fails: %s %j", async (trap, value, code) => {
    const host = await openBootcHost();
    const image = await storeOn(host, await release("2.0"));
    host.machine.setTrap(trap, value as never);
    // guard: stderrTail in explain-failure.ts
    await expect(host.backend.stage(image)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/^bootc switch .+: \S/),
    });
    expect(await versionsOn(host)).toEqual([null, "1.0", null]);
  });

  it("is our own mistake when bootc knows no such option", async () => {
    const host = await openBootcHost();
    const image = await storeOn(host, await release("2.0"));
    host.machine.setTrap("unknownOptions", ["--quiet"]);
    // guard: "misunderstood" in classify-run.ts
    await expect(host.backend.stage(image)).rejects.toMatchObject({ code: "DEPLOY_BOOTC_MISUNDERSTOOD" });
  });

  it("is read through fields and words of the future", async () => {
    const host = await openBootcHost();
    host.machine.setTrap("hasSurprisingStatus", true);
    await confirmOn(host, "2.0"); // guard: loose schemas in host-status.ts
    expect(await versionsOn(host)).toEqual([null, "2.0", "1.0"]);
  });

  it("is read on composefs, where the type of a host is null", async () => {
    const host = await openBootcHost(COMPOSEFS);
    expect((await host.backend.status()).status.type).toBeNull();
    // guard: isBootedByBootc in host-facts.ts asks for what is booted
    expect(await host.backend.probe()).toEqual({ kind: "bootc", isBooted: true, problem: undefined });
  });
});

describe("which verb is used", () => {
  it("is switch once and upgrade from then on: a switch to the same reference does nothing", async () => {
    const host = await openBootcHost({ version: "1.16.9" });
    await confirmOn(host, "2.0");
    await confirmOn(host, "3.0");
    const reference = `${osOf(host)}:current`;
    // guard: isSameReference in stage.ts, stagingCommand
    expect(host.changes()).toEqual([
      `switch --quiet --transport oci ${reference}`,
      "!upgrade --quiet --download-only",
      "!upgrade --quiet --from-downloaded",
    ]);
    expect(await versionsOn(host)).toEqual([null, "3.0", "2.0"]);
  });

  it("locks where help says that it can, whatever the version", async () => {
    const host = await openBootcHost();
    host.machine.setTrap("unknownOptions", ["--download-only"]);
    await confirmOn(host, "2.0"); // guard: hasFlag in features.ts
    expect(host.changes().filter((change) => change.includes("download"))).toEqual([]);
    host.machine.setTrap("unknownOptions", []);
    await confirmOn(host, "3.0");
    expect(host.changes()).toContain("!upgrade --quiet --download-only");
  });

  it("is never --apply, which does not return, and never --check, which can stage on composefs", async () => {
    for (const options of [{}, COMPOSEFS]) {
      const host = await openBootcHost(options);
      await confirmOn(host, "2.0");
      await confirmOn(host, "3.0");
      await host.backend.rollback();
      // guard: the arguments in stage.ts, activate.ts and reorder.ts
      expect(allCalls(host)).not.toEqual(expect.arrayContaining(["--apply"]));
      expect(allCalls(host)).not.toEqual(expect.arrayContaining(["--check"]));
      expect(host.machine.state().isRebootRequested).toBe(false);
    }
  });

  it("finds its layout again when somebody has removed it", async () => {
    const host = await openBootcHost();
    await confirmOn(host, "2.0");
    rmSync(osOf(host), { recursive: true });
    expect(await versionsOn(host)).toEqual([null, "2.0", "1.0"]);
    await confirmOn(host, "3.0"); // guard: prepareLayout in store-layout.ts
    expect(await versionsOn(host)).toEqual([null, "3.0", "2.0"]);
  });

  it("lets go only what is still what was compared", async () => {
    const host = await openBootcHost();
    await confirmOn(host, "2.0");
    const staged = await host.backend.stage(await storeOn(host, await release("3.0")));
    host.machine.boot(); // what is locked does not outlive a reboot
    // guard: requireStaged in activate.ts
    await expect(host.backend.activate(staged)).rejects.toMatchObject({ code: "DEPLOY_NOT_STAGED" });
    await host.machine.stageForeign(bootcImage("9.0"));
    await expect(host.backend.activate(staged)).rejects.toMatchObject({ code: "DEPLOY_NOT_STAGED" });
  });

  it("takes a lock that somebody opened for what it is: the image was compared", async () => {
    const host = await openBootcHost();
    await confirmOn(host, "2.0");
    const staged = await host.backend.stage(await storeOn(host, await release("3.0")));
    await host.machine.exec(["bootc", "upgrade", "--quiet"], { timeoutMs: 60_000 }); // a plain upgrade unlocks
    expect(await host.backend.activate(staged)).toMatchObject({ id: staged.id });
    await host.bootWithAgent();
    expect((await host.backend.bootFacts()).assessment).toBe("assessing"); // guard: recordStored in store-layout.ts
  });
});

describe("layers that a medium leaves out", () => {
  const sparse = async (options: BootcHostOptions) => {
    const host = await openBootcHost(options);
    await confirmOn(host, "2.0");
    const made = await release("3.0");
    const [shared] = made.layerBlobs;
    if (shared === undefined) throw new Error("the release has layers");
    rmSync(blobOf(host, shared)); // bootc has it from the release before, and we no longer
    const stored = storeOn(host, made, without(made.medium, shared));
    return { host, stored };
  };

  it("are taken from what bootc has on ostree since 1.15", async () => {
    const { host, stored } = await sparse({ version: "1.15.0" });
    await host.backend.activate(await host.backend.stage(await stored));
    await host.bootWithAgent();
    expect((await versionsOn(host))[1]).toBe("3.0");
  });

  it.each([
    ["before 1.15", { version: "1.14.0" }],
    ["on composefs, which opens all of them first", COMPOSEFS],
  ])("are refused %s", async (_what, options) => {
    const { host, stored } = await sparse(options);
    // guard: mayBeSparse in store-layout.ts
    await expect(stored).rejects.toMatchObject({ code: "OCI_BLOB_MISSING" });
    expect(await versionsOn(host)).toEqual([null, "2.0", "1.0"]);
  });
});

describe("a delta", () => {
  /** Release 4.0 without the layer that all have, and a note of what it builds on, for a host that has lost that layer. */
  async function delta(options: BootcHostOptions, base: { readonly version: string; readonly payloadDigest: Digest }) {
    const host = await openBootcHost(options);
    await confirmOn(host, "2.0");
    await confirmOn(host, "3.0"); // what is there to go back to is ours now, too
    const made = await release("4.0");
    const [shared] = made.layerBlobs;
    if (shared === undefined) throw new Error("the release has layers");
    rmSync(blobOf(host, shared));
    const note = packFixture({ subject: made.target.image, tree: "-", files: [], base: { ...base, tree: "-" } });
    const medium = without(memoryLayout([...made.blobs, ...note.blobs], undefined, note.index), shared);
    return { host, made, medium };
  }
  const onThree = { version: "3.0", payloadDigest: digestOf("payload 3.0") };
  const onAnother = { version: "9.0", payloadDigest: digestOf("payload 9.0") };

  it.each<[string, BootcHostOptions, typeof onThree, RegExp]>([
    [
      "by a bootc that wants all layers",
      { version: "1.14.0" },
      onThree,
      /needs kiosk-os 3\.0 \(sequence 41\) on this device/,
    ],
    [
      "on a host with other releases",
      { version: "1.15.0" },
      onAnother,
      /needs kiosk-os 9\.0 \(sequence 41\) on this device/,
    ],
  ])("is refused %s, and its base is named", async (_what, options, base, message) => {
    const { host, made, medium } = await delta(options, base);
    const refusal = { code: "STORE_BASE_MISSING", message: expect.stringMatching(message) };
    // guard: requireBase in require-base.ts
    await expect(host.backend.checkSupply(medium, made.release, made.target)).rejects.toMatchObject(refusal);
    await expect(storeOn(host, made, medium)).rejects.toMatchObject(refusal);
    expect(await versionsOn(host)).toEqual([null, "3.0", "2.0"]);
  });

  it("is taken by a host with its base, whose bootc has the layer", async () => {
    const { host, made, medium } = await delta({ version: "1.15.0" }, onThree);
    await host.backend.checkSupply(medium, made.release, made.target);
    await host.backend.activate(await host.backend.stage(await storeOn(host, made, medium)));
    await host.bootWithAgent();
    expect((await versionsOn(host))[1]).toBe("4.0");
  });
});

describe("bootc's progress", () => {
  it.each(["limited", "flood", "surprising", "absent"] as const)(
    "comes through a real pipe, and never holds bootc up: %s",
    async (kind) => {
      const host = await openBootcHost();
      const image = await storeOn(host, await release("2.0"));
      host.machine.setTrap("progress", kind);
      const seen: StageProgress[] = [];
      // guard: openLineFifo in run-bootc.ts (the pipe that Node makes is refused), and that its reader never stops
      await host.backend.stage(image, { onProgress: (progress) => seen.push(progress) });
      expect(await versionsOn(host)).toEqual(["2.0", "1.0", null]);
      expect(seen.length > 0).toBe(kind !== "absent");
    },
  );

  it("is not asked of a bootc that may not have it", async () => {
    const host = await openBootcHost({ version: "1.1.0" });
    const image = await storeOn(host, await release("2.0"));
    await host.backend.stage(image, { onProgress: () => undefined }); // guard: hasProgressFd in stage.ts
    expect(await versionsOn(host)).toEqual(["2.0", "1.0", null]);
  });
});

describe("a host that cannot be updated through bootc", () => {
  it("is refused while bootc's own timer is at work", async () => {
    const host = await openBootcHost();
    const image = await storeOn(host, await release("2.0"));
    host.machine.setUnit("bootc-fetch-apply-updates.timer", { active: "active", enabled: "enabled" });
    // guard: isActive in require-usable.ts
    const refused = { code: "DEPLOY_BOOTC_TIMER_ACTIVE", remedy: expect.stringContaining("systemctl mask --now") };
    await expect(host.backend.stage(image)).rejects.toMatchObject(refused);
    await expect(storeOn(host, await release("3.0"))).rejects.toMatchObject(refused);
    expect((await host.backend.probe()).problem).toContain("timer is active");
  });

  it.each([
    ["runs from a read-only medium", "isReadOnly", "DEPLOY_BOOTC_READ_ONLY"],
    ["has layered packages", "isIncompatible", "DEPLOY_BOOTC_LAYERED"],
  ] as const)("is refused when it %s", async (_what, trap, code) => {
    const host = await openBootcHost();
    host.machine.setTrap(trap, true);
    await expect(storeOn(host, await release("2.0"))).rejects.toMatchObject({ code }); // guard: findObstacle
  });

  it("is refused when bootc did not boot it", async () => {
    const host = await openBootcHost({ backend: "none" });
    await expect(storeOn(host, await release("2.0"))).rejects.toMatchObject({ code: "DEPLOY_BOOTC_NOT_BOOTED" });
    expect(await host.backend.probe()).toMatchObject({ isBooted: false, problem: expect.any(String) });
  });

  it("says what bootc says when it is asked without being root", async () => {
    const host = await openBootcHost();
    host.machine.setTrap("isUnprivileged", true);
    await expect(host.backend.status()).rejects.toMatchObject({ code: "DEPLOY_BOOTC_FAILED" }); // guard: read-host.ts
  });

  it("is refused when it cannot keep what the release binds", async () => {
    const host = await openBootcHost(COMPOSEFS);
    const made = await release("2.0");
    const target = { ...made.target, apps: [{ name: "docker.io/acme/ui:7", image: made.target.image }] };
    // guard: requireApps in store-layout.ts
    await expect(storeOn(host, { ...made, target })).rejects.toMatchObject({ code: "DEPLOY_BOOTC_APPS_UNSUPPORTED" });
  });
});
