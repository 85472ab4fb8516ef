import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { copiesDirectory, discardCopies } from "../../../../src/deploy/apps/app-copies.ts";
import { readAppRecord } from "../../../../src/deploy/apps/app-record.ts";
import { loadApps } from "../../../../src/deploy/apps/load-apps.ts";
import { type AppPin, type AppPorts, pinsOf } from "../../../../src/deploy/apps/port.ts";
import { pruneApps } from "../../../../src/deploy/apps/prune-apps.ts";
import { copyApps, planApps } from "../../../../src/deploy/apps/store-apps.ts";
import type { Exec } from "../../../../src/host/exec.ts";
import { type Digest, digestHex, digestOf } from "../../../../src/oci/digest.ts";
import type { LayoutReader } from "../../../../src/oci/layout.ts";
import { toAbsPath } from "../../../../src/path.ts";
import { type AppFixture, appFixture } from "../../../support/app-fixtures.ts";
import { type ContainerTools, containerTools } from "../../../support/container-tools.ts";
import { memoryLayout } from "../../../support/lying-layout.ts";

const UI = "docker.io/acme/ui:7";
const DB = "docker.io/acme/db:1";
const refusal = (code: string) => expect.objectContaining({ code });
const noOtherTool: Exec = async ([tool]) => {
  throw new Error(`the test expected no ${tool}`);
};

describe("apps on a device", () => {
  let directory: string;
  let tools: ContainerTools;
  let ports: AppPorts;
  let ui: AppFixture;
  let db: AppFixture;
  /** Digests in the order in which the medium was asked for them. */
  let reads: Digest[];
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "apps-"));
    tools = containerTools(join(directory, "storage.json"), noOtherTool);
    ports = { exec: tools.exec, directory: toAbsPath(join(directory, "state")), storage: { kind: "default" } };
    [ui, db] = [await appFixture(UI), await appFixture(DB)];
    reads = [];
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const mediumOf = (...fixtures: readonly AppFixture[]): LayoutReader => {
    const layout = memoryLayout(fixtures.flatMap(({ blobs }) => blobs));
    return {
      ...layout,
      openBlob(digest, options) {
        reads.push(digest);
        return layout.openBlob(digest, options);
      },
    };
  };
  const targetOf = (...fixtures: readonly AppFixture[]) => ({
    apps: fixtures.map(({ app }) => app),
    architecture: "amd64",
  });
  const pins = (...fixtures: readonly AppFixture[]): readonly AppPin[] => pinsOf(targetOf(...fixtures).apps);
  const store = async (fixtures: readonly AppFixture[], medium = mediumOf(...fixtures), kept: readonly AppPin[] = []) =>
    copyApps(ports, medium, await planApps(ports, medium, targetOf(...fixtures), kept));
  const bring = async (...fixtures: readonly AppFixture[]) => {
    await store(fixtures);
    await loadApps(ports, pins(...fixtures));
    discardCopies(ports.directory);
  };
  const copies = () => readdirSync(join(copiesDirectory(ports.directory), "blobs/sha256")).sort();
  const forRemovalOf = (names: readonly string[]) => names.map((name) => `podman rmi ${name}`);

  it("are copied from the medium, each byte once, loaded under their names, and removed when nothing needs them", async () => {
    const written = await store([ui, db]);
    const blobs = new Map([...ui.blobs, ...db.blobs].map((blob) => [digestOf(blob), blob]));
    expect(reads.toSorted()).toEqual([...blobs.keys()].sort());
    expect(copies()).toEqual([...blobs.keys()].map(digestHex).sort());
    const layers = new Set([...ui.blobs.slice(2), ...db.blobs.slice(2)].map((layer) => layer.toString("hex")));
    expect(written).toBe([...layers].reduce((sum, hex) => sum + hex.length / 2, 0));
    expect(tools.names()).toEqual([]);

    await loadApps(ports, pins(ui, db));
    expect(tools.names()).toEqual([DB, UI]);
    expect(await pruneApps(ports, pins(ui))).toEqual([DB]);
    expect(tools.names()).toEqual([UI]);
    expect(await pruneApps(ports, [])).toEqual([UI]);
    expect(tools.names()).toEqual([]);
    expect(readAppRecord(ports.directory).loaded).toEqual([]);
  });

  it("cost nothing the second time: neither the medium nor the storage is touched", async () => {
    await bring(ui, db);
    reads.length = 0;
    tools.calls.length = 0;
    expect(await store([ui, db])).toBe(0);
    await loadApps(ports, pins(ui, db));
    expect(reads).toEqual([]);
    expect(tools.calls.filter((call) => !call.startsWith("skopeo inspect"))).toEqual([]);
  });

  it("go on from copies of an earlier run without the medium, but for a copy that was damaged since", async () => {
    await store([ui, db]);
    reads.length = 0;
    await store([ui, db], memoryLayout([]));
    const [, , , layer] = ui.blobs;
    const name = digestHex(digestOf(layer ?? ""));
    writeFileSync(join(copiesDirectory(ports.directory), "blobs/sha256", name), Buffer.alloc(layer?.length ?? 0));
    await expect(store([ui, db], memoryLayout([]))).rejects.toThrow(refusal("OCI_BLOB_MISSING"));
    await store([ui, db]);
    expect(reads.map(digestHex)).toEqual([name]);
    await loadApps(ports, pins(ui, db));
    expect(tools.names()).toEqual([DB, UI]);
  });

  it("are refused whole when the medium lies about one byte", async () => {
    const [manifest, config, base, layer] = ui.blobs;
    const lying = memoryLayout([manifest, config, base].flatMap((blob) => blob ?? []));
    const wrong: LayoutReader = {
      ...lying,
      blobSizeBytes: async () => layer?.length,
      async openBlob(digest, options) {
        if (layer === undefined || digest !== digestOf(layer)) return lying.openBlob(digest, options);
        const bytes = Buffer.from(layer);
        bytes[40] = (bytes[40] ?? 0) ^ 1;
        const chunks = async function* () {
          yield bytes;
        };
        return { sizeBytes: bytes.length, chunks: chunks() };
      },
    };
    await expect(store([ui], wrong)).rejects.toThrow(refusal("OCI_BLOB_DIGEST_MISMATCH"));
    expect(copies()).not.toContain(digestHex(digestOf(layer ?? "")));
    expect(existsSync(join(copiesDirectory(ports.directory), "index.json"))).toBe(false);
    await expect(loadApps(ports, pins(ui))).rejects.toThrow();
    expect(tools.names()).toEqual([]);
  });

  it.each(["skopeo", "podman"])("are refused without %s before anything is read or written", async (tool) => {
    tools.missing.add(tool);
    await expect(store([ui])).rejects.toThrow(refusal("DEPLOY_APP_TOOL_MISSING"));
    expect(reads).toEqual([]);
    expect(existsSync(ports.directory)).toBe(false);
  });

  it("ask for no tool where there are none", async () => {
    tools.missing.add("skopeo").add("podman");
    expect(await store([])).toBe(0);
    await loadApps(ports, []);
    expect(await pruneApps(ports, [])).toEqual([]);
    expect(existsSync(ports.directory)).toBe(false);
  });

  it("are refused under a name that other machines would read otherwise, before anything is read", async () => {
    await expect(store([await appFixture("acme/ui:7")])).rejects.toThrow(refusal("DEPLOY_APP_NAME_UNFIT"));
    expect(reads).toEqual([]);
  });

  it("are refused under a name that a system which stays has for another image, and not for the same one", async () => {
    await expect(store([ui], mediumOf(ui), pins(await appFixture(UI, "other")))).rejects.toThrow(
      refusal("DEPLOY_APP_NAME_TAKEN"),
    );
    expect(reads).toEqual([]);
    await store([ui], mediumOf(ui), pins(ui, db));
  });

  it("replace an image of ours that has lost its system under the same name, and leave none without a name", async () => {
    await bring(ui);
    const next = await appFixture(UI, "next");
    tools.calls.length = 0;
    await bring(next);
    expect(tools.calls.filter((call) => !call.includes("inspect"))).toEqual([`podman rmi ${UI}`, `skopeo copy ${UI}`]);
    expect(readAppRecord(ports.directory).loaded).toEqual(pins(next));
  });

  it("are taken as they are when a person has pulled the very same, and stay his", async () => {
    tools.pull(UI, ui.blobs[0]?.toString() ?? "");
    await bring(ui);
    expect(reads).toEqual([]);
    await pruneApps(ports, []);
    expect(tools.names()).toEqual([UI]);
  });

  it("are no longer ours under a name that a person has given to another image", async () => {
    await bring(ui);
    tools.pull(UI, "another manifest");
    expect(await pruneApps(ports, [])).toEqual([UI]);
    expect(tools.names()).toEqual([UI]);
    expect(tools.calls).not.toEqual(expect.arrayContaining(forRemovalOf([UI])));
  });

  it("that a container uses stay until it has gone", async () => {
    await bring(ui, db);
    tools.inUse.add(UI);
    expect(await pruneApps(ports, [])).toEqual([DB]);
    expect(tools.names()).toEqual([UI]);
    tools.inUse.delete(UI);
    expect(await pruneApps(ports, [])).toEqual([UI]);
  });

  it("go although a quadlet of a system that is gone has left a stopped container behind", async () => {
    await bring(ui);
    tools.leftContainers.set(UI, "ab".repeat(32));
    expect(await pruneApps(ports, [])).toEqual([UI]);
    expect(tools.names()).toEqual([]);
  });

  it("stay recorded while there is no tool to remove them", async () => {
    await bring(ui);
    tools.missing.add("podman");
    expect(await pruneApps(ports, [])).toEqual([]);
    tools.missing.clear();
    expect(await pruneApps(ports, [])).toEqual([UI]);
  });

  it("are not loaded when the storage then has another image than the signed one", async () => {
    await store([ui]);
    const exec: Exec = async (argv, options) => {
      const result = await tools.exec(argv, options);
      if (argv.includes("copy")) tools.pull(UI, "another manifest");
      return result;
    };
    await expect(loadApps({ ...ports, exec }, pins(ui))).rejects.toThrow(refusal("DEPLOY_APP_NOT_LOADED"));
  });

  it.each(["before", "after"])(
    "leave no orphan behind wherever the power goes (%s a tool), and come whole next time",
    async (when) => {
      const bringAll = () => bring(ui, db);
      let calls = 0;
      tools.beforeCall = () => void calls++;
      await bringAll();
      await pruneApps(ports, []);
      const bringing = calls;
      expect(bringing).toBeGreaterThan(8);
      class PowerCut extends Error {}
      for (let cut = 0; cut < bringing; cut++) {
        let left = cut;
        const exec: Exec = async (argv, options) => {
          if (when === "before" && left-- === 0) throw new PowerCut();
          const result = await tools.exec(argv, options);
          if (when === "after" && left-- === 0) throw new PowerCut();
          return result;
        };
        const cutOff = { ...ports, exec };
        const run = async () => {
          const medium = mediumOf(ui, db);
          await copyApps(cutOff, medium, await planApps(cutOff, medium, targetOf(ui, db), []));
          await loadApps(cutOff, pins(ui, db));
          await pruneApps(cutOff, []);
        };
        await run().catch((error: Error) => expect(error).toBeInstanceOf(PowerCut));
        await pruneApps(ports, []);
        expect(tools.names(), `call ${cut}`).toEqual([]);
        expect(readAppRecord(ports.directory).loaded).toEqual([]);
        await bringAll();
        expect(tools.names(), `call ${cut}`).toEqual([DB, UI]);
        await pruneApps(ports, []);
      }
    },
  );
});
