import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Target } from "../../../../src/bundle/statement.ts";
import { type BoundApps, bootcAppPorts, openBoundApps } from "../../../../src/deploy/apps/bound-apps.ts";
import type { StoredLayout } from "../../../../src/deploy/stored-image.ts";
import type { Exec } from "../../../../src/host/exec.ts";
import { type Digest, digestOf } from "../../../../src/oci/digest.ts";
import { toAbsPath } from "../../../../src/path.ts";
import { type AppFixture, appFixture } from "../../../support/app-fixtures.ts";
import { type ContainerTools, containerTools } from "../../../support/container-tools.ts";
import { memoryLayout } from "../../../support/lying-layout.ts";

const noOtherTool: Exec = async ([tool]) => {
  throw new Error(`the test expected no ${tool}`);
};

describe("apps of a host whose deployments are bootc's", () => {
  let directory: string;
  let tools: ContainerTools;
  let systems: Digest[];
  let apps: BoundApps;
  let ui7: AppFixture;
  let ui8: AppFixture;
  let db: AppFixture;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "apps-"));
    tools = containerTools(join(directory, "storage.json"), noOtherTool);
    systems = [];
    apps = open(tools.exec);
    [ui7, ui8, db] = [
      await appFixture("docker.io/acme/ui:7"),
      await appFixture("docker.io/acme/ui:8"),
      await appFixture("docker.io/acme/db:1"),
    ];
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const open = (exec: Exec) =>
    openBoundApps(bootcAppPorts({ stateDirectory: toAbsPath(join(directory, "state")) }, exec), async () => systems);
  const system = (version: string) => digestOf(`system ${version}`);
  const targetOf = (version: string, fixtures: readonly AppFixture[]): Target => ({
    compatible: "kiosk",
    architecture: "amd64",
    devices: null,
    image: { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: system(version), size: 1 },
    apps: fixtures.map(({ app }) => app),
    tree: null,
  });
  const store = (version: string, ...fixtures: readonly AppFixture[]) =>
    apps.store(memoryLayout(fixtures.flatMap(({ blobs }) => blobs)), targetOf(version, fixtures), {});
  const bring = async (version: string, ...fixtures: readonly AppFixture[]) => {
    await store(version, ...fixtures);
    const { apps: stored } = targetOf(version, fixtures);
    await apps.load({ manifestDigest: system(version), apps: stored } as unknown as StoredLayout, undefined);
    systems.push(system(version));
  };

  it("come with their system, stay as long as it may boot, and go with it", async () => {
    await bring("1", ui7, db);
    await bring("2", ui8, db);
    await apps.prune();
    expect(tools.names()).toEqual(["docker.io/acme/db:1", "docker.io/acme/ui:7", "docker.io/acme/ui:8"]);
    systems = [system("1")]; // rolled back, and the other one has gone
    await apps.prune();
    expect(tools.names()).toEqual(["docker.io/acme/db:1", "docker.io/acme/ui:7"]);
    systems = [];
    await apps.prune();
    expect(tools.names()).toEqual([]);
  });

  it("go when the power was cut between loading them and staging their system", async () => {
    await bring("1", ui7);
    await bring("2", ui8);
    systems.pop();
    await apps.prune();
    expect(tools.names()).toEqual(["docker.io/acme/ui:7"]);
  });

  it("are refused under a name that another system has for another image", async () => {
    await bring("1", ui7);
    const moved = await appFixture("docker.io/acme/ui:7", "moved");
    await expect(store("2", moved)).rejects.toMatchObject({ code: "DEPLOY_APP_NAME_TAKEN" });
    systems = [];
    await store("2", moved);
  });

  it("name bootc's own storage to the tools", async () => {
    const argvs: string[] = [];
    apps = open((argv, options) => {
      argvs.push(argv.join(" "));
      return tools.exec(argv, options);
    });
    await bring("1", db);
    systems = [];
    await apps.prune();
    const reference = "containers-storage:[overlay@/usr/lib/bootc/storage+/run/bootc/storage]docker.io/acme/db:1";
    const options = "--root /usr/lib/bootc/storage --runroot /run/bootc/storage --storage-driver overlay";
    const enter = 'unshare --mount -- sh -c mount -o remount,rw /sysroot && exec "$@" sh';
    expect(argvs).toContain(`${enter} skopeo inspect --raw ${reference}`);
    const copy = argvs.find((line) => line.includes(" copy "));
    expect([copy?.startsWith(`${enter} skopeo `), copy?.endsWith(` ${reference}`)]).toEqual([true, true]);
    expect(argvs).toContain(`${enter} podman ${options} rmi docker.io/acme/db:1`);
  });
});
