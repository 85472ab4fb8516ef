/** What happens to a release after it was made: more signatures, checks, removal. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openMedium } from "../../../src/bundle/medium.ts";
import { createRelease } from "../../../src/release/create-release.ts";
import { readReleases } from "../../../src/release/existing-releases.ts";
import type { ReleaseDraft } from "../../../src/release/release-draft.ts";
import { removeRelease } from "../../../src/release/remove-release.ts";
import { signRelease } from "../../../src/release/sign-release.ts";
import { verifyReleases } from "../../../src/release/verify-releases.ts";
import type { PrivateKey } from "../../../src/trust/keys.ts";
import { keySigner } from "../../../src/trust/signer.ts";
import {
  fixtureDraft,
  fixturePorts,
  fixtureRoot,
  RELEASE_KEY,
  SECOND_KEY,
  STRANGER_KEY,
  writeFixtureImage,
} from "../../support/release-fixtures.ts";

const refusal = (code: string) => expect.objectContaining({ code });

describe("a release on a medium", () => {
  let directory: string;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "release-"));
    await writeFixtureImage(directory);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const stick = () => fixtureDraft(directory).destination;
  const blobDirectory = () => join(directory, "stick/bootferry/blobs/sha256");
  const create = (changes: Partial<ReleaseDraft> = {}) =>
    createRelease(fixtureDraft(directory, changes), fixturePorts(directory));
  const second: Partial<ReleaseDraft> = { version: "2.0.0", sequence: 2 };
  const sign = (key: PrivateKey, changes: Partial<Parameters<typeof signRelease>[0]> = {}) =>
    signRelease(
      { medium: stick(), selector: undefined, signers: [keySigner(key)], root: undefined, ...changes },
      fixturePorts(directory),
    );
  const tags = (): string[] =>
    JSON.parse(readFileSync(join(directory, "stick/bootferry/index.json"), "utf8")).manifests.map(
      (entry: { annotations?: Record<string, string> }) => entry.annotations?.["org.opencontainers.image.ref.name"],
    );
  /** `good`, or the code of what is wrong, for each release. */
  const verify = async (threshold = 1) => {
    const medium = await openMedium(stick());
    const { releases } = await readReleases(medium);
    const results = await verifyReleases(medium, releases, await fixtureRoot(threshold), fixturePorts(directory));
    return results.map((result) => (result.kind === "good" ? "good" : result.error.code));
  };

  it("meets a threshold of two once the second key has signed, with the payload unchanged", async () => {
    const { payloadDigest, manifestDigest } = await create();
    expect(await verify(2)).toEqual(["TRUST_THRESHOLD_NOT_MET"]);
    const signed = await sign(SECOND_KEY, { root: await fixtureRoot(2) });
    expect(signed.found.payloadDigest).toBe(payloadDigest);
    expect(signed.manifestDigest).not.toBe(manifestDigest);
    expect(await verify(2)).toEqual(["good"]);
    expect(readdirSync(blobDirectory())).not.toContain(manifestDigest.slice("sha256:".length));
  });

  it("does not count one key that signs twice", async () => {
    const { manifestDigest } = await create();
    expect((await sign(RELEASE_KEY)).manifestDigest).toBe(manifestDigest);
    expect(await verify(2)).toEqual(["TRUST_THRESHOLD_NOT_MET"]);
  });

  it("refuses a signature that devices would not count", async () => {
    await create();
    await expect(sign(STRANGER_KEY, { root: await fixtureRoot() })).rejects.toThrow(refusal("RELEASE_KEY_NOT_TRUSTED"));
  });

  it.each([
    { selector: "kiosk-os", code: "RELEASE_AMBIGUOUS" },
    { selector: undefined, code: "RELEASE_AMBIGUOUS" },
    { selector: "kiosk-os@3.0.0", code: "RELEASE_NOT_FOUND" },
    { selector: "sha256:000000000000", code: "RELEASE_NOT_FOUND" },
    { selector: "", code: "RELEASE_NOT_FOUND" },
  ])("is not chosen for $selector among two releases: $code", async ({ selector, code }) => {
    await create();
    await create(second);
    await expect(sign(SECOND_KEY, { selector })).rejects.toThrow(refusal(code));
    await expect(removeRelease(stick(), selector, fixturePorts(directory))).rejects.toThrow(refusal(code));
  });

  it("is chosen by name and version, by either digest, and by the beginning of one", async () => {
    await create();
    const { payloadDigest, manifestDigest } = await create(second);
    for (const selector of ["kiosk-os@2.0.0", payloadDigest, manifestDigest, payloadDigest.slice(7, 19)]) {
      const { found } = await sign(RELEASE_KEY, { selector });
      expect(found.statement.version).toBe("2.0.0");
    }
  });

  it("takes its own blobs with it when it is removed, and none of another release", async () => {
    await create();
    const before = readdirSync(blobDirectory()).toSorted();
    await writeFixtureImage(directory, "2", "two");
    await create({ ...second, targets: [{ compatible: "kiosk", source: "oci:two" }] });
    const { removedBlobs, removedBytes } = await removeRelease(stick(), "kiosk-os@2.0.0", fixturePorts(directory));
    expect(readdirSync(blobDirectory()).toSorted()).toEqual(before);
    expect(removedBlobs).toBe(7);
    expect(removedBytes).toBeGreaterThan(0);
    expect(await verify()).toEqual(["good"]);
    await removeRelease(stick(), undefined, fixturePorts(directory));
    expect(readdirSync(blobDirectory())).toEqual([]);
  });

  it("leaves a release of the very same image whole when it is removed", async () => {
    await create();
    await create(second);
    await removeRelease(stick(), "kiosk-os@1.0.0", fixturePorts(directory));
    expect(await verify()).toEqual(["good"]);
    expect(tags()).toEqual(["kiosk-os-2.0.0-kiosk-amd64", "kiosk-os-2.0.0-kiosk-amd64-tree", "kiosk-os-2.0.0.release"]);
  });

  it("leaves what another tool has named, the very same image included, when it is removed", async () => {
    const { statement } = await create();
    const file = join(directory, "stick/bootferry/index.json");
    const index = JSON.parse(readFileSync(file, "utf8"));
    const foreign = { ...statement.targets[0]?.image, annotations: { "org.opencontainers.image.ref.name": "theirs" } };
    writeFileSync(file, JSON.stringify({ ...index, manifests: [...index.manifests, foreign] }));
    await removeRelease(stick(), undefined, fixturePorts(directory));
    expect(tags()).toEqual(["theirs"]);
    // manifest, config and two layers
    expect(readdirSync(blobDirectory())).toHaveLength(4);
  });

  it("takes an image of its own that lost its tag with it when it is removed", async () => {
    await create();
    const file = join(directory, "stick/bootferry/index.json");
    const index = JSON.parse(readFileSync(file, "utf8"));
    const untagged = index.manifests.map(({ annotations: _, ...entry }: Record<string, unknown>) => entry);
    writeFileSync(file, JSON.stringify({ ...index, manifests: untagged }));
    await removeRelease(stick(), undefined, fixturePorts(directory));
    expect(readdirSync(blobDirectory())).toEqual([]);
  });

  it("is not signed or removed where there is no medium, and none is made", async () => {
    await expect(sign(RELEASE_KEY)).rejects.toThrow(refusal("BUNDLE_MEDIUM_FOREIGN"));
    await expect(removeRelease(stick(), undefined, fixturePorts(directory))).rejects.toThrow(
      refusal("BUNDLE_MEDIUM_FOREIGN"),
    );
    expect(readdirSync(stick())).toEqual([]);
  });

  it("is found bad when any one bit of any of its blobs is flipped", async () => {
    await create();
    for (const name of readdirSync(blobDirectory())) {
      const file = join(blobDirectory(), name);
      const good = readFileSync(file);
      const bad = Buffer.from(good);
      const middle = Math.floor(bad.length / 2);
      bad[middle] = (bad[middle] ?? 0) ^ 1;
      writeFileSync(file, bad);
      const medium = await openMedium(stick());
      const { releases, problems } = await readReleases(medium);
      const results = await verifyReleases(medium, releases, await fixtureRoot(), fixturePorts(directory));
      const codes = [...problems, ...results].map((result) => ("error" in result ? result.error.code : "good"));
      // The artifact that holds the tree's blob for other tools, and its empty config, are not part of what is signed.
      const isSideCar = good.toString("utf8").includes("bootferry.tree.v1") || good.length === 2;
      expect(codes, name).toEqual([isSideCar ? "good" : "OCI_BLOB_DIGEST_MISMATCH"]);
      writeFileSync(file, good);
    }
  });

  it.each([
    { what: "cut short", damage: (file: string) => truncateSync(file, 10), code: "OCI_BLOB_SIZE_MISMATCH" },
    { what: "missing", damage: (file: string) => rmSync(file), code: "OCI_BLOB_MISSING" },
    {
      what: "too long",
      damage: (file: string) => writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.alloc(1)])),
      code: "OCI_BLOB_SIZE_MISMATCH",
    },
  ])("is found bad when a layer is $what, while another one stays good", async ({ damage, code }) => {
    await writeFixtureImage(directory, "2", "two");
    const { statement } = await create();
    await create({ ...second, targets: [{ compatible: "kiosk", source: "oci:two" }] });
    const manifest = statement.targets[0]?.image.digest.slice("sha256:".length) ?? "";
    const { layers } = JSON.parse(readFileSync(join(blobDirectory(), manifest), "utf8"));
    damage(join(blobDirectory(), layers[1].digest.slice("sha256:".length)));
    expect(await verify()).toEqual([code, "good"]);
  });
});
