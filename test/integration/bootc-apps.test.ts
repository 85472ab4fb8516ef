/**
 * Systems with container images of their own on a bootc host: in bootc's own storage before bootc looks for them there, since
 * an offline host could not pull them, and gone with the last deployment that has them.
 */
import { describe, expect, it } from "vitest";
import { bootcAppPorts, openBoundApps } from "../../src/deploy/apps/bound-apps.ts";
import { type AppFixture, appFixture } from "../support/app-fixtures.ts";
import { type BootcHost, bootcRelease, COMPOSEFS, openBootcHost, storeOn, versionsOn } from "../support/bootc-host.ts";
import { memoryLayout } from "../support/lying-layout.ts";
import type { FixtureEntry } from "../support/oci-fixtures.ts";
import type { ReleaseFixture } from "../unit/store/store-fixture.ts";

const DB = "docker.io/acme/db:1";
const ui = (tag: number) => `docker.io/acme/ui:${tag}`;

/** A release of a system that binds these images, and brings them. */
async function releaseWith(version: number, ...names: readonly string[]): Promise<ReleaseFixture> {
  const apps: AppFixture[] = [];
  for (const name of names) apps.push(await appFixture(name));
  const extraEntries = names.flatMap((name, index): readonly FixtureEntry[] => [
    { name: `usr/share/containers/systemd/${index}.container`, content: `[Container]\nImage=${name}\n` },
    {
      name: `usr/lib/bootc/bound-images.d/${index}.container`,
      type: "symlink",
      linkname: `/usr/share/containers/systemd/${index}.container`,
    },
  ]);
  const text = `${version}.0`;
  const made = await bootcRelease(text, [{ "usr/lib/os-release": `VERSION=${text}\n` }], { extraEntries });
  const target = { ...made.target, apps: apps.map(({ app }) => app) };
  return { ...made, target, medium: memoryLayout([...made.blobs, ...apps.flatMap(({ blobs }) => blobs)]) };
}

const storage = ({ machine }: BootcHost) => Object.keys(machine.state().storage.bootc).sort();

async function stageOn(host: BootcHost, version: number, ...names: readonly string[]) {
  return host.backend.stage(await storeOn(host, await releaseWith(version, ...names)));
}

async function updateOn(host: BootcHost, version: number, ...names: readonly string[]): Promise<void> {
  await host.backend.activate(await stageOn(host, version, ...names));
  await host.bootWithAgent();
  await host.backend.confirm();
}

describe("a bootc host whose systems bind container images", () => {
  it("has them when bootc looks for them, and stages", async () => {
    const host = await openBootcHost();
    await updateOn(host, 2, ui(7), DB);
    expect(await versionsOn(host)).toEqual([null, "2.0", "1.0"]);
    expect(storage(host)).toEqual([DB, ui(7)]);
  });

  it("cannot stage a system whose images nobody brings: bootc would have to pull them", async () => {
    const nothing = { store: async () => 0, load: async () => undefined, prune: async () => undefined };
    const host = await openBootcHost({ apps: nothing });
    await expect(stageOn(host, 2, ui(7))).rejects.toThrow();
    expect((await versionsOn(host))[0]).toBeNull();
  });

  it("keeps those of both systems, goes back with those of the one before, and leaves no orphan", async () => {
    const host = await openBootcHost();
    await updateOn(host, 2, ui(7), DB);
    await updateOn(host, 3, ui(8), DB);
    expect(storage(host)).toEqual([DB, ui(7), ui(8)]);
    await host.backend.rollback();
    await host.bootWithAgent();
    expect((await versionsOn(host))[1]).toBe("2.0");
    await host.backend.gc();
    expect(storage(host)).toEqual([DB, ui(7), ui(8)]); // one may go forward again
    await updateOn(host, 4, DB);
    expect(storage(host)).toEqual([DB, ui(7)]);
    await updateOn(host, 5);
    await updateOn(host, 6);
    expect(storage(host)).toEqual([]);
  });

  it("clears what a power cut between loading and staging has left", async () => {
    const host = await openBootcHost();
    await updateOn(host, 2, ui(7), DB);
    const image = await storeOn(host, await releaseWith(3, ui(8), DB));
    if (image.kind !== "layout") throw new TypeError("bootc stores layouts");
    const { paths, exec } = host.machine;
    await openBoundApps(bootcAppPorts(paths, exec), async () => []).load(image, undefined);
    expect(storage(host)).toEqual([DB, ui(7), ui(8)]);
    await host.bootWithAgent();
    await host.backend.gc();
    expect(storage(host)).toEqual([DB, ui(7)]);
    await updateOn(host, 3, ui(8), DB);
    expect(storage(host)).toEqual([DB, ui(7), ui(8)]);
  });

  it("refuses without podman before a layer is read", async () => {
    const host = await openBootcHost();
    host.machine.setTrap("hasNoPodman", true);
    await expect(stageOn(host, 2, ui(7))).rejects.toMatchObject({ code: "DEPLOY_APP_TOOL_MISSING" });
    expect(storage(host)).toEqual([]);
  });

  it("refuses them on composefs hosts, where bootc prunes what it does not know", async () => {
    const host = await openBootcHost(COMPOSEFS);
    await expect(stageOn(host, 2, ui(7))).rejects.toMatchObject({ code: "DEPLOY_BOOTC_APPS_UNSUPPORTED" });
  });
});
