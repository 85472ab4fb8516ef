/** Roots after the first: `root rotate`, `revoke`, `sign --previous`, `verify-chain`, `publish`, and media that carry them. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatPrivateKeyPem, formatPublicKeyPem, privateKeyOfSeed } from "../../src/trust/keys.ts";
import { runInProcess } from "../support/cli-in-process.ts";
import {
  RELEASE_KEY,
  SECOND_KEY,
  STRANGER_KEY,
  writeFixtureImage,
  writeFixtureKeys,
} from "../support/release-fixtures.ts";

const CREATE =
  "release create oci:image --to stick --name kiosk-os --compatible kiosk --release-version 1.0.0 --sequence 1";
const DIGEST = `sha256:${"a".repeat(64)}`;
const NEW_ROOT_KEY = privateKeyOfSeed(Buffer.alloc(32, 10));

describe("the root after a root", () => {
  let directory: string;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "rotation-"));
    mkdirSync(join(directory, "stick"));
    await Promise.all([writeFixtureKeys(directory), writeFixtureImage(directory)]);
    writeFileSync(file("dora.key"), formatPrivateKeyPem(NEW_ROOT_KEY));
    writeFileSync(file("dora.pub"), formatPublicKeyPem(NEW_ROOT_KEY.publicKey));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const file = (name: string) => join(directory, name);
  const run = (command: string) => runInProcess(directory, command.split(" "));
  const done = async (command: string) => {
    const result = await run(command);
    expect(result, command).toMatchObject({ exitStatus: 0 });
    return result;
  };
  const json = async (command: string) => JSON.parse((await done(`${command} --json`)).stdout);
  const refused = async (command: string, code: string, exitStatus: number) =>
    expect(await run(command), command).toMatchObject({ exitStatus, stderr: expect.stringContaining(`[${code}]`) });
  /** root.json is version 1; root-2.json takes the key `release` away and lets `stranger` sign. */
  const rotate = async () => {
    await done(
      "root rotate root.json --out root-2.json --remove-release-key release.pub --add-release-key stranger.pub --key root.key",
    );
    await done("root verify-chain root-2.json root.json --out chain.json");
  };

  it("keeps what is not changed, and says what the change does", async () => {
    await done(
      `root revoke root.json --out root-2.json --revoke-release ${DIGEST} --min-sequence kiosk-os=7 --allow-downgrade ${DIGEST} --allow-successor kiosk-os=kiosk-next --key root.key`,
    );
    await done("root verify-chain root.json root-2.json --out chain.json");
    const rotated = await done(
      "root rotate chain.json --out root-3.json --remove-release-key release.pub --add-release-key stranger.pub --key root.key",
    );
    expect(rotated.stderr).toContain("have those that are under way signed again");
    expect(rotated.stderr).toContain("only once they have this root");
    const { document } = await json("root show root-3.json");
    expect(document).toMatchObject({
      version: 3,
      expiresAt: null,
      revokedReleases: [DIGEST],
      minSequences: { "kiosk-os": 7 },
      downgrades: [DIGEST],
      successors: { "kiosk-os": ["kiosk-next"] },
    });
    expect(document.roles.release.keyIds).toEqual(
      [SECOND_KEY, STRANGER_KEY].map(({ publicKey }) => publicKey.keyId).sort(),
    );
    const labels = document.keys.map(({ label }: { label: string }) => label);
    expect(labels).toContain("stranger");
    const shown = (await done("root show root-3.json")).stdout;
    for (const text of ["kiosk-os 7", "kiosk-os: kiosk-next", `downgrade allowed  ${DIGEST}`])
      expect(shown).toContain(text);
    await done("root rotate root-3.json --out bare.json --drop-permissions --expires 2099-01-01 --key root.key");
    const bare = (await json("root show bare.json")).document;
    expect(bare).toMatchObject({ version: 4, expiresAt: "2099-01-01T00:00:00Z", minSequences: { "kiosk-os": 7 } });
    expect(bare).not.toHaveProperty("downgrades");
    expect(bare).not.toHaveProperty("successors");
  });

  it("changes hands when the old holder and the new one have signed, each in a copy", async () => {
    await done("root rotate root.json --out new.json --add-root-key dora.pub --remove-root-key root.pub");
    const wanted = await run("root verify-chain root.json new.json --out chain.json");
    expect(wanted).toMatchObject({ exitStatus: 3, stdout: expect.stringContaining("not complete") });
    expect(wanted.stdout).toMatch(/1 more signature\(s\) by root keys of version 1, of:\n {4}[0-9a-f]{64}/);
    expect(wanted.stdout).toMatch(/1 more signature\(s\) by root keys of version 2, of:\n.+dora\n/);
    expect(readdirSync(directory)).not.toContain("chain.json");
    for (const holder of ["old", "dora"]) copyFileSync(file("new.json"), file(`${holder}.json`));
    await done("root sign dora.json --key dora.key");
    await refused("root sign old.json --key root.key", "TRUST_KEY_UNKNOWN", 3);
    const signed = await done("root sign old.json --key root.key --previous root.json");
    expect(signed.stderr).toContain("to be signed:\nversion   2");
    await refused("root sign old.json --key stranger.key --previous root.json", "TRUST_KEY_UNKNOWN", 3);
    await refused("root sign root.json --key root.key --previous root.json", "TRUST_ROOT_NOT_SUCCESSOR", 3);
    const chain = await json("root verify-chain dora.json root.json old.json --out chain.json");
    expect(chain).toMatchObject({ complete: true, roots: [{ problem: null }, { problem: null }] });
    expect(await json("root show chain.json")).toMatchObject({
      document: { version: 2 },
      chain: [{ version: 1 }, { version: 2 }],
    });
    await refused("root verify-chain chain.json --out chain.json", "HOST_EXISTS", 1);
  });

  it("says when it will lock devices out", async () => {
    const old = "root rotate root.json --out old.json --expires 2001-01-01 --key root.key";
    expect((await done(old)).stderr).toContain("accept no release");
    const replaced = `root revoke root.json --out replaced.json --revoke-key release.pub --revoke-key ${SECOND_KEY.publicKey.keyId} --add-release-key stranger.pub --key root.key`;
    expect((await done(replaced)).stderr).toContain("the release keys are replaced");
  });

  it.each([
    { what: "too few keys for a threshold", change: "--threshold-release 3", code: "TRUST_ROOT_INVALID", exit: 3 },
    { what: "its only root key revoked", change: "--revoke-key root.pub", code: "TRUST_ROOT_INVALID", exit: 3 },
    { what: "a key that has not got the role", change: "--remove-root-key release.pub", code: "CLI_USAGE", exit: 2 },
    { what: "a word that is no key", change: "--remove-root-key nobody", code: "CLI_USAGE", exit: 2 },
    { what: "a signer who holds no root key", change: "--key stranger.key", code: "TRUST_KEY_UNKNOWN", exit: 3 },
    { what: "a digest that is none", change: "--revoke-release sha256:12", code: "CLI_USAGE", exit: 2 },
    { what: "a sequence without a name", change: "--min-sequence 7", code: "CLI_USAGE", exit: 2 },
    { what: "a release name that is none", change: "--min-sequence Kiosk=7", code: "TRUST_ROOT_INVALID", exit: 3 },
    { what: "two words about expiry", change: "--no-expiry --expires 2030-01-01", code: "CLI_USAGE", exit: 2 },
  ])("is refused with $what: $code", async ({ change, code, exit }) => {
    await refused(`root rotate root.json --out root-2.json ${change}`, code, exit);
    expect(readdirSync(directory)).not.toContain("root-2.json");
  });

  it("revokes something, or is not made by that verb; and gives nobody a revoked key again", async () => {
    await refused("root revoke root.json --out root-2.json --key root.key", "CLI_USAGE", 2);
    const id = RELEASE_KEY.publicKey.keyId.slice(0, 12);
    await done(`root revoke root.json --out root-2.json --revoke-key ${id} --key root.key`);
    expect((await json("root show root-2.json")).document).toMatchObject({
      revokedKeys: [RELEASE_KEY.publicKey.keyId],
      roles: { release: { keyIds: [SECOND_KEY.publicKey.keyId] } },
    });
    await refused("root rotate root-2.json --out root-3.json --add-release-key release.pub", "CLI_USAGE", 2);
  });

  it("is no link of a chain with a gap, a rival or a torn step", async () => {
    await rotate();
    await done("root rotate root-2.json --out root-3.json --key root.key");
    const gap = await run("root verify-chain root.json root-3.json");
    expect(gap).toMatchObject({ exitStatus: 3, stdout: expect.stringContaining("TRUST_ROOT_NOT_SUCCESSOR") });
    await done("root rotate root.json --out rival.json --threshold-release 2 --key root.key");
    await refused("root verify-chain root.json root-2.json rival.json", "TRUST_PAYLOADS_DIFFER", 1);
    await refused("root publish root.json root-3.json --to stick", "TRUST_ROOT_NOT_SUCCESSOR", 3);
    await refused("root verify-chain root.json release.pub", "CLI_USAGE", 2);
    expect(readdirSync(file("stick"))).toEqual([]);
  });

  it("travels alone, and again changes nothing", async () => {
    await rotate();
    await done("root publish chain.json --to stick");
    const content = () =>
      readdirSync(file("stick/bootferry/blobs/sha256"))
        .toSorted()
        .concat(readFileSync(file("stick/bootferry/index.json"), "utf8"));
    const first = content();
    await done("root publish root.json root-2.json --to stick");
    expect(content()).toEqual(first);
    expect((await done("release list stick")).stdout).toMatch(/^no releases\nroot version 1 .+\nroot version 2 .+\n$/);
    expect(await json("release verify stick --root root.json")).toMatchObject({
      rootVersion: 2,
      roots: [
        { version: 1, kind: "known" },
        { version: 2, kind: "followed" },
      ],
    });
    expect((await json("release verify stick --root root-2.json")).roots).toMatchObject([
      { kind: "older" },
      { kind: "known" },
    ]);
  });

  it("travels with a release, which counts on devices that know only the first root", async () => {
    await rotate();
    await done(`${CREATE} --root chain.json --key stranger.key`);
    const verified = await done("release verify stick --root root.json");
    expect(verified.stdout).toMatch(/root version 2 .*devices follow it[\s\S]*good {2}kiosk-os@1\.0\.0/);
    expect((await json("release inspect stick")).roots).toMatchObject([{ version: 1 }, { version: 2 }]);
    await refused(
      `${CREATE.replace("--sequence 1", "--sequence 2").replace("1.0.0", "2")} --root chain.json --key release.key`,
      "RELEASE_KEY_NOT_TRUSTED",
      1,
    );
    await done("release remove stick");
    expect((await json("release list stick")).roots).toHaveLength(2);
  });

  it("is told from a root that somebody else has made", async () => {
    await done("root create --out theirs.json --root-key stranger.key --release-key stranger.pub");
    await done("root rotate theirs.json --out theirs-2.json --key stranger.key");
    await done(`${CREATE} --key release.key`);
    await done("root publish theirs.json theirs-2.json --to stick");
    const verified = await run("release verify stick --root root.json");
    expect(verified).toMatchObject({ exitStatus: 3, stdout: expect.stringContaining("[TRUST_ROOT_NOT_SUCCESSOR]") });
    expect(verified.stdout).toMatch(/^good {2}kiosk-os@1\.0\.0/m);
  });

  it("is not taken for a release, nor a release for it, by those who sign", async () => {
    await done(`${CREATE} --unsigned release.json`);
    await done("root rotate root.json --out root-2.json");
    await refused("root sign release.json --key root.key", "CLI_USAGE", 2);
    await refused("release sign root-2.json --key release.key", "RELEASE_FILE_INVALID", 2);
  });

  it("is made by all who are there when nobody has signed yet", async () => {
    await done("root create --out mine.json --root-key root.pub --release-key release.pub");
    expect(await run("root show mine.json")).toMatchObject({
      exitStatus: 3,
      stdout: expect.stringContaining("nobody has signed it yet"),
    });
    await done("root sign mine.json --key root.key");
    await done("root show mine.json");
  });
});
