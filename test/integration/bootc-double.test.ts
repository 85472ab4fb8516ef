/** The stand-in for bootc keeps the contract that it stands for: states, verbs and what each backend makes of them. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatHostJson } from "../../src/deploy/host-status.ts";
import { openLayout } from "../../src/oci/layout.ts";
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
import { treeOfLayout } from "../support/bootc-double/tree-of-layout.ts";

const OSTREE: DoubleOptions = { backend: "ostree" };
const COMPOSEFS: DoubleOptions = { backend: "composefs", bootloader: "systemd", bootType: "Bls" };
const SEALED: DoubleOptions = { backend: "composefs", bootloader: "systemd", bootType: "Uki" };
const BACKENDS = [
  ["ostree", OSTREE],
  ["composefs", COMPOSEFS],
  ["composefs with signed kernel images", SEALED],
] as const;

let machine: DoubleMachine;
const open = async (options: DoubleOptions) => {
  machine = openDoubleMachine(options);
  await machine.provision(bootcImage("1.0"));
};
afterEach(() => machine[Symbol.dispose]());

describe.each(BACKENDS)("on %s", (_name, options) => {
  beforeEach(() => open(options));

  it("prints its status as canonical JSON that our parser reads", async () => {
    const { stdout } = await runVerb(machine, "status", "--format=json", "--format-version=1");
    const host = await hostOf(machine);
    expect(stdout).toBe(formatHostJson(host));
    expect(host.spec.image).toEqual({ image: "quay.io/example/os:1", transport: "registry" });
    expect(host.status.type).toBe(options.backend === "ostree" ? "bootcHost" : null);
    expect(host.status.booted?.ostree === null).toBe(options.backend !== "ostree");
  });

  it("stages what the layout holds, boots it after a clean shutdown, and keeps the one before", async () => {
    const digest = await writeLayout(machine, bootcImage("1.1"));
    const { exitCode, stdout } = await switchToLayout(machine);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: `Queued for next boot: oci:${layoutTarget(machine)}\n  Version: 1.1\n  Digest: ${digest}\n`,
    });
    expect((await hostOf(machine)).status.staged?.image?.imageDigest).toBe(digest);
    expect((await hostOf(machine)).spec.image).toEqual({ image: layoutTarget(machine), transport: "oci" });
    expect(readFileSync(join(machine.root, "run", "reboot-required"), "utf8")).toBe(
      `bootc: Reboot required for image: ${digest}`,
    );
    const running = machine.boot();
    expect(await versionsOf(machine)).toEqual([null, "1.1", "1.0"]);
    const booted = machine.state().deployments.find(({ id }) => id === running);
    expect(booted?.image.tree).toBe(await treeOfLayout(openLayout(layoutPath(machine)), digest));
  });

  it("loses what is staged at a power cut", async () => {
    await writeLayout(machine, bootcImage("1.1"));
    await switchToLayout(machine);
    machine.boot({ powerCut: true });
    expect(await versionsOf(machine)).toEqual([null, "1.0", null]);
  });

  it("boots the old one when the finaliser fails", async () => {
    await writeLayout(machine, bootcImage("1.1"));
    await switchToLayout(machine);
    machine.setTrap("finalisationFails", true);
    machine.boot();
    expect(await versionsOf(machine)).toEqual([null, "1.0", null]);
  });

  it("does nothing at a switch to the same reference, whatever the layout holds now", async () => {
    await writeLayout(machine, bootcImage("1.1"));
    await switchToLayout(machine);
    machine.boot();
    await writeLayout(machine, bootcImage("1.2"));
    expect(await switchToLayout(machine)).toMatchObject({
      exitCode: 0,
      stdout: "Image specification is unchanged.\n",
    });
    expect(await versionsOf(machine)).toEqual([null, "1.1", "1.0"]);
  });

  it("reads the layout again at an upgrade", async () => {
    await writeLayout(machine, bootcImage("1.1"));
    await switchToLayout(machine);
    machine.boot();
    await writeLayout(machine, bootcImage("1.2"));
    expect((await runVerb(machine, "upgrade", "--quiet")).exitCode).toBe(0);
    expect((await versionsOf(machine))[0]).toBe("1.2");
    machine.boot();
    expect(await versionsOf(machine)).toEqual([null, "1.2", "1.1"]);
    expect((await runVerb(machine, "upgrade")).exitCode).toBe(0);
    expect((await versionsOf(machine))[0]).toBe(null);
  });

  it("lets a locked stage go at the reboot, and boots an unlocked one", async () => {
    await writeLayout(machine, bootcImage("1.1"));
    await switchToLayout(machine);
    machine.boot();
    await writeLayout(machine, bootcImage("1.2"));
    await runVerb(machine, "upgrade", "--download-only");
    expect((await hostOf(machine)).status.staged?.downloadOnly).toBe(true);
    machine.boot();
    expect((await versionsOf(machine))[1]).toBe("1.1");
    await runVerb(machine, "upgrade", "--download-only");
    expect(await runVerb(machine, "upgrade", "--from-downloaded")).toMatchObject({
      exitCode: 0,
      stdout: "Staged deployment will now be applied on reboot\n",
    });
    machine.boot();
    expect((await versionsOf(machine))[1]).toBe("1.2");
  });

  it("rolls back and forth, and drops what is staged", async () => {
    expect(await runVerb(machine, "rollback")).toMatchObject({
      exitCode: 1,
      stderr: "error: No rollback available",
    });
    await writeLayout(machine, bootcImage("1.1"));
    await switchToLayout(machine);
    machine.boot();
    expect((await runVerb(machine, "rollback")).stdout).toBe("Next boot: rollback deployment\n");
    expect((await runVerb(machine, "rollback")).stdout).toBe(
      "notice: Reverting queued rollback state\nNext boot: current deployment\n",
    );
    await runVerb(machine, "rollback");
    machine.boot();
    expect(await versionsOf(machine)).toEqual([null, "1.0", "1.1"]);
  });

  it("goes to the other deployment when the loader falls back", async () => {
    await writeLayout(machine, bootcImage("1.1"));
    await switchToLayout(machine);
    machine.boot();
    machine.boot({ fallsBack: true });
    expect(await versionsOf(machine)).toEqual([null, "1.0", "1.1"]);
    const { rollbackQueued } = (await hostOf(machine)).status;
    expect(rollbackQueued).toBe(options.bootType !== "Uki"); // with kernel images bootc forgets to negate
  });

  it("says what is wrong with the source, exits with 1 and stays as it was", async () => {
    const chain = "error: Switching: Creating importer: failed to invoke method OpenImage";
    const gone = await switchToLayout(machine);
    expect(gone.stderr).toContain(`lstat ${join(machine.root, "var")}: no such file or directory`);
    await writeLayout(machine, bootcImage("1.1"));
    const target = `${layoutPath(machine)}:other`;
    const unknown = await runVerb(machine, "switch", "--transport=oci", target);
    expect(unknown.stderr).toContain('no descriptor found for reference "other"');
    rmSync(join(layoutPath(machine), "index.json"));
    const torn = await switchToLayout(machine);
    expect(torn.stderr).toContain(`open ${join(layoutPath(machine), "index.json")}: no such file or directory`);
    for (const result of [gone, unknown, torn]) {
      expect(result.exitCode).toBe(1);
      expect(result.stderr).toContain(chain);
    }
    expect(await versionsOf(machine)).toEqual([null, "1.0", null]);
  });

  it("cannot reach a registry, but one that a test has filled", async () => {
    expect((await runVerb(machine, "upgrade")).exitCode).toBe(1);
    await machine.publish(bootcImage("1.1"), "quay.io/example/os:1");
    expect((await runVerb(machine, "upgrade")).exitCode).toBe(0);
    expect((await versionsOf(machine))[0]).toBe("1.1");
  });
});
