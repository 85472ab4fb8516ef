/** Deltas from the workstation to the device, by the commands that a person types. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { surveyBundle } from "../../src/bundle/survey-bundle.ts";
import { toAbsPath } from "../../src/path.ts";
import { signReceipt } from "../../src/receipt/receipt.ts";
import { formatEnvelope } from "../../src/trust/dsse.ts";
import { privateKeyOfSeed } from "../../src/trust/keys.ts";
import { keySigner } from "../../src/trust/signer.ts";
import { runInProcess } from "../support/cli-in-process.ts";
import { type FixtureEntry, miniatureRoot, writeOciLayout } from "../support/oci-fixtures.ts";
import { makeReceipt } from "../support/receipt-fixtures.ts";
import { writeFixtureKeys } from "../support/release-fixtures.ts";

const EPOCH = { SOURCE_DATE_EPOCH: "1780000000" };
const LATER = { SOURCE_DATE_EPOCH: "1780086400" };
const LARGE = createHash("shake256", { outputLength: 100_000 }).update("the same in every release").digest();

let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "bootferry-delta-"));
  await writeFixtureKeys(directory);
  writeFileSync(join(directory, "agent.toml"), '[device]\ncompatible = "kiosk"\n\n[follow]\nname = "kiosk-os"\n');
  for (const number of [1, 2, 3]) await makeRelease(number);
});
afterAll(() => rmSync(directory, { recursive: true }));

/** `full-N`: the release N by itself; its image has a layer of its own and one that all have. */
async function makeRelease(number: number): Promise<void> {
  const entries: FixtureEntry[] = [
    { name: "usr/lib/os-release", content: `ID=fixture\nVERSION_ID=${number}\n${"#".repeat(100)}` },
    { name: "usr/lib/app", content: `the app of release ${number} `.repeat(40) },
    ...(number > 1 ? [{ name: "usr/lib/since-2", content: "what release 2 brought ".repeat(40) }] : []),
  ];
  const base = [...miniatureRoot(), { name: "usr/lib/large", content: LARGE }];
  await writeOciLayout(join(directory, `image-${number}`), [
    { tag: "latest", images: [{ layers: [{ entries: base }, { entries }] }] },
  ]);
  mkdirSync(join(directory, `full-${number}`));
  await done(create(number, `full-${number}`), number === 1 ? EPOCH : LATER);
}

const create = (number: number, to: string, more = "") =>
  `release create oci:image-${number} --to ${to} --name kiosk-os --compatible kiosk --release-version ${number}.0.0 ` +
  `--sequence ${number} --root root.json --key release.key${more}`;

const file = (name: string) => join(directory, name);
const run = (command: string, env: Readonly<Record<string, string>> = {}) =>
  runInProcess(directory, command.split(" "), env);

async function done(command: string, env: Readonly<Record<string, string>> = {}) {
  const result = await run(command, env);
  expect(result, command).toMatchObject({ exitStatus: 0 });
  return result;
}

const json = async (command: string) => JSON.parse((await done(`${command} --json`)).stdout);
const refused = async (command: string, code: string, exitStatus: number) =>
  expect(await run(command), command).toMatchObject({ exitStatus, stderr: expect.stringContaining(`[${code}]`) });

/** Every file below a directory with its bytes, but for the id of a medium. */
function contents(name: string): Record<string, string> {
  const entries = readdirSync(file(name), { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name !== "medium.json",
  );
  const named = entries.map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return [path.slice(file(name).length), readFileSync(path, "base64")] as const;
  });
  return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const sizeOf = (name: string) =>
  Object.keys(contents(name)).reduce((sum, path) => sum + statSync(file(`${name}${path}`)).size, 0);

const layersOf = (stick: string, number: number): Promise<string[]> =>
  json(`release inspect full-${number}`).then(({ statement }) => {
    const digest = statement.targets[0].image.digest.slice("sha256:".length);
    const { layers } = JSON.parse(readFileSync(file(`full-${number}/bootferry/blobs/sha256/${digest}`), "utf8"));
    const there = new Set(readdirSync(file(`${stick}/bootferry/blobs/sha256`)));
    return layers.filter((layer: { digest: string }) => there.has(layer.digest.slice("sha256:".length)));
  });

beforeEach(() => {
  rmSync(file("stick"), { recursive: true, force: true });
  mkdirSync(file("stick"));
});

describe("a delta of a release", () => {
  it("is the same by `copy` and by `create`, signs the same, and has the same bytes each time (BF-10.10)", async () => {
    await done("release copy full-2 --to stick --base full-1");
    const copied = contents("stick");
    await done("release copy full-2 --to stick --base full-1");
    expect(contents("stick")).toEqual(copied);
    rmSync(file("stick"), { recursive: true });
    mkdirSync(file("stick"));
    await done(create(2, "stick", " --base kiosk-os@1.0.0 --base-from full-1"), LATER);
    expect(contents("stick")).toEqual(copied);
    expect((await json("release inspect stick")).payloadDigest).toBe(
      (await json("release inspect full-2")).payloadDigest,
    );
  });

  it("is shown with its base and what it saves, and holds no layers of the system", async () => {
    const made = await json("release copy full-2 --to stick --base full-1");
    expect(made.carried).toMatchObject([{ form: "delta", absentLayers: 2, deltas: [{ objects: 3 }] }]);
    const { carried } = await json("release inspect stick");
    expect(carried).toEqual(made.carried);
    expect(carried[0].deltas[0].bases).toMatchObject([{ name: "kiosk-os", version: "1.0.0", sequence: 1 }]);
    expect(await layersOf("stick", 2)).toEqual([]);
    expect((await done("release list stick")).stdout).toContain("delta since kiosk-os@1.0.0");
    expect((await done("release inspect stick")).stdout).toMatch(/since kiosk-os@1\.0\.0: 3 files/);
    expect((await done("release list full-2")).stdout).toContain("full");
    expect(sizeOf("stick")).toBeLessThan(sizeOf("full-2"));
  });

  it("is verified as it is, and against its base where that is at hand", async () => {
    await done("release copy full-2 --to stick --base full-1");
    const alone = await json("release verify stick --root root.json");
    expect(alone.results).toMatchObject([{ verified: true, wasComparedWithBases: false }]);
    expect((await done("release verify stick --root root.json")).stdout).toContain(
      "delta: needs kiosk-os@1.0.0 on the device (not held against it",
    );
    const both = await json("release verify stick --root root.json --base-from full-1");
    expect(both.results).toMatchObject([{ verified: true, wasComparedWithBases: true }]);
  });

  it("is verified by verify.py, which says what it needs, and is refused there without its pack", async () => {
    await done("release copy full-2 --to stick --base full-1");
    const python = () => {
      const verify = fileURLToPath(new URL("../../bundle-format/verify.py", import.meta.url));
      const { status, stdout } = spawnSync("python3", [verify, file("stick"), file("root.json"), "--json"]);
      return { status, said: JSON.parse(stdout.toString()) };
    };
    const { payloadDigest } = await json("release inspect full-2");
    const delta = "needs kiosk-os 1.0.0 (sequence 1) on the device";
    expect(python()).toMatchObject({ status: 0, said: { releases: [{ accepted: payloadDigest, delta }] } });
    const index = JSON.parse(readFileSync(file("stick/bootferry/index.json"), "utf8"));
    const pack = index.manifests.find((entry: { artifactType?: string }) => entry.artifactType?.includes("objects"));
    const manifest = JSON.parse(readFileSync(blob(pack.digest), "utf8"));
    appendFileSync(blob(manifest.layers[0].digest), "x");
    expect(python()).toMatchObject({ status: 3, said: { releases: [{ refused: "BF-1.9" }] } });
  });

  it("is refused by `verify` when it lacks a file that its base lacks, or holds one that is something else", async () => {
    await done("release copy full-2 --to stick --base full-1");
    const index = JSON.parse(readFileSync(file("stick/bootferry/index.json"), "utf8"));
    const pack = index.manifests.find((entry: { artifactType?: string }) => entry.artifactType?.includes("objects"));
    const manifest = JSON.parse(readFileSync(blob(pack.digest), "utf8"));
    appendFileSync(blob(manifest.layers[1].digest), "x");
    await refusedByVerify("RELEASE_DELTA_INVALID");
    rmSync(blob(pack.digest));
    await refusedByVerify("OCI_BLOB_MISSING");
  });

  it("needs every other blob of the release (BF-10.8)", async () => {
    await done("release copy full-2 --to stick --base full-1");
    const { statement } = await json("release inspect stick");
    const [{ image, tree }] = statement.targets;
    for (const { digest } of [tree.image, image]) {
      cpSync(file("stick"), file("torn"), { recursive: true });
      rmSync(file(`torn/bootferry/blobs/sha256/${digest.slice("sha256:".length)}`));
      const { results, problems } = JSON.parse((await run("release verify torn --root root.json --json")).stdout);
      expect([...results, ...problems][0].error.code).toBe("OCI_BLOB_MISSING");
      rmSync(file("torn"), { recursive: true });
    }
  });

  const blob = (digest: string) => file(`stick/bootferry/blobs/sha256/${digest.slice("sha256:".length)}`);
  const refusedByVerify = async (code: string) => {
    const { results } = JSON.parse((await run("release verify stick --root root.json --json")).stdout);
    expect(results).toMatchObject([{ verified: false, error: { code } }]);
  };

  it("suits devices with either of two bases, and carries what any of them lacks", async () => {
    const either = await json(
      "release copy full-3 --to stick --base kiosk-os@1.0.0 --base kiosk-os@2.0.0 --base-from full-1 --base-from full-2",
    );
    expect(either.carried[0].deltas[0].bases.length).toBe(2);
    const verified = await json("release verify stick --root root.json --base-from full-1 --base-from full-2");
    expect(verified.results).toMatchObject([{ verified: true, wasComparedWithBases: true }]);
  });

  it("takes for its base what the receipts of devices say that they ran last", async () => {
    const { payloadDigest } = await json("release inspect full-1");
    const release = { name: "kiosk-os", version: "1.0.0", sequence: 1, payloadDigest };
    const older = makeReceipt();
    const newer = makeReceipt({ serial: 2, running: { release, deployment: null } });
    const lines: string[] = [];
    for (const receipt of [older, newer]) {
      const envelope = await signReceipt(receipt, keySigner(privateKeyOfSeed(Buffer.alloc(32, 7))));
      lines.push(`${formatEnvelope(envelope)}\n`);
    }
    writeFileSync(file("receipts.jsonl"), lines.join(""));
    const made = await json("release copy full-2 --to stick --base receipts.jsonl --base-from full-1");
    expect(made.carried[0].deltas[0].bases).toMatchObject([{ version: "1.0.0" }]);
    await refused("release copy full-2 --to stick --base receipts.jsonl", "RELEASE_BASE_NOT_FOUND", 1);
  });

  it("of a delta needs but its composefs image as a base", async () => {
    await done("release copy full-2 --to stick --base full-1");
    mkdirSync(file("next"));
    await done("release copy full-3 --to next --base stick");
    const verified = await json("release verify next --root root.json --base-from stick");
    expect(verified.results).toMatchObject([{ verified: true, wasComparedWithBases: true }]);
    rmSync(file("next"), { recursive: true });
  });

  it("is copied as it is, and cannot be made whole again", async () => {
    await done("release copy full-2 --to stick --base full-1");
    mkdirSync(file("other"));
    await done("release copy stick --to other");
    expect(contents("other")).toEqual(contents("stick"));
    await refused("release copy stick --to other --base full-1", "RELEASE_DELTA_ONLY", 1);
    await refused("release push stick docker://127.0.0.1:1/kiosk --root root.json", "RELEASE_DELTA_ONLY", 1);
    rmSync(file("other"), { recursive: true });
  });

  it("is completed by the release in full, and goes with it when that is removed", async () => {
    await done("release copy full-1 --to stick");
    const before = Object.keys(contents("stick"));
    await done("release copy full-2 --to stick --base full-1");
    await done("release copy full-2 --to stick");
    expect((await json("release inspect stick --release kiosk-os@2.0.0")).carried).toMatchObject([{ form: "full" }]);
    await done("release remove stick --release kiosk-os@2.0.0");
    expect(Object.keys(contents("stick"))).toEqual(before);
  });

  it("carries the layers that the base lacks where bootc hosts need them, and says what those need", async () => {
    await done("release copy full-2 --to stick --base full-1 --base-layers");
    expect((await layersOf("stick", 2)).length).toBe(1);
    expect((await json("release inspect stick")).carried).toMatchObject([{ form: "delta", absentLayers: 1 }]);
  });

  it("for bootc hosts alone leaves out layers, and names the base all the same", async () => {
    mkdirSync(file("bootc-old"));
    mkdirSync(file("bootc-new"));
    await done(create(1, "bootc-old", " --no-tree"), EPOCH);
    await done(create(2, "bootc-new", " --no-tree --base bootc-old"), LATER);
    const { carried } = await json("release inspect bootc-new");
    expect(carried).toMatchObject([
      { form: "delta", absentLayers: 1, deltas: [{ objects: 0, bases: [{ version: "1.0.0" }] }] },
    ]);
    await done("release verify bootc-new --root root.json");
  });

  it("is complete for a spool directory", async () => {
    await done("release copy full-2 --to stick --base full-1");
    expect(await surveyBundle(toAbsPath(file("stick")))).toMatchObject({ kind: "complete" });
  });

  it.each<[string, string, string, number]>([
    ["a base that is nowhere", "--base kiosk-os@9.9.9 --base-from full-1", "RELEASE_BASE_NOT_FOUND", 1],
    ["a base for another kind of device", "--base bootc-old", "RELEASE_BASE_UNSUITABLE", 2],
    ["a file that is neither release nor receipt", "--base agent.toml", "CLI_USAGE", 2],
    ["places to look in without a base", "--base-from full-1", "CLI_USAGE", 2],
  ])("is refused for %s, and nothing is written", async (_, options, code, exitStatus) => {
    await refused(`release copy full-2 --to stick ${options}`, code, exitStatus);
    expect(readdirSync(file("stick"))).toEqual([]);
  });

  it("is not written by a dry run, which says what would be signed", async () => {
    const { statement } = await json(
      `${create(2, "stick", " --base full-1").replace(" --key release.key", "")} --dry-run`,
    );
    expect(statement.version).toBe("2.0.0");
    expect(readdirSync(file("stick"))).toEqual([]);
  });

  it("can be signed elsewhere and attached", async () => {
    rmSync(file("to-sign.json"), { force: true });
    await done(
      `${create(2, "stick", " --base full-1").replace("--key release.key", "--unsigned to-sign.json")}`,
      LATER,
    );
    await done("release sign to-sign.json --key release.key");
    await done("release attach to-sign.json --to stick --root root.json");
    await done("release verify stick --root root.json --base-from full-1");
  });
});

describe("a device that is given a delta", () => {
  let device: string;
  beforeEach(async () => {
    device = mkdtempSync(join(directory, "device-"));
    await done(`os install to-filesystem ${device} --medium full-1 --trust-root root.json --agent-config agent.toml`);
    await reboot();
  });

  const reboot = async () => {
    await done(`os simulate-boot --sysroot ${device}`);
    await done(`agent run --sysroot ${device}`);
  };
  const objects = () => contents(`${device.slice(directory.length + 1)}/bootferry/objects`);

  it("with the base ends with the tree of the full release, byte for byte", async () => {
    await done("release copy full-2 --to stick --base full-1");
    const twin = `${device}-twin`;
    cpSync(device, twin, { recursive: true, verbatimSymlinks: true });
    await done(`agent run --sysroot ${device} --medium stick`);
    await reboot();
    await done(`agent run --sysroot ${twin} --medium full-2`);
    expect(objects()).toEqual(contents(`${twin.slice(directory.length + 1)}/bootferry/objects`));
    const images = (at: string) => readdirSync(join(at, "bootferry/images")).sort();
    expect(images(device)).toEqual(images(twin));
    expect((await run(`os status --sysroot ${device} --json`)).stdout).toContain("2.0.0");
  });

  it("without the base refuses it, names the base, and is as it was", async () => {
    await done("release copy full-3 --to stick --base full-2");
    const before = objects();
    const refusal = await run(`agent run --sysroot ${device} --medium stick`);
    expect(refusal).toMatchObject({
      exitStatus: 4,
      stderr: expect.stringContaining("needs kiosk-os 2.0.0 (sequence 2)"),
    });
    expect(refusal.stderr).toContain("[STORE_BASE_MISSING]");
    expect(objects()).toEqual(before);
    const status = await run(`agent status --sysroot ${device} --json`);
    expect(status.stdout).toContain("STORE_BASE_MISSING");
    expect(status.stdout).toContain("needs kiosk-os 2.0.0");
  });

  it("without the base is told so by a dry run", async () => {
    await done("release copy full-3 --to stick --base full-2");
    expect(await run(`agent run --sysroot ${device} --medium stick --dry-run`)).toMatchObject({
      exitStatus: 4,
      stderr: expect.stringContaining("needs kiosk-os 2.0.0 (sequence 2)"),
    });
    rmSync(file("stick"), { recursive: true });
    mkdirSync(file("stick"));
    await done("release copy full-3 --to stick --base full-1");
    expect((await done(`agent run --sysroot ${device} --medium stick --dry-run`)).stdout).toContain("would install");
  });

  it("with the base damaged says so, and takes the files from a full medium", async () => {
    await done("release copy full-2 --to stick --base full-1");
    const large = readdirSync(join(device, "bootferry/objects"), { recursive: true, withFileTypes: true }).find(
      (entry) => entry.isFile() && statSync(join(entry.parentPath, entry.name)).size === LARGE.length,
    );
    appendFileSync(join(large?.parentPath ?? "", large?.name ?? ""), "rot");
    const refusal = await run(`agent run --sysroot ${device} --medium stick`);
    expect(refusal).toMatchObject({ exitStatus: 4, stderr: expect.stringContaining("[STORE_BASE_DAMAGED]") });
    await done(`os verify --sysroot ${device} --repair --medium full-1`);
    await done(`agent run --sysroot ${device} --medium stick`);
  });

  it("is refused for a fresh installation, and the base is named", async () => {
    await done("release copy full-2 --to stick --base full-1");
    await refused(
      "os install to-filesystem fresh --medium stick --trust-root root.json --agent-config agent.toml",
      "STORE_BASE_MISSING",
      4,
    );
  });

  it("repairs from it what the pack holds", async () => {
    await done("release copy full-2 --to stick --base full-1");
    await done(`agent run --sysroot ${device} --medium stick`);
    await reboot();
    const app = readdirSync(join(device, "bootferry/objects"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .find((path) => readFileSync(path, "utf8").startsWith("the app of release 2"));
    writeFileSync(app ?? "", "rot");
    await done(`os verify --sysroot ${device} --repair --medium stick`);
  });
});
