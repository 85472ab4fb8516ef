import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openMedium } from "../../../src/bundle/medium.ts";
import { verifyContents } from "../../../src/bundle/verify-contents.ts";
import { HostError } from "../../../src/host/error.ts";
import { type Exec, execOnHost } from "../../../src/host/exec.ts";
import { createRelease } from "../../../src/release/create-release.ts";
import { readReleases } from "../../../src/release/existing-releases.ts";
import { rehearseRelease } from "../../../src/release/rehearse-release.ts";
import type { ReleaseDraft } from "../../../src/release/release-draft.ts";
import { type FixtureEntry, type FixtureImage, miniatureRoot, writeOciLayout } from "../../support/oci-fixtures.ts";
import { fixtureDraft, fixturePorts } from "../../support/release-fixtures.ts";

const refusal = (code: string) => expect.objectContaining({ code });

describe("a release of an image that binds others", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "release-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const binding = (...images: readonly string[]): readonly FixtureEntry[] =>
    images.flatMap((image, index) => [
      {
        name: `usr/lib/bootc/bound-images.d/${index}.image`,
        type: "symlink" as const,
        linkname: `/usr/share/${index}`,
      },
      { name: `usr/share/${index}`, content: `[Image]\nImage=${image}\n${"#".repeat(80)}` },
    ]);
  const system = (images: readonly string[], architecture = "amd64"): FixtureImage => ({
    architecture,
    layers: [{ entries: miniatureRoot() }, { entries: binding(...images) }],
  });
  const app = (name: string, architecture = "amd64"): FixtureImage => ({
    architecture,
    layers: [{ entries: [{ name: "app", content: name.repeat(50) }] }],
  });
  const writeSystem = (...images: readonly FixtureImage[]) => writeOciLayout(join(directory, "image"), [{ images }]);
  const writeApp = (name: string, ...images: readonly FixtureImage[]) =>
    writeOciLayout(join(directory, name), [{ images: images.length > 0 ? images : [app(name)] }]);

  /** A skopeo whose registries hold the layouts of the test's directory, under the last component of their names. */
  const registry = (calls: string[] = []): Exec => {
    const nothing = { exitCode: 0, stdout: Buffer.alloc(0), stderrTail: "" };
    return async (argv, options) => {
      if (argv[0] !== "skopeo") return execOnHost(argv, options);
      const reference = argv.find((word) => word.startsWith("docker://")) ?? "";
      const source = join(directory, /([a-z]+)[:@][^/]*$/.exec(reference)?.[1] ?? "");
      if (!existsSync(source)) throw new HostError("HOST_TOOL_FAILED", `no such image: ${reference}`);
      calls.push(argv.slice(1, -1).join(" "));
      const [entry] = JSON.parse(readFileSync(join(source, "index.json"), "utf8")).manifests;
      if (argv.includes("inspect")) {
        return { ...nothing, stdout: readFileSync(join(source, "blobs/sha256", entry.digest.slice("sha256:".length))) };
      }
      const [, into = "", tag = ""] = /^oci:(.*):(.*)$/.exec(argv.at(-1) ?? "") ?? [];
      const override = argv.indexOf("--override-arch");
      const architecture = override < 0 ? "amd64" : (argv[override + 1] ?? "");
      await writeOciLayout(into, [{ tag, images: [app(/[^/]*$/.exec(source)?.[0] ?? "", architecture)] }]);
      return nothing;
    };
  };
  const create = (changes: Partial<ReleaseDraft> = {}, exec = registry()) =>
    createRelease(fixtureDraft(directory, changes), { ...fixturePorts(directory), exec });
  const blobs = () => readdirSync(join(directory, "stick/bootferry/blobs/sha256"));

  it("carries named and fetched ones as apps, whole and verified", async () => {
    await writeSystem(system(["docker.io/acme/db:1", "docker.io/acme/ui:7"]));
    await writeApp("ui");
    await writeApp("db");
    await writeApp("given");
    const apps = [{ name: "docker.io/acme/ui:7", source: "oci:given" }];
    const { statement } = await create({ apps });
    expect(statement.targets[0]?.apps.map(({ name }) => name)).toEqual(["docker.io/acme/ui:7", "docker.io/acme/db:1"]);
    const medium = await openMedium(fixtureDraft(directory).destination);
    const [release] = (await readReleases(medium)).releases;
    if (release === undefined) throw new Error("no release");
    // three images of manifest and config, four layers, the composefs image
    expect((await verifyContents(medium, release)).blobs).toBe(3 * 2 + 4 + 1);
    expect(readdirSync(join(directory, "scratch"))).toEqual([]);
  });

  it("carries them for bootc hosts, too, whose releases have no tree", async () => {
    await writeSystem(system(["docker.io/acme/ui:7"]));
    await writeApp("ui");
    const { statement } = await create({ withTree: false });
    expect(statement.targets[0]).toMatchObject({ tree: null, apps: [{ name: "docker.io/acme/ui:7" }] });
  });

  it("says in a dry run what the release will say", async () => {
    await writeSystem(system(["docker.io/acme/ui:7"]));
    await writeApp("ui");
    const ports = { ...fixturePorts(directory), exec: registry() };
    const { payloadDigest } = await rehearseRelease(fixtureDraft(directory), ports);
    expect((await create()).payloadDigest).toBe(payloadDigest);
  });

  it("fetches for each architecture its own, once for all kinds of device", async () => {
    await writeSystem(system(["docker.io/acme/ui:7"]), system(["docker.io/acme/ui:7"], "arm64"));
    await writeApp("ui", app("ui"), app("ui", "arm64"));
    const calls: string[] = [];
    const targets = ["a", "b"].map((compatible) => ({ compatible, source: "oci:image" }));
    const { statement } = await create({ targets, architectures: { kind: "all" } }, registry(calls));
    const digests = statement.targets.map(({ apps }) => apps[0]?.image.digest);
    expect(digests[0]).toBe(digests[2]);
    expect(digests[1]).toBe(digests[3]);
    expect(digests[0]).not.toBe(digests[1]);
    expect(calls.filter((call) => call.includes("copy"))).toEqual([
      "--override-os linux --override-arch amd64 copy --quiet docker://docker.io/acme/ui:7",
      "--override-os linux --override-arch arm64 copy --quiet docker://docker.io/acme/ui:7",
    ]);
  });

  it("refuses to go without one that cannot be had, and leaves nothing", async () => {
    await writeSystem(system(["docker.io/acme/ui:7"]));
    await expect(create()).rejects.toThrow(refusal("RELEASE_BOUND_IMAGE_MISSING"));
    expect(blobs()).toEqual([]);
  });

  it("refuses an app of another tag than the bound one, before it fetches anything", async () => {
    await writeSystem(system(["docker.io/acme/db:1", "docker.io/acme/ui:7"]));
    await writeApp("db");
    await writeApp("ui");
    const calls: string[] = [];
    const apps = [{ name: "docker.io/acme/ui:8", source: "oci:ui" }];
    await expect(create({ apps }, registry(calls))).rejects.toThrow(refusal("RELEASE_APP_DIFFERS"));
    expect(calls).toEqual([]);
  });

  it("takes several tags of one image where the system binds them", async () => {
    await writeSystem(system(["docker.io/acme/ui:7", "docker.io/acme/ui:8"]));
    await writeApp("ui");
    const { statement } = await create({ apps: [{ name: "docker.io/acme/ui:8", source: "oci:ui" }] });
    expect(statement.targets[0]?.apps.map(({ name }) => name)).toEqual(["docker.io/acme/ui:8", "docker.io/acme/ui:7"]);
  });

  it("takes a digest in a name only for the image that has it", async () => {
    const [entry] = await writeApp("ui");
    const name = `docker.io/acme/ui@${entry?.digest}`;
    await writeSystem(system([name]));
    expect((await create()).statement.targets[0]?.apps[0]?.name).toBe(name);
    const other = `docker.io/acme/ui@sha256:${"0".repeat(64)}`;
    const apps = [{ name: other, source: "oci:ui" }];
    await expect(create({ apps, sequence: 2, version: "2" })).rejects.toThrow(refusal("RELEASE_APP_DIFFERS"));
    await writeSystem(system([other]));
    await expect(create({ sequence: 2, version: "2" })).rejects.toThrow(refusal("RELEASE_APP_DIFFERS"));
  });

  it("refuses an app whose name would mean another image elsewhere", async () => {
    await writeSystem(system([]));
    await writeApp("ui");
    const apps = [{ name: "acme/ui:7", source: "oci:ui" }];
    await expect(create({ apps })).rejects.toThrow(refusal("RELEASE_APP_NAME_INVALID"));
  });
});
