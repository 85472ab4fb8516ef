/** Push and pull over a registry in memory that can lie; test/images/registry.test.ts does it over a real one. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openMedium } from "../../../../src/bundle/medium.ts";
import { digestHex, digestOf } from "../../../../src/oci/digest.ts";
import { type AbsPath, parseAbsPath } from "../../../../src/path.ts";
import { createRelease } from "../../../../src/release/create-release.ts";
import { readReleases } from "../../../../src/release/existing-releases.ts";
import { publishRoots } from "../../../../src/release/publish-roots.ts";
import { type PullRequest, pullRelease } from "../../../../src/release/registry/pull-release.ts";
import { type PushRequest, pushRelease } from "../../../../src/release/registry/push-release.ts";
import type { ReleaseDraft } from "../../../../src/release/release-draft.ts";
import { keySigner } from "../../../../src/trust/signer.ts";
import { type FakeRegistry, fakeRegistry } from "../../../support/fake-registry.ts";
import {
  fixtureDraft,
  fixturePorts,
  fixtureRoot,
  STRANGER_KEY,
  writeFixtureImage,
} from "../../../support/release-fixtures.ts";

const refusal = (code: string) => expect.objectContaining({ code });

describe("a release that goes through a registry", () => {
  let directory: string;
  let registry: FakeRegistry;
  let destination: AbsPath;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "registry-"));
    registry = fakeRegistry();
    destination = parseAbsPath(join(directory, "pulled"));
    mkdirSync(destination);
    await writeFixtureImage(directory);
    await writeFixtureImage(directory, "9", "app");
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const ports = () => fixturePorts(directory);
  const create = (changes: Partial<ReleaseDraft> = {}) =>
    createRelease(
      fixtureDraft(directory, { apps: [{ name: "reg.example/ui:7", source: "oci:app" }], ...changes }),
      ports(),
    );
  const push = async (changes: Partial<PushRequest> = {}) =>
    pushRelease(
      {
        medium: fixtureDraft(directory).destination,
        selector: undefined,
        chain: [await fixtureRoot()],
        registry,
        tag: "stable",
        replace: false,
        ...changes,
      },
      ports(),
    );
  const pull = async (changes: Partial<PullRequest> = {}) =>
    pullRelease({ registry, tag: "stable", destination, chain: [await fixtureRoot()], ...changes }, ports());
  /** Every file below `bootferry/`, by its path: its digest, and of index.json the members, whose order says nothing. */
  const filesOf = (medium: string) =>
    Object.fromEntries(
      readdirSync(join(medium, "bootferry"), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((file) => {
          const bytes = readFileSync(file);
          return [file.slice(medium.length), file.endsWith("index.json") ? JSON.parse(`${bytes}`) : digestOf(bytes)];
        }),
    );
  const stick = () => join(directory, "stick");
  const releasesIn = async (medium: AbsPath) => (await readReleases(await openMedium(medium))).releases.length;

  it("comes back to the last byte, with its roots", async () => {
    await create();
    await publishRoots(parseAbsPath(stick()), [await fixtureRoot()], ports());
    const pushed = await push();
    const pulled = await pull();
    expect(filesOf(destination)).toEqual(filesOf(stick()));
    expect(pulled).toMatchObject({ payloadDigest: pushed.payloadDigest, verifiedBy: pushed.signedBy, roots: [1] });
  });

  it("tells how far it is", async () => {
    await create();
    const bars: { readonly label: string; readonly totalBytes: number; doneBytes: number }[] = [];
    const recorded = {
      ...ports(),
      openProgress(label: string, totalBytes: number) {
        const bar = { label, totalBytes, doneBytes: 0 };
        bars.push(bar);
        const advance = (bytes: number) => {
          bar.doneBytes += bytes;
        };
        return { advance, [Symbol.dispose]: () => undefined };
      },
    };
    const chain: PushRequest["chain"] = [await fixtureRoot()];
    const medium = fixtureDraft(directory).destination;
    await pushRelease({ medium, selector: undefined, chain, registry, tag: "stable", replace: false }, recorded);
    await pullRelease({ registry, tag: "stable", destination, chain }, recorded);
    for (const label of ["pushing", "pulling"]) {
      const bar = bars.find((each) => each.label === label);
      expect(bar?.totalBytes).toBeGreaterThan(0);
      expect(bar?.doneBytes).toBe(bar?.totalBytes);
    }
  });

  it("sends what hosts follow last", async () => {
    await create();
    const { statement } = await push();
    const tags = registry.pushed.filter((each) => !each.startsWith("sha256:"));
    expect(registry.pushed.slice(-tags.length)).toEqual(tags);
    expect(tags).toEqual(["kiosk-os-1.0.0.release", "stable.release", "stable-kiosk", "stable"]);
    expect(registry.tags.get("stable")).toBe(statement.targets[0]?.image.digest);
  });

  it("changes nothing when it is done again, and fetches nothing", async () => {
    await create();
    await push();
    await pull();
    const before = filesOf(destination);
    registry.sent.length = 0;
    await push();
    await pull();
    expect(filesOf(destination)).toEqual(before);
    // the release itself is always read anew; it is what says that the rest is there
    for (const digest of registry.sent) expect(`${registry.blobs.get(digest)}`).toMatch(/^\{\}$|payloadType/);
  });

  it("fetches what is damaged or missing in the place that it goes to", async () => {
    const { statement } = await create();
    await push();
    await pull();
    const before = filesOf(destination);
    const [tree, image] = [statement.targets[0]?.tree?.image.digest, statement.targets[0]?.image.digest];
    const fileOf = (digest = digestOf("")) => join(destination, "bootferry/blobs/sha256", digestHex(digest));
    const bytes = readFileSync(fileOf(tree));
    bytes[10] = (bytes[10] ?? 0) ^ 1;
    writeFileSync(fileOf(tree), bytes);
    rmSync(fileOf(image));
    await pull();
    expect(filesOf(destination)).toEqual(before);
  });

  it("is pulled without a root, which is not called verified", async () => {
    await create();
    await push();
    expect(await pull({ chain: undefined })).toMatchObject({ verifiedBy: undefined });
    expect(await releasesIn(destination)).toBe(1);
  });

  it("is not pushed when devices would refuse it", async () => {
    await create({ signers: [keySigner(STRANGER_KEY)] });
    await expect(push()).rejects.toThrow(refusal("TRUST_KEY_UNKNOWN"));
    expect(registry.pushed).toEqual([]);
  });

  it("is not pushed when a blob is damaged", async () => {
    const { statement } = await create();
    const tree = statement.targets[0]?.tree?.image.digest ?? digestOf("");
    const file = join(stick(), "bootferry/blobs/sha256", digestHex(tree));
    writeFileSync(file, Buffer.alloc(readFileSync(file).length));
    await expect(push()).rejects.toThrow(refusal("OCI_BLOB_DIGEST_MISMATCH"));
    expect(registry.pushed).toEqual([]);
  });

  it("is refused before anything is written when devices would refuse it", async () => {
    await create();
    await push();
    await expect(pull({ chain: [await fixtureRoot(2)] })).rejects.toThrow(refusal("TRUST_THRESHOLD_NOT_MET"));
    expect(existsSync(join(destination, "bootferry"))).toBe(false);
  });

  describe("a tag", () => {
    const second: Partial<ReleaseDraft> = { version: "2.0.0", sequence: 2 };

    it("goes on to a newer release, and the older one stays", async () => {
      await create();
      await push();
      await create(second);
      await push({ selector: "kiosk-os@2.0.0" });
      expect((await pull()).statement.version).toBe("2.0.0");
      expect((await pull({ tag: "kiosk-os-1.0.0" })).statement.version).toBe("1.0.0");
      expect(await releasesIn(destination)).toBe(2);
    });

    it.each([
      ["an older release", { selector: "kiosk-os@1.0.0" }],
      ["a release of another name", { selector: "server-os" }],
    ])("does not go to %s unless it is told to", async (_what, which) => {
      await create();
      await create(second);
      await create({ name: "server-os", version: "3.0.0", sequence: 3 });
      await push({ selector: "kiosk-os@2.0.0" });
      const count = registry.pushed.length;
      await expect(push(which)).rejects.toThrow(refusal("RELEASE_REGISTRY_TAG_TAKEN"));
      expect(registry.pushed).toHaveLength(count);
      const { wholeDigest } = await push({ ...which, replace: true });
      expect(registry.tags.get("stable.release")).toBe(wholeDigest);
    });
  });

  describe("from a registry that lies", () => {
    beforeEach(async () => {
      await create();
      await push();
    });

    it.each([
      ["an unknown tag", "RELEASE_REGISTRY_UNKNOWN", () => registry.tags.clear()],
      [
        "an image that nobody pushed as a release",
        "RELEASE_REGISTRY_NOT_A_RELEASE",
        () => void registry.tags.delete("stable.release"),
      ],
      [
        "an image in the place of the release",
        "RELEASE_REGISTRY_NOT_A_RELEASE",
        () => void registry.tags.set("stable.release", registry.tags.get("stable") ?? digestOf("")),
      ],
      [
        "an index of images alone",
        "RELEASE_REGISTRY_NOT_A_RELEASE",
        () => {
          const index = JSON.parse(
            registry.manifests.get(registry.tags.get("stable.release") ?? digestOf(""))?.toString() ?? "",
          );
          index.manifests = index.manifests.filter((entry: { platform?: unknown }) => entry.platform !== undefined);
          const bytes = Buffer.from(JSON.stringify(index));
          registry.manifests.set(digestOf(bytes), bytes);
          registry.tags.set("stable.release", digestOf(bytes));
        },
      ],
      [
        "another manifest than the one that is signed",
        "RELEASE_REGISTRY_DIFFERS",
        () => void registry.manifests.set(registry.tags.get("stable") ?? digestOf(""), Buffer.from("{}")),
      ],
      [
        "layers with other bytes",
        "OCI_BLOB_DIGEST_MISMATCH",
        () => {
          for (const [digest, bytes] of registry.blobs) {
            if (bytes[0] === 0x1f) registry.blobs.set(digest, Buffer.alloc(bytes.length)); // gzip
          }
        },
      ],
    ])("%s is refused, and the medium names nothing", async (_what, code, lie) => {
      lie();
      await expect(pull()).rejects.toThrow(refusal(code));
      const there = existsSync(join(destination, "bootferry/index.json"));
      expect(there ? await releasesIn(destination) : 0).toBe(0);
    });

    it("goes on once it tells the truth", async () => {
      const honest = new Map(registry.blobs);
      for (const [digest, bytes] of honest)
        registry.blobs.set(digest, bytes[0] === 0x1f ? Buffer.alloc(bytes.length) : bytes);
      await expect(pull()).rejects.toThrow();
      for (const [digest, bytes] of honest) registry.blobs.set(digest, bytes);
      await pull();
      expect(filesOf(destination)).toEqual(filesOf(stick()));
    });
  });
});
