/** Signing where the keys are and publishing where the images are: `create --unsigned`, `sign FILE`, `attach`. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runInProcess } from "../support/cli-in-process.ts";
import { writeFixtureImage, writeFixtureKeys } from "../support/release-fixtures.ts";

const CREATE =
  "release create oci:image --to stick --name kiosk-os --compatible kiosk --release-version 1.0.0 --sequence 1";
const EPOCH = { SOURCE_DATE_EPOCH: "1780000000" };

interface Envelope {
  readonly payload: string;
  readonly signatures: { keyid: string; sig: string }[];
}

describe("a release that is signed elsewhere", () => {
  let directory: string;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "air-gap-"));
    mkdirSync(join(directory, "stick"));
    await Promise.all([writeFixtureKeys(directory), writeFixtureImage(directory)]);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const file = (name: string) => join(directory, name);
  const run = (command: string, env: Readonly<Record<string, string>> = {}) =>
    runInProcess(directory, command.split(" "), env);
  const done = async (command: string, env: Readonly<Record<string, string>> = {}) => {
    const result = await run(command, env);
    expect(result, command).toMatchObject({ exitStatus: 0 });
    return result;
  };
  const refused = async (command: string, code: string, exitStatus: number) =>
    expect(await run(command), command).toMatchObject({ exitStatus, stderr: expect.stringContaining(`[${code}]`) });
  const copy = (from: string, to: string) => copyFileSync(file(from), file(to));
  const envelope = (name: string): Envelope => JSON.parse(readFileSync(file(name), "utf8"));
  const index = () => readFileSync(file("stick/bootferry/index.json"), "utf8");
  const blobs = () => readdirSync(file("stick/bootferry/blobs/sha256")).toSorted();

  it("is published when two holders have signed a copy each, and checks as one that was signed at once", async () => {
    const made = await done(`${CREATE} --unsigned release.json --root two.json`);
    expect(made.stderr).toContain("2 more signature(s) of role release");
    expect((await done("release list stick")).stdout).toBe("no releases\n");
    await refused("release attach release.json --to stick", "RELEASE_UNSIGNED", 3);
    copy("release.json", "ann.json");
    copy("release.json", "ben.json");
    const signed = await done("release sign ann.json --key release.key --root two.json");
    const { payloadDigest } = JSON.parse((await done("release inspect release.json --json")).stdout);
    for (const shown of ["kiosk-os@1.0.0 (sequence 1)", "kiosk amd64", payloadDigest]) {
      expect(signed.stderr).toContain(shown);
    }
    await done("release sign ben.json --key second.key");
    expect(envelope("ben.json").payload).toBe(envelope("release.json").payload);
    expect(envelope("release.json").signatures).toEqual([]);
    const attached = await done("release attach ann.json ben.json --to stick --root two.json");
    expect(attached.stdout).toContain(payloadDigest);
    expect(attached.stderr).not.toContain("more signature");
    await done("release verify stick --root two.json");
    const [published, stored] = [index(), blobs()];
    await done("release attach ben.json release.json ann.json --to stick --root two.json");
    expect([index(), blobs()]).toEqual([published, stored]);
  });

  it("is the same bytes as one that was signed at once", async () => {
    await done(`${CREATE} --key release.key`, EPOCH);
    const [published, stored] = [index(), blobs()];
    rmSync(file("stick/bootferry"), { recursive: true });
    await done(`${CREATE} --unsigned release.json`, EPOCH);
    await done("release sign release.json --key release.key");
    await done("release attach release.json --to stick --root root.json");
    expect([index(), blobs()]).toEqual([published, stored]);
  });

  it("is passed on from one holder to the next, and grows on the medium as signatures come in", async () => {
    await done(`${CREATE} --unsigned release.json`);
    await done("release sign release.json --key release.key");
    expect(await done("release attach release.json --to stick --root two.json")).toMatchObject({
      stderr: expect.stringContaining("1 more signature(s) of role release"),
    });
    expect(await run("release verify stick --root two.json")).toMatchObject({
      exitStatus: 3,
      stdout: expect.stringContaining("TRUST_THRESHOLD_NOT_MET"),
    });
    await done("release sign release.json --key second.key");
    expect(envelope("release.json").signatures).toHaveLength(2);
    await done("release attach release.json --to stick --root two.json");
    await done("release verify stick --root two.json");
    expect(JSON.parse((await done("release list stick --json")).stdout).releases).toHaveLength(1);
  });

  it("keeps its images while other releases come and go", async () => {
    await done(`${CREATE} --unsigned release.json`);
    await writeFixtureImage(directory, "2", "other");
    const other = CREATE.replace("oci:image", "oci:other")
      .replace("1.0.0", "2.0.0")
      .replace("--sequence 1", "--sequence 2");
    await done(`${other} --key release.key`);
    await done("release remove stick --release kiosk-os@2.0.0");
    await done("release sign release.json --key release.key");
    await done("release attach release.json --to stick --root root.json");
    await done("release verify stick --root root.json");
  });

  it("is given up, with its images and without those of another release", async () => {
    await done(`${CREATE} --key release.key`);
    const content = () => [JSON.parse(index()), blobs()];
    const before = content();
    await writeFixtureImage(directory, "2", "two");
    const two = CREATE.replace("oci:image", "oci:two")
      .replace("1.0.0", "2.0.0")
      .replace("--sequence 1", "--sequence 2");
    await done(`${two} --unsigned release.json`);
    expect(blobs().length).toBeGreaterThan(before[1].length);
    await done("release remove stick --unsigned release.json");
    expect(content()).toEqual(before);
    await done("release verify stick --root root.json");
  });

  it("never overwrites the file, and finds that out before anything is written", async () => {
    writeFileSync(file("release.json"), "mine");
    await refused(`${CREATE} --unsigned release.json`, "HOST_EXISTS", 1);
    expect(readFileSync(file("release.json"), "utf8")).toBe("mine");
    expect(readdirSync(file("stick"))).toEqual([]);
  });

  it("is not attached with a signature that does not fit, unless it is known which one does", async () => {
    await done(`${CREATE} --unsigned release.json`);
    await done("release sign release.json --key release.key");
    const good = envelope("release.json");
    const [signature] = good.signatures;
    const bad = { ...good, signatures: [{ ...signature, sig: Buffer.alloc(64, 7).toString("base64") }] };
    writeFileSync(file("bad.json"), `${JSON.stringify(bad)}\n`);
    await refused("release attach bad.json --to stick --root root.json", "TRUST_SIGNATURE_UNFIT", 3);
    await refused("release attach release.json bad.json --to stick", "TRUST_SIGNATURE_UNFIT", 3);
    await done("release attach bad.json --to stick"); // nobody could tell
    await refused("release attach release.json --to stick", "TRUST_SIGNATURE_UNFIT", 3);
    await done("release attach release.json --to stick --root root.json"); // what was on the medium is mended
    await done("release verify stick --root root.json");
  });

  it.each([
    {
      what: "files of different releases",
      command: "attach release.json other.json --to stick",
      code: "TRUST_PAYLOADS_DIFFER",
      exit: 1,
    },
    {
      what: "a key that may not sign",
      command: "sign release.json --key stranger.key --root root.json",
      code: "RELEASE_KEY_NOT_TRUSTED",
      exit: 1,
    },
    {
      what: "a signature of one who may not sign",
      command: "attach stranger.json --to stick --root root.json",
      code: "RELEASE_KEY_NOT_TRUSTED",
      exit: 1,
    },
    {
      what: "a root in the place of a release",
      command: "sign root.json --key release.key",
      code: "RELEASE_FILE_INVALID",
      exit: 2,
    },
    { what: "a file that is none", command: "attach release.pub --to stick", code: "RELEASE_FILE_INVALID", exit: 2 },
    {
      what: "a medium without the images",
      command: "attach stranger.json --to empty",
      code: "BUNDLE_MEDIUM_FOREIGN",
      exit: 6,
    },
    {
      what: "a medium with other images",
      command: "attach stranger.json --to elsewhere",
      code: "RELEASE_INCOMPLETE",
      exit: 6,
    },
    {
      what: "a selector for a file",
      command: "sign release.json --key release.key --release kiosk-os",
      code: "CLI_USAGE",
      exit: 2,
    },
  ])("is refused with $what: $code", async ({ command, code, exit }) => {
    await done(`${CREATE} --unsigned release.json`);
    await writeFixtureImage(directory, "2", "two");
    mkdirSync(file("empty"));
    mkdirSync(file("elsewhere"));
    await done(`${CREATE.replace("oci:image", "oci:two").replace("stick", "elsewhere")} --unsigned other.json`);
    copy("release.json", "stranger.json");
    await done("release sign stranger.json --key stranger.key");
    const before = [readFileSync(file("release.json"), "utf8"), index()];
    await refused(`release ${command}`, code, exit);
    expect([readFileSync(file("release.json"), "utf8"), index()]).toEqual(before);
    expect(existsSync(file("empty/bootferry"))).toBe(false);
  });

  it.each(["--key release.key", "--signer release.pub=true", "--dry-run"])(
    "is not made together with %s",
    async (option) => {
      await refused(`${CREATE} --unsigned release.json ${option}`, "CLI_USAGE", 2);
    },
  );

  it("takes no rival of a release that is on the medium", async () => {
    await done(`${CREATE} --unsigned release.json`, EPOCH);
    await done(`${CREATE} --key release.key`);
    await done("release sign release.json --key release.key");
    await refused("release attach release.json --to stick", "RELEASE_ALREADY_EXISTS", 1);
  });
});
