/**
 * Systems with container images of their own, on a device of the native engine: they come, go back and go as one, and
 * wherever the power goes no image is left that no system has.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { installDeployment } from "../../src/deploy/native/install.ts";
import { storeIfRoom } from "../../src/deploy/native/store-release.ts";
import type { Exec } from "../../src/host/exec.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { type AbsPath, below, toAbsPath } from "../../src/path.ts";
import { type AppFixture, appFixture } from "../support/app-fixtures.ts";
import { type ContainerTools, containerTools } from "../support/container-tools.ts";
import { bootable, execWithSync, installAndBoot, openTestDevice, type TestDevice } from "../support/device-fixtures.ts";
import { memoryLayout } from "../support/lying-layout.ts";
import { type Files, releaseFixture } from "../unit/store/store-fixture.ts";

const DB = "docker.io/acme/db:1";
const ui = (tag: number) => `docker.io/acme/ui:${tag}`;

/** Where the simulated storage of the device is: in the device, so that it outlives what runs on it. */
const storageFile = (sysroot: AbsPath) => below(sysroot, "storage.json");

async function makeRelease(version: number, apps: readonly AppFixture[]) {
  const made = await releaseFixture([bootable(`${version}.0`) as Files]);
  const target = { ...made.target, apps: apps.map(({ app }) => app) };
  const statement = { ...made.release.statement, version: `${version}.0`, sequence: version, targets: [target] };
  const release: typeof made.release = { ...made.release, statement, payloadDigest: digestOf(`payload ${version}`) };
  const medium = memoryLayout([...made.blobs, ...apps.flatMap(({ blobs }) => blobs)]);
  return { release, target, medium };
}

describe("a native device whose systems have container images", () => {
  let sysroot: AbsPath;
  let tools: ContainerTools;
  let device: TestDevice;
  beforeEach(async () => {
    sysroot = toAbsPath(mkdtempSync(join(tmpdir(), "device-")));
    tools = containerTools(storageFile(sysroot), execWithSync());
    device = await openTestDevice({ sysroot, exec: tools.exec });
    await installAndBoot(device, bootable("1.0"));
  });
  afterEach(() => rmSync(sysroot, { recursive: true, force: true }));

  const store = async (version: number, ...names: readonly string[]) => {
    const { medium, release, target } = await makeRelease(
      version,
      await Promise.all(names.map((name) => appFixture(name))),
    );
    return device.backend.store(medium, release, target);
  };
  const stage = async (version: number, ...names: readonly string[]) =>
    device.backend.stage(await store(version, ...names));
  const boot = async (version: number, ...names: readonly string[]) => {
    await device.backend.activate(await stage(version, ...names));
    device.boot();
  };
  const update = async (version: number, ...names: readonly string[]) => {
    await boot(version, ...names);
    await device.backend.confirm();
    await device.backend.gc();
  };
  const running = async () => (await device.backend.status()).status.booted?.image?.version;
  const copies = () => below(sysroot, "bootferry", "apps");

  it("has them before their system is staged, and their copies only until then", async () => {
    await store(2, ui(7), DB);
    expect(tools.names()).toEqual([]);
    expect(existsSync(copies())).toBe(true);
    expect(await device.backend.staged()).toBeUndefined();
    const staged = await stage(2, ui(7), DB);
    expect(tools.names()).toEqual([DB, ui(7)]);
    expect(existsSync(copies())).toBe(false);
    const origin = readFileSync(below(sysroot, "bootferry", "deploy", staged.id, "origin.json"), "utf8");
    expect(JSON.parse(origin).apps.map(({ name }: { name: string }) => name)).toEqual([ui(7), DB]);
  });

  it("keeps those of both systems, goes back with those of the one before, and leaves no orphan", async () => {
    await update(2, ui(7), DB);
    await update(3, ui(8), DB);
    expect(tools.names()).toEqual([DB, ui(7), ui(8)]);
    await device.backend.rollback();
    device.boot();
    expect(await running()).toBe("2.0");
    await device.backend.gc();
    expect(tools.names()).toEqual([DB, ui(7), ui(8)]); // one may go forward again
    await device.backend.gc({ dropRollback: true });
    expect(tools.names()).toEqual([DB, ui(7)]);
    await update(4);
    await device.backend.gc({ dropRollback: true });
    expect(tools.names()).toEqual([]);
  });

  it("drops those of a system that the loader fell back from when the next one takes its place", async () => {
    await update(2, ui(7), DB);
    await boot(3, ui(8), DB);
    for (let boots = 0; boots < 3; boots++) device.boot();
    expect(await running()).toBe("2.0");
    expect(tools.names()).toEqual([DB, ui(7), ui(8)]);
    await update(4, ui(9), DB);
    expect(await running()).toBe("4.0");
    expect(tools.names()).toEqual([DB, ui(7), ui(9)]);
  });

  it.each(["rollback", "unstage"] as const)("drops those of a staged system that %s drops", async (verb) => {
    await update(2, ui(7), DB);
    await stage(3, ui(8), DB);
    await device.backend[verb]();
    expect(tools.names()).toEqual([DB, ui(7)]);
  });

  it("drops those of a staged system that another one replaces", async () => {
    await stage(2, ui(7), DB);
    await stage(3, ui(8), DB);
    expect(tools.names()).toEqual([DB, ui(8)]);
  });

  it("keeps those of a system that is pinned", async () => {
    await update(2, ui(7));
    const [booted] = (await device.backend.bootFacts()).deployments.filter(({ isBooted }) => isBooted);
    const pin = below(sysroot, "bootferry", "deploy", booted?.id ?? "", "pinned");
    cpSync(storageFile(sysroot), pin);
    await update(3, ui(8));
    await update(4, ui(9));
    await device.backend.gc({ dropRollback: true });
    expect(tools.names()).toEqual([ui(7), ui(9)]);
  });

  it("refuses without the tools before it stores anything, and takes a system without images all the same", async () => {
    tools.missing.add("skopeo");
    const before = device.backend.countStored();
    await expect(store(2, ui(7))).rejects.toMatchObject({ code: "DEPLOY_APP_TOOL_MISSING" });
    expect(device.backend.countStored()).toBe(before);
    await update(3);
    expect(await running()).toBe("3.0");
  });

  it("refuses an image that would take its name from the running system's", async () => {
    await update(2, ui(7));
    const { medium, release, target } = await makeRelease(3, [await appFixture(ui(7), "moved")]);
    await expect(device.backend.store(medium, release, target)).rejects.toMatchObject({
      code: "DEPLOY_APP_NAME_TAKEN",
    });
    expect(tools.names()).toEqual([ui(7)]);
  });

  it("gets them with its first system, and /var is seeded all the same", async () => {
    const fresh = toAbsPath(mkdtempSync(join(tmpdir(), "device-")));
    try {
      const ownTools = containerTools(storageFile(fresh), execWithSync());
      using target = await openTestDevice({ sysroot: fresh, exec: ownTools.exec });
      const made = await makeRelease(1, [await appFixture(ui(7))]);
      const image = await storeIfRoom(target.engine, made.medium, made.release, made.target);
      await installDeployment(target.engine, image, { etcFiles: new Map(), kargs: [] });
      expect(ownTools.names()).toEqual([ui(7)]);
      expect(readFileSync(below(fresh, "bootferry", "var", "lib", "seed"), "utf8")).toBe("from the image\n");
      expect(existsSync(below(fresh, "bootferry", "apps"))).toBe(false);
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
  });

  it("leaves no orphan wherever the power goes between reading and staging, and ends as if it had not gone", async () => {
    await update(2, ui(7), DB);
    const made = await makeRelease(3, [await appFixture(ui(8)), await appFixture(DB)]);
    class PowerCut extends Error {}
    /** On a copy of the device: brings system 3 with an Exec that is cut; then without the cut. @returns calls */
    const bringCutAt = async (cut: number, when: "before" | "after"): Promise<number> => {
      const copy = toAbsPath(mkdtempSync(join(tmpdir(), "device-")));
      try {
        cpSync(sysroot, copy, { recursive: true, verbatimSymlinks: true });
        const ownTools = containerTools(storageFile(copy), execWithSync());
        let calls = 0;
        const exec: Exec = async (argv, options) => {
          const isCut = calls++ === cut;
          if (isCut && when === "before") throw new PowerCut();
          const result = await ownTools.exec(argv, options);
          if (isCut) throw new PowerCut();
          return result;
        };
        const bring = async ({ backend }: TestDevice) =>
          backend.stage(await backend.store(made.medium, made.release, made.target));
        const isCut = await bring(await openTestDevice({ sysroot: copy, exec })).then(
          () => false,
          (error: Error) => error instanceof PowerCut || error.cause instanceof PowerCut || Promise.reject(error),
        );
        expect(isCut).toBe(cut < calls);

        const again = await openTestDevice({ sysroot: copy, exec: ownTools.exec });
        again.boot();
        const isStaged = (await again.backend.staged()) !== undefined;
        await again.backend.gc();
        const what = `${when} call ${cut}`;
        expect(ownTools.names(), what).toEqual(isStaged ? [DB, ui(7), ui(8)] : [DB, ui(7)]);
        expect(existsSync(below(copy, "bootferry", "apps")), what).toBe(false);
        await again.backend.activate(await bring(again));
        again.boot();
        expect((await again.backend.status()).status.booted?.image?.version, what).toBe("3.0");
        expect(ownTools.names(), what).toEqual([DB, ui(7), ui(8)]);
        return calls;
      } finally {
        rmSync(copy, { recursive: true, force: true });
      }
    };
    const calls = await bringCutAt(Number.POSITIVE_INFINITY, "before");
    expect(calls).toBeGreaterThan(12);
    for (let cut = 0; cut < calls; cut++) {
      await bringCutAt(cut, "before");
      await bringCutAt(cut, "after");
    }
  });
});
