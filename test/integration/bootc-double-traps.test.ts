/** The traps of bootc on its stand-in: those that it sets of itself, and those that a test switches on. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { digestHex, parseDigest } from "../../src/oci/digest.ts";
import { bootcImage } from "../support/bootc-double/bootc-images.ts";
import { type DoubleMachine, type DoubleOptions, openDoubleMachine } from "../support/bootc-double/machine.ts";
import {
  hostOf,
  layoutPath,
  layoutTarget,
  runVerb,
  switchToLayout,
  versionsOf,
  writeLayout,
} from "../support/bootc-double/run-verb.ts";
import { writeOciLayout } from "../support/oci-fixtures.ts";

const COMPOSEFS: DoubleOptions = { backend: "composefs", bootloader: "systemd" };
const SEALED: DoubleOptions = { ...COMPOSEFS, bootType: "Uki" };
const APP = "quay.io/example/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

let machine: DoubleMachine;
const open = async (options: DoubleOptions = {}) => {
  machine = openDoubleMachine(options);
  await machine.provision(bootcImage("1.0"));
};
/** The layout has been booted from once, so that an upgrade reads it. */
const openOnLayout = async (options: DoubleOptions = {}) => {
  await open(options);
  await writeLayout(machine, bootcImage("1.1"));
  await switchToLayout(machine);
  machine.boot();
};
const blobOf = (digest: string) => join(layoutPath(machine), "blobs", "sha256", digestHex(parseDigest(digest)));
const layersOf = (digest: string): readonly { readonly digest: string }[] =>
  JSON.parse(readFileSync(blobOf(digest), "utf8")).layers;
const lastLayerOf = (digest: string) => blobOf(layersOf(digest).at(-1)?.digest ?? "");
afterEach(() => machine[Symbol.dispose]());

describe("the verification of a layout", () => {
  it("is none of the manifest: a changed one is taken, under its own digest", async () => {
    await open();
    const digest = await writeLayout(machine, bootcImage("1.1"));
    writeFileSync(blobOf(digest), `${readFileSync(blobOf(digest), "utf8")}\n`);
    expect((await switchToLayout(machine)).exitCode).toBe(0);
    expect((await hostOf(machine)).status.staged?.image?.imageDigest).not.toBe(digest);
  });

  it.each([
    ["ostree", "content", {}, 1],
    ["ostree", "size", {}, 1],
    ["composefs", "content", COMPOSEFS, 0],
    ["composefs", "size", COMPOSEFS, 1],
    ["composefs with signed kernel images", "content", SEALED, 1],
  ] as const)("of layers on %s: of another %s", async (_name, change, options, exitCode) => {
    await open(options);
    const image = bootcImage("1.1");
    const layers = image.layers.map((layer) => ({ ...layer, compression: "none" as const }));
    const layer = lastLayerOf(await writeLayout(machine, { ...image, layers }));
    const text = readFileSync(layer, "latin1").replace("stand-in for a shell", "stand-in for a virus");
    writeFileSync(layer, change === "size" ? `${text}\0` : text, "latin1");
    expect((await switchToLayout(machine)).exitCode).toBe(exitCode);
  });

  it("reads what another has put there meanwhile", async () => {
    await open();
    await writeLayout(machine, bootcImage("1.1"));
    const other = join(machine.root, "other");
    const [swapped] = await writeOciLayout(other, [{ tag: "current", images: [bootcImage("6.6.6")] }]);
    machine.setTrap("swapsLayoutFor", other);
    await switchToLayout(machine);
    expect((await hostOf(machine)).status.staged?.image?.imageDigest).toBe(swapped?.digest);
  });

  it.each([
    ["without a label", { labels: {} }, "does not have ostree.bootable label"],
    ["of another architecture", { architecture: "arm64" }, "Image has architecture arm64; expected amd64"],
    ["without a history", { hasHistory: false }, "Truncated history"],
  ] as const)("refuses an image %s on ostree", async (_what, changes, message) => {
    await open();
    await writeLayout(machine, { ...bootcImage("1.1"), ...changes });
    const { exitCode, stderr } = await switchToLayout(machine);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(message);
  });

  it("fails on a layout that nobody but root can read when systemd has started it, before 1.16.4", async () => {
    for (const [version, exitCode] of [
      ["1.16.3", 1],
      ["1.16.4", 0],
    ] as const) {
      await open({ version });
      const digest = await writeLayout(machine, bootcImage("1.1"));
      machine.setTrap("isStartedBySystemd", true);
      const manifest = readFileSync(blobOf(digest));
      rmSync(blobOf(digest));
      writeFileSync(blobOf(digest), manifest, { mode: 0o600 });
      expect((await switchToLayout(machine)).exitCode).toBe(exitCode);
      machine[Symbol.dispose]();
    }
  });
});

describe("a sparse layout", () => {
  const dropSharedLayers = (digest: string) => {
    for (const layer of layersOf(digest).slice(0, 1)) rmSync(blobOf(layer.digest));
  };

  it("is enough on ostree, and not on composefs", async () => {
    for (const [options, exitCode] of [
      [{}, 0],
      [COMPOSEFS, 1],
    ] as const) {
      await openOnLayout(options);
      dropSharedLayers(await writeLayout(machine, bootcImage("1.2")));
      expect((await runVerb(machine, "upgrade")).exitCode).toBe(exitCode);
      machine[Symbol.dispose]();
    }
  });

  it("may have been compressed anew from 1.15.0 on", async () => {
    const { layers, ...rest } = bootcImage("1.2");
    const recompressed = { ...rest, layers: layers.map((layer) => ({ ...layer, compression: "zstd" as const })) };
    for (const [version, exitCode] of [
      ["1.14.1", 1],
      ["1.15.0", 0],
    ] as const) {
      await openOnLayout({ version });
      dropSharedLayers(await writeLayout(machine, recompressed));
      expect((await runVerb(machine, "upgrade")).exitCode).toBe(exitCode);
      machine[Symbol.dispose]();
    }
  });

  it("takes a manifest with the same config for the same image", async () => {
    await openOnLayout();
    const { status } = await hostOf(machine);
    await writeLayout(machine, { ...bootcImage("1.1"), annotations: { other: "yes" } });
    expect((await runVerb(machine, "upgrade")).stdout).toBe("No update available.\n");
    expect((await hostOf(machine)).status).toEqual(status);
  });
});

describe("locks", () => {
  it("are opened by a plain upgrade on ostree", async () => {
    await openOnLayout();
    await writeLayout(machine, bootcImage("1.2"));
    await runVerb(machine, "upgrade", "--download-only");
    expect((await runVerb(machine, "upgrade")).stdout).toBe("Staged deployment will now be applied on reboot\n");
    expect((await hostOf(machine)).status.staged?.downloadOnly).toBe(false);
    expect((await runVerb(machine, "upgrade")).stdout).toBe("Staged update present, not changed\n");
  });

  it("are not closed by a switch to what is staged already", async () => {
    await open({ version: "1.16.10" });
    await writeLayout(machine, bootcImage("1.1"));
    await switchToLayout(machine);
    expect((await switchToLayout(machine, "--download-only")).exitCode).toBe(0);
    expect((await hostOf(machine)).status.staged?.downloadOnly).toBe(false);
  });

  it("are there for a first switch in the release after 1.16.9 only", async () => {
    await open({ version: "1.16.10" });
    await writeLayout(machine, bootcImage("1.1"));
    await switchToLayout(machine, "--download-only");
    expect((await hostOf(machine)).status.staged?.downloadOnly).toBe(true);
    expect((await runVerb(machine, "switch", "--from-downloaded")).exitCode).toBe(0);
    expect((await hostOf(machine)).status.staged?.downloadOnly).toBe(false);
    machine[Symbol.dispose]();
    await open();
    expect((await switchToLayout(machine, "--download-only")).exitCode).toBe(2);
  });
});

describe("bound images", () => {
  it("are pulled on ostree when the deployment is staged already, which a failure leaves so", async () => {
    await open();
    const digest = await writeLayout(machine, bootcImage("1.1", { boundImages: [APP] }));
    const { exitCode, stderr } = await switchToLayout(machine);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`docker://${APP}`);
    expect((await hostOf(machine)).status.staged?.image?.imageDigest).toBe(digest);
    machine.boot();
    expect((await versionsOf(machine))[1]).toBe("1.1");
  });

  it("are not pulled when their names are there, and go when no deployment binds them", async () => {
    await open();
    const app = join(machine.root, "apps");
    await writeOciLayout(app, [{ tag: "app", images: [bootcImage("7")] }]);
    const storage = "containers-storage:[overlay@/usr/lib/bootc/storage+/run/bootc/storage]";
    const enter = ["unshare", "--mount", "--", "sh", "-c", 'mount -o remount,rw /sysroot && exec "$@"', "sh"] as const;
    for (const name of [APP, "quay.io/example/unbound:1"]) {
      const copy = ["skopeo", "copy", `oci:${app}:app`, `${storage}${name}`] as const;
      await expect(machine.exec(copy, { timeoutMs: 1000 })).rejects.toThrow("read-only file system");
      await machine.exec([...enter, ...copy], { timeoutMs: 1000 });
    }
    await writeLayout(machine, bootcImage("1.1", { boundImages: [APP] }));
    expect((await switchToLayout(machine)).exitCode).toBe(0);
    const { stdout } = await runVerb(machine, "image", "list", "--type=logical", "--format=json");
    expect(JSON.parse(stdout)).toEqual([{ image: APP, image_type: "logical" }]);
  });

  it("are neither pulled nor kept on composefs", async () => {
    await open(COMPOSEFS);
    await writeLayout(machine, bootcImage("1.1", { boundImages: [APP] }));
    expect((await switchToLayout(machine)).exitCode).toBe(0);
    expect(machine.state().storage.bootc).toEqual({});
  });
});

describe("composefs", () => {
  it("stages at upgrade --check what is in its repository already", async () => {
    await openOnLayout(COMPOSEFS);
    await writeLayout(machine, bootcImage("1.2"));
    expect((await runVerb(machine, "upgrade", "--check")).stdout).toContain("Update available for:");
    expect((await versionsOf(machine))[0]).toBe(null);
    await runVerb(machine, "upgrade");
    machine.boot({ powerCut: true });
    expect((await versionsOf(machine))[0]).toBe(null);
    await runVerb(machine, "upgrade", "--check");
    expect((await versionsOf(machine))[0]).toBe("1.2");
  });

  it("refuses the same content under another name, where ostree stages it twice", async () => {
    for (const [options, exitCode] of [
      [{}, 0],
      [COMPOSEFS, 1],
    ] as const) {
      await open(options);
      await writeLayout(machine, bootcImage("1.0"));
      expect((await switchToLayout(machine)).exitCode).toBe(exitCode);
      machine[Symbol.dispose]();
    }
  });

  it("panics at a rollback with other than two entries", async () => {
    await openOnLayout(COMPOSEFS);
    writeFileSync(join(machine.paths.boot, "loader/entries/bogus.conf"), "title Bogus\n");
    expect((await runVerb(machine, "rollback")).exitCode).toBe(101);
  });

  it("drops the rollback deployment when it stages", async () => {
    await openOnLayout(COMPOSEFS);
    await writeLayout(machine, bootcImage("1.2"));
    await runVerb(machine, "upgrade");
    expect(await versionsOf(machine)).toEqual(["1.2", "1.1", null]);
  });

  it("stops at a conflict in /etc before it stages", async () => {
    await open(COMPOSEFS);
    machine.setTrap("hasEtcConflict", true);
    await writeLayout(machine, bootcImage("1.1"));
    expect((await switchToLayout(machine)).stderr).toContain("Merge conflicts found in etc");
    expect((await versionsOf(machine))[0]).toBe(null);
  });
});

describe("what a test switches on", () => {
  it("ends well and stages nothing", async () => {
    await open();
    await writeLayout(machine, bootcImage("1.1"));
    machine.setTrap("silentNoOps", ["switch"]);
    expect((await switchToLayout(machine)).exitCode).toBe(0);
    expect((await versionsOf(machine))[0]).toBe(null);
  });

  it("stages, and fails or lies about what it staged", async () => {
    await open();
    const digest = await writeLayout(machine, bootcImage("1.1"));
    machine.setTrap("failsAfterStaging", "Cleaning up: No space left on device");
    expect((await switchToLayout(machine)).exitCode).toBe(1);
    expect((await hostOf(machine)).status.staged?.image?.imageDigest).toBe(digest);
    const other = `sha256:${"5".repeat(64)}`;
    machine.setTrap("failsAfterStaging", null);
    machine.setTrap("stagesDigest", other);
    await writeLayout(machine, bootcImage("1.2"));
    await runVerb(machine, "upgrade");
    expect((await hostOf(machine)).status.staged?.image?.imageDigest).toBe(other);
  });

  it.each([
    ["hasNoSpace", "Insufficient free space for oci:"],
    ["isBusy", "Acquiring sysroot lock"],
    ["isUnprivileged", "must be executed as the root user"],
    ["isReadOnly", "read-only medium"],
    ["hasNoPodman", "Creating imgstore"],
  ] as const)("%s: fails before it stages", async (trap, message) => {
    await open();
    await writeLayout(machine, bootcImage("1.1"));
    machine.setTrap(trap, true);
    const { exitCode, stderr } = await switchToLayout(machine);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(message);
    machine.setTrap(trap, false);
    expect((await versionsOf(machine))[0]).toBe(null);
  });

  it("has somebody else's update pending, which ostree can undeploy", async () => {
    await open();
    await machine.stageForeign(bootcImage("9.9"));
    expect((await versionsOf(machine))[0]).toBe("9.9");
    await machine.exec(["ostree", "admin", "undeploy", "0"], { timeoutMs: 1000 });
    expect((await versionsOf(machine))[0]).toBe(null);
    machine.boot();
    expect((await versionsOf(machine))[1]).toBe("1.0");
  });

  it("tells of a host that was layered on, or never installed by bootc", async () => {
    await open();
    machine.setTrap("isIncompatible", true);
    const { booted, type } = (await hostOf(machine)).status;
    expect({ booted, type }).toMatchObject({ booted: { incompatible: true, image: null }, type: null });
    expect((await runVerb(machine, "upgrade")).stderr).toContain("local rpm-ostree modifications");
    machine[Symbol.dispose]();
    machine = openDoubleMachine({ backend: "none" });
    expect((await hostOf(machine)).status).toMatchObject({ staged: null, booted: null, rollback: null, type: null });
    expect((await switchToLayout(machine)).exitCode).toBe(1);
  });

  it("has a status from the future that our parser reads all the same", async () => {
    await openOnLayout(COMPOSEFS);
    machine.setTrap("hasSurprisingStatus", true);
    const { stdout } = await runVerb(machine, "status", "--json");
    expect(stdout).toContain("aFieldOfTheFuture");
    expect((await hostOf(machine)).status.booted?.composefs).toMatchObject({ bootloader: "zipl", bootType: "Addon" });
  });

  it("counts the tries of GRUB in greenboot's way, and goes back when they are used up", async () => {
    await openOnLayout({ hasGreenboot: true });
    const environment = join(machine.paths.boot, "grub2", "grubenv");
    const variables = ["boot_counter=1", "boot_success=0"];
    await machine.exec(["grub2-editenv", environment, "set", ...variables], { timeoutMs: 1000 });
    machine.boot();
    expect((await versionsOf(machine))[1]).toBe("1.1");
    machine.boot();
    expect(await versionsOf(machine)).toEqual([null, "1.0", "1.1"]);
    expect((await hostOf(machine)).status.rollbackQueued).toBe(true);
  });

  it("counts the tries of systemd-boot in the name of a staged entry", async () => {
    await open(COMPOSEFS);
    await writeLayout(machine, bootcImage("1.1"));
    await switchToLayout(machine);
    const staged = join(machine.paths.boot, "loader/entries.staged/bootc_double-1.1-1.conf");
    writeFileSync(staged.replace(".conf", "+1.conf"), readFileSync(staged));
    rmSync(staged);
    machine.boot();
    expect((await versionsOf(machine))[1]).toBe("1.1");
    machine.boot();
    expect(await versionsOf(machine)).toEqual([null, "1.0", "1.1"]);
  });

  it("remembers what an upgrade --check has seen", async () => {
    await openOnLayout();
    const digest = await writeLayout(machine, bootcImage("1.2"));
    const { stdout } = await runVerb(machine, "upgrade", "--check");
    expect(stdout).toBe(`Update available for: oci:${layoutTarget(machine)}\n  Version: 1.2\n  Digest: ${digest}\n`);
    const { staged, booted } = (await hostOf(machine)).status;
    expect({ staged, seen: booted?.cachedUpdate?.imageDigest }).toEqual({ staged: null, seen: digest });
  });

  it("has an overlay on /usr until the next boot", async () => {
    await open();
    await runVerb(machine, "usroverlay");
    const overlay = { accessMode: "readWrite", persistence: "transient" };
    expect((await hostOf(machine)).status.usrOverlay).toEqual(overlay);
    machine.boot();
    expect((await hostOf(machine)).status.usrOverlay).toBe(null);
  });

  it("puts the registry's reference back without staging", async () => {
    await openOnLayout();
    const home = { image: "quay.io/example/os:1", transport: "registry" };
    expect((await runVerb(machine, "switch", "--mutate-in-place", home.image)).exitCode).toBe(0);
    const { spec, status } = await hostOf(machine);
    expect({ image: spec.image, staged: status.staged }).toEqual({ image: home, staged: null });
  });

  it("keeps a pinned deployment beside the two others", async () => {
    await openOnLayout();
    machine.pin(machine.state().deployments[0]?.id ?? "");
    await writeLayout(machine, bootcImage("1.2"));
    await runVerb(machine, "upgrade");
    machine.boot();
    const { rollback, otherDeployments } = (await hostOf(machine)).status;
    expect([rollback, ...(otherDeployments ?? [])].map((entry) => entry?.image?.version)).toEqual(["1.1", "1.0"]);
  });

  it("edits what is tracked, or turns the order around, and not both", async () => {
    await openOnLayout();
    await writeLayout(machine, bootcImage("1.2"));
    const file = join(machine.root, "host.json");
    const edit = async (spec: object) => {
      writeFileSync(file, JSON.stringify({ ...(await hostOf(machine)), spec }));
      return await runVerb(machine, "edit", "-f", file);
    };
    const { spec } = await hostOf(machine);
    const image = { image: `${layoutTarget(machine)}`, transport: "oci" };
    expect((await edit(spec)).stdout).toBe("Edit cancelled, no changes made.\n");
    expect((await edit({ image: { ...image, image: "x" }, bootOrder: "rollback" })).exitCode).toBe(1);
    expect((await edit({ image, bootOrder: "rollback" })).stdout).toBe("Next boot: rollback deployment\n");
  });
});
