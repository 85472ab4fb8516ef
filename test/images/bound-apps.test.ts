/**
 * Apps with the real skopeo and podman, in a storage below a scratch directory (vfs, so that nothing is mounted): names,
 * digests and removal are as the stand-in of the other tests has them.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { discardCopies } from "../../src/deploy/apps/app-copies.ts";
import { loadApps } from "../../src/deploy/apps/load-apps.ts";
import { type AppPorts, pinsOf } from "../../src/deploy/apps/port.ts";
import { pruneApps } from "../../src/deploy/apps/prune-apps.ts";
import { storageOptions, storageReference } from "../../src/deploy/apps/storage.ts";
import { copyApps, planApps } from "../../src/deploy/apps/store-apps.ts";
import { execOnHost } from "../../src/host/exec.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { toAbsPath } from "../../src/path.ts";
import { type AppFixture, appFixture } from "../support/app-fixtures.ts";
import { memoryLayout } from "../support/lying-layout.ts";

const UI = "docker.io/acme/ui:7";

describe("apps in a storage of skopeo and podman", () => {
  let directory: string;
  let ports: AppPorts;
  let ui: AppFixture;
  let db: AppFixture;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "apps-"));
    const [root, runRoot] = [toAbsPath(join(directory, "root")), toAbsPath(join(directory, "run"))];
    const storage: AppPorts["storage"] = { kind: "at", driver: "vfs", root, runRoot };
    ports = { exec: execOnHost, directory: toAbsPath(join(directory, "state")), storage };
    ui = await appFixture(UI);
    const plain = await appFixture("db");
    db = { ...plain, app: { ...plain.app, name: `localhost:5000/acme/db@${plain.app.image.digest}` } };
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const bring = async (...fixtures: readonly AppFixture[]) => {
    const apps = fixtures.map(({ app }) => app);
    const medium = memoryLayout(fixtures.flatMap(({ blobs }) => blobs));
    await copyApps(ports, medium, await planApps(ports, medium, { apps, architecture: "amd64" }, []));
    await loadApps(ports, pinsOf(apps));
    discardCopies(ports.directory);
  };
  const podman = async (...args: readonly string[]) => {
    const { stdout } = await execOnHost(["podman", ...storageOptions(ports.storage), ...args], { timeoutMs: 120_000 });
    return stdout.toString("utf8").trim();
  };

  it("keep manifests to the byte, are there for podman by their names, and leave nothing behind", async () => {
    await bring(ui, db);
    for (const { app, blobs } of [ui, db]) {
      await podman("image", "exists", app.name);
      const reference = storageReference(ports.storage, app.name);
      const { stdout } = await execOnHost(["skopeo", "inspect", "--raw", reference], { timeoutMs: 120_000 });
      expect(digestOf(stdout)).toBe(app.image.digest);
      expect(stdout.equals(blobs[0] ?? Buffer.alloc(0))).toBe(true);
    }
    expect(await pruneApps(ports, pinsOf([ui.app]))).toEqual([db.app.name]);
    await podman("image", "exists", UI);
    expect(await pruneApps(ports, [])).toEqual([UI]);
    expect(await podman("images", "--all", "--quiet")).toBe("");
  });

  it("replace each other under one name without a rest", async () => {
    await bring(ui);
    await bring(await appFixture(UI, "next"));
    expect((await podman("images", "--all", "--quiet")).split("\n")).toHaveLength(1);
  });

  it("stay while a person's container has them, and go although a quadlet's has been left behind", async () => {
    await bring(ui);
    await podman("create", "--name", "mine", UI, "/file");
    expect(await pruneApps(ports, [])).toEqual([]);
    await podman("rm", "mine");
    await podman("create", "--name", "left", "--label", "PODMAN_SYSTEMD_UNIT=ui.service", UI, "/file");
    expect(await pruneApps(ports, [])).toEqual([UI]);
    expect(await podman("ps", "--all", "--quiet")).toBe("");
  });
});
