/**
 * A device whose trust changes over the years, with real files and through the command line: roots that succeed each other,
 * keys that are revoked, clocks that lie, names and sequences that only a root may take back, and lost memories.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { formatStatement } from "../../src/bundle/statement.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { agentToml, refusalOf, snapshotOf } from "../support/bad-media.ts";
import { makeRoot, openTrustingDevice, type TrustingDevice } from "../support/trusting-device.ts";

let device: TrustingDevice;
let roots: { one: Buffer; two: Buffer; three: Buffer };

beforeAll(async () => {
  device = await openTrustingDevice();
  roots = {
    one: await makeRoot(1),
    two: await makeRoot(2, { release: ["release-b", "release-c"], revoked: ["release-a"] }),
    three: await makeRoot(3, { release: ["release-b", "release-c"], revoked: ["release-a"] }),
  };
}, 60_000);
afterAll(() => device[Symbol.dispose]());
beforeEach(() => device.reset());

const trustBytes = () => Object.values(device.trustFiles).map((file) => readFileSync(file, "utf8"));

describe("roots on media", () => {
  it("carry a device to the release keys of root 3, and keep a revoked key out for good", async () => {
    const { one, two, three } = roots;
    await device.update({ release: { sequence: 42 } }); // made under root 1
    const said = await device.update({
      roots: { 2: two, 3: three },
      release: { sequence: 43 },
      signers: ["release-c"],
    });
    expect(said).toContain("This device trusts root version 3 now.");
    expect(device.trust).toMatchObject({ root: { version: 3 }, floors: { "kiosk-os": { sequence: 43 } } });
    expect(device.trust.chain.map(({ version }) => version)).toEqual([1, 2, 3]);
    expect(await device.status()).toMatchObject({ trustRoot: { version: 3, digest: device.trust.root?.digest } });
    expect((await device.run("agent", "status", "--sysroot", "device")).stdout).toContain(
      "trusts: root version 3 (sha256:",
    );
    expect(await device.notes()).toContainEqual(
      expect.stringMatching(/^trust: root version 2 \(.*\), 3 \(.*\) from the/),
    );

    const revoked = { release: { sequence: 44 }, signers: ["release-a"] } as const;
    await device.refuses(revoked, "TRUST_KEY_REVOKED");
    for (const file of Object.values(device.trustFiles)) {
      rmSync(file);
      await device.refuses(revoked, "TRUST_KEY_REVOKED");
      expect(device.trust.root?.version).toBe(3);
    }
    const before = trustBytes();
    await device.refuses({ ...revoked, roots: { 1: one, 2: two } }, "TRUST_KEY_REVOKED");
    expect(trustBytes()).toEqual(before);
  });

  it("may be nothing but a revocation, which is no refusal and counts at once", async () => {
    const stick = await device.stick({ roots: { 2: roots.two } });
    const run = await device.insert(stick, "--json");
    expect(run.exitStatus).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({
      ...{ outcome: "nothing", message: "This device trusts root version 2 now.", error: null, refusals: [] },
    });
    expect((await device.status()).message).toBe("This device trusts root version 2 now.");
    expect((await device.insert(stick)).stdout).toContain("This device trusts root version 2 already;");
    await device.refuses({ release: { sequence: 42 } }, "TRUST_KEY_REVOKED");
    await device.update({ release: { sequence: 42 }, signers: ["release-b"] });
    await device.refuses({ release: { sequence: 43 } }, "TRUST_KEY_REVOKED");
  });

  it("are adopted by a run that only stores, and by `os upgrade`", async () => {
    const stick = await device.stick({ roots: { 2: roots.two } });
    expect((await device.insert(stick, "--store-only")).exitStatus).toBe(0);
    expect(device.trust.root?.version).toBe(2);
    const next = await device.stick({ roots: { 3: roots.three } });
    const upgrade = ["os", "upgrade", "--sysroot", "device", "--medium", next];
    expect((await device.run(...upgrade, "--check")).stdout).toContain("A run would trust root version 3.");
    expect(device.trust.root?.version).toBe(2);
    expect((await device.run(...upgrade)).stdout).toContain("This device trusts root version 3 now.");
    expect(device.trust.root?.version).toBe(3);
  });

  it("are only told by a dry run, which writes nothing", async () => {
    const { two, three } = roots;
    const stick = await device.stick({
      ...{ roots: { 2: two, 3: three }, release: { sequence: 42 }, signers: ["release-c"] },
    });
    const state = () => snapshotOf(join(device.directory, "device/bootferry"));
    const before = state();
    const run = await device.insert(stick, "--dry-run");
    expect(run.stdout).toMatch(
      /^A run would trust root version 3\. A run would install kiosk-os 42\.0 \(sequence 42\)\.\nIt would then reboot /,
    );
    expect(state()).toEqual(before);
  });

  it("change nothing when one is missing in between, or somebody else made them", async () => {
    await device.refuses({ roots: { 3: roots.three } }, "TRUST_ROOT_NOT_SUCCESSOR");
    const stolen = await makeRoot(2, { release: ["stranger"], signers: ["root-a"] });
    const forged = Buffer.from(stolen.toString().replace(/"sig":"..../, '"sig":"AAAA'));
    await device.refuses({ roots: { 2: forged } }, "TRUST_SIGNATURE_INVALID");
    expect(device.trust.root?.version).toBe(1);
  });

  it("are found in a device that is being made, which gets the whole chain", async () => {
    const { two, three } = roots;
    const stick = await device.stick({
      ...{ roots: { 2: two, 3: three }, release: { sequence: 42 }, signers: ["release-c"] },
    });
    const provision = ["--medium", stick, "--trust-root", "root.json", "--agent-config", "agent.toml"];
    const target = `made-${stick}`;
    const run = await device.run("os", "install", "to-filesystem", target, ...provision);
    expect(run.stderr).not.toContain("error:");
    expect((await device.run("os", "simulate-boot", "--sysroot", target)).exitStatus).toBe(0);
    expect((await device.run("agent", "run", "--sysroot", target)).exitStatus).toBe(0);
    const status = await device.run("agent", "status", "--sysroot", target, "--json");
    expect(JSON.parse(status.stdout)).toMatchObject({ trustRoot: { version: 3 } });
  });
});

describe("an adoption that is cut", () => {
  /** A directory where the copy is to be written: what is written before it is there, this write fails. */
  async function cutAt(copy: string, stick: string) {
    const kept = `${copy}.kept`;
    copyFileSync(copy, kept);
    rmSync(copy);
    mkdirSync(copy);
    expect(refusalOf(await device.insert(stick)).code).toBe("HOST_NOT_A_FILE");
    rmSync(copy, { recursive: true });
    copyFileSync(kept, copy);
    rmSync(kept);
  }

  it("before its write has not happened, and happens with the medium", async () => {
    const stick = await device.stick({ roots: { 2: roots.two } });
    await cutAt(device.trustFiles.first, stick);
    expect(device.trust.root?.version).toBe(1);
    expect((await device.insert(stick)).exitStatus).toBe(0);
    expect(device.trust.root?.version).toBe(2);
  });

  it("between the two copies has happened, and the second copy is healed without the medium", async () => {
    const stick = await device.stick({ roots: { 2: roots.two } });
    await cutAt(device.trustFiles.second, stick);
    expect(device.trust.root?.version).toBe(2);
    expect((await device.run("agent", "run", "--sysroot", "device")).exitStatus).toBe(0);
    const [first, second] = trustBytes();
    expect(second).toBe(first);
    await device.refuses({ release: { sequence: 42 } }, "TRUST_KEY_REVOKED");
  });
});

describe("a clock that lies", () => {
  const expiresAt = "2027-06-01T00:00:00Z";

  it.each(["1970-01-01T00:00:10Z", "2099-01-01T00:00:00Z"])(
    "%s, and not synchronised: what is valid is installed, what has expired is refused",
    async (now) => {
      device.setClock(now);
      await device.update({ release: { sequence: 42, createdAt: "2027-01-01T00:00:00Z", expiresAt } });
      const old = await device.refuses(
        { release: { sequence: 43, expiresAt: "2026-12-31T00:00:00Z" } },
        "TRUST_EXPIRED",
      );
      expect(old.stderr).toContain("What is installed keeps running");
      await device.update({ release: { sequence: 44, createdAt: "2027-02-01T00:00:00Z", expiresAt } });
    },
  );

  it("goes back between boots: the newest signed time stays", async () => {
    device.setClock("2027-05-01T00:00:00Z", true);
    await device.update({ release: { sequence: 42, createdAt: "2027-05-01T00:00:00Z" } });
    device.setClock("1970-01-01T00:00:10Z");
    await device.refuses({ release: { sequence: 43, expiresAt: "2027-04-01T00:00:00Z" } }, "TRUST_EXPIRED");
    await device.update({ release: { sequence: 43, expiresAt } });
    expect(device.trust.timeFloorUtc).toBe("2027-05-01T00:00:00Z");
  });

  it("is believed when it is synchronised, also where it is far ahead; what runs stays as it is", async () => {
    device.setClock("2099-01-01T00:00:00Z", true);
    await device.refuses({ release: { sequence: 42, expiresAt } }, "TRUST_EXPIRED");
    expect(await device.bootedSequence()).toBe("41.0.0");
    await device.update({ release: { sequence: 42, expiresAt: null } });
  });

  it("is past the expiry of the root: a newer root succeeds it, however long that is ago", async () => {
    const expired = await makeRoot(2, { expiresAt: "2026-12-31T00:00:00Z" });
    await device.update({ roots: { 2: expired }, release: { sequence: 42, createdAt: "2027-01-01T00:00:00Z" } });
    const run = await device.refuses({ release: { sequence: 43 } }, "TRUST_ROOT_EXPIRED");
    expect(run.stderr).toContain("Bring a medium with a newer root document");
    await device.update({ roots: { 3: await makeRoot(3) }, release: { sequence: 43 } });
  });
});

describe("what only a root may permit", () => {
  const following = (name: string) => {
    const file = `follows-${name}.toml`;
    writeFileSync(join(device.directory, file), agentToml().replace('name = "kiosk-os"', `name = "${name}"`));
    return ["--config", file];
  };

  it("another release name, whatever agent.toml says", async () => {
    const release = { name: "gateway-os", sequence: 1 };
    await device.refuses({ release }, "TRUST_NAME_NOT_PERMITTED", ...following("gateway-os"));
    const two = await makeRoot(2, { successors: { "kiosk-os": ["gateway-os"] } });
    await device.update({ roots: { 2: two }, release }, ...following("gateway-os"));
    expect(device.trust).toMatchObject({ followedName: "gateway-os", floors: { "kiosk-os": { sequence: 41 } } });
    await device.refuses({ release: { sequence: 50 } }, "TRUST_NAME_NOT_PERMITTED");
  });

  it("a release below the floor, which stays where it is", async () => {
    await device.update({ release: { sequence: 42 } });
    const older = { sequence: 40, notes: "the one before" };
    await device.refuses({ release: older }, "TRUST_SEQUENCE_OLDER");
    const downgrades = [digestOf(formatStatement(device.statement(older)))];
    await device.update({ roots: { 2: await makeRoot(2, { downgrades }) }, release: older });
    expect(device.floor).toBe(42);
    await device.refuses({ release: { sequence: 39 } }, "TRUST_SEQUENCE_OLDER");
    const three = await makeRoot(3, { minSequences: { "kiosk-os": 44 } });
    await device.refuses({ roots: { 3: three }, release: { sequence: 43 } }, "TRUST_SEQUENCE_BELOW_MINIMUM");
    await device.update({ release: { sequence: 44 } });
  });

  it("the way back from stolen release keys that raised the floor as high as numbers go", async () => {
    const stolen = { release: { sequence: Number.MAX_SAFE_INTEGER, createdAt: "2099-01-01T00:00:00Z" } };
    await device.update(stolen);
    const next = { release: { sequence: 43 }, signers: ["release-c"] } as const;
    await device.refuses({ release: { sequence: 43 }, signers: ["release-b"] }, "TRUST_SEQUENCE_OLDER");
    const createdAt = "2027-01-01T00:00:00Z";
    const two = await makeRoot(2, { release: ["release-c"], revoked: ["release-a", "release-b"], createdAt });
    const said = await device.update({ roots: { 2: two }, ...next });
    expect(said).toContain("Nothing that was signed before it counts any more.");
    expect(device.trust).toMatchObject({ timeFloorUtc: createdAt, floors: { "kiosk-os": { sequence: 43 } } });
    await device.refuses(stolen, "TRUST_KEY_REVOKED");
    // Also when what was stolen runs again, by a rollback.
    expect((await device.run("os", "rollback", "--sysroot", "device")).exitStatus).toBe(0);
    await device.run("os", "simulate-boot", "--sysroot", "device");
    expect((await device.run("agent", "run", "--sysroot", "device")).exitStatus).toBe(0);
    expect(device.floor).toBe(43);
    await device.update({ release: { sequence: 44 }, signers: ["release-c"] });
  });
});

describe("both copies of the memory torn", () => {
  it("leave a device that goes on, and refuses what is below its confirmed deployments", async () => {
    await device.update({ release: { sequence: 42 } });
    for (const file of Object.values(device.trustFiles)) writeFileSync(file, readFileSync(file).subarray(0, 60));
    await device.refuses({ release: { sequence: 41 } }, "TRUST_SEQUENCE_OLDER");
    expect(device.floor).toBe(42);
    expect(await device.notes()).toContainEqual(expect.stringContaining("the deployments that were confirmed"));
    await device.update({ release: { sequence: 43 } });
  });
});
