/** `--dry-run` of the verbs that make releases and media: says what would happen, and leaves everything as it is. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HostError } from "../../src/host/error.ts";
import { formatPrivateKeyPem } from "../../src/trust/keys.ts";
import { runInProcess } from "../support/cli-in-process.ts";
import { type Answer, lsblkOf } from "../support/machines.ts";
import { fakeMachine } from "../support/media-host.ts";
import { RELEASE_KEY, writeFixtureImage, writeFixtureKeys } from "../support/release-fixtures.ts";

const WHAT = "oci:image --name kiosk-os --compatible kiosk --release-version 1.0.0 --sequence 7";

let directory: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "dry-run-"));
  await writeFixtureKeys(directory);
  await writeFixtureImage(directory);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const encryptReleaseKey = () =>
  writeFileSync(join(directory, "release.key"), formatPrivateKeyPem(RELEASE_KEY, "correct horse"));

/** Names, sizes and times of everything in the directory. */
function picture(): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => ({ name, ...statSync(join(directory, name)) }))
    .map(({ name, size, mtimeMs }) => `${name} ${size} ${mtimeMs}`)
    .sort();
}

describe("release create --dry-run", () => {
  const run = (words: string) => runInProcess(directory, `release create ${WHAT} --dry-run ${words}`.split(" "));

  it("says what would be made, whether it fits and who would sign, for people and for programs", async () => {
    const before = picture();
    const { exitStatus, stdout } = await run("--to . --key release.key --root root.json");
    expect(exitStatus).toBe(0);
    expect(stdout).toMatch(/^release {3}kiosk-os@1\.0\.0 \(sequence 7\)$/m);
    expect(stdout).toMatch(/^image {5}\S+ \S+ {2}kiosk-os-1\.0\.0-kiosk-amd64$/m);
    expect(stdout).toMatch(/^tree {6}\S+ \S+ {2}kiosk-os-1\.0\.0-kiosk-amd64-tree$/m);
    expect(stdout).toMatch(/^tag {7}kiosk-os-1\.0\.0\.release$/m);
    expect(stdout).toMatch(/^room {6}.* needed on .*, .* free: it fits$/m);
    expect(stdout).toContain(`sign      release.key (${RELEASE_KEY.publicKey.keyId})\n`);
    expect(stdout).toMatch(/dry run: nothing was written, nothing was signed\n$/);
    expect(picture()).toEqual(before);

    const facts = JSON.parse((await run("--to . --key release.key --root root.json --json")).stdout);
    expect(facts).toMatchObject({
      dryRun: true,
      statement: { name: "kiosk-os", sequence: 7 },
      fits: true,
      room: { presentBytes: 0, filesystem: "other" },
      signers: [{ source: "release.key", keyId: RELEASE_KEY.publicKey.keyId, needsPassphrase: false }],
      missingSignatures: [],
      problems: [],
    });
    const image = facts.parts.find(({ kind }: { kind: string }) => kind === "image");
    expect(image.sizeBytes).toBeGreaterThan(statSync(join(directory, "image/index.json")).size);
    expect(facts.room.totalBytes).toBe(image.sizeBytes + facts.parts[1].sizeBytes);
  });

  it("asks for no passphrase, and knows an encrypted key by the public half beside it", async () => {
    encryptReleaseKey();
    const known = await run("--to . --key release.key --root two.json");
    expect(known).toMatchObject({ exitStatus: 0, stderr: expect.not.stringContaining("Passphrase") });
    expect(known.stdout).toContain(`(${RELEASE_KEY.publicKey.keyId}, would ask for its passphrase)`);
    expect(known.stdout).toContain("wanted    1 more signature(s) of role release");
    rmSync(join(directory, "release.pub"));
    const unknown = JSON.parse((await run("--to . --key release.key --root two.json --json")).stdout);
    expect(unknown).toMatchObject({ signers: [{ keyId: null, needsPassphrase: true }], missingSignatures: null });
  });

  it("counts what is there already, and would write only the rest", async () => {
    const created = `release create ${WHAT} --to . --key release.key`.split(" ");
    await runInProcess(directory, created, { SOURCE_DATE_EPOCH: "1780000000" });
    const again = `release create ${WHAT} --to . --dry-run --json`.split(" ");
    const { room } = JSON.parse((await runInProcess(directory, again, { SOURCE_DATE_EPOCH: "1780000000" })).stdout);
    expect(room.presentBytes).toBe(room.totalBytes);
  });

  it.each([
    {
      what: "a key that may not sign",
      words: "--to . --key stranger.key --root root.json",
      exit: 1,
      code: "RELEASE_KEY_NOT_TRUSTED",
    },
    { what: "a place that is not there", words: "--to nowhere --key release.key", exit: 1, code: "HOST_NOT_FOUND" },
    { what: "a key file that is not there", words: "--to . --key no.key", exit: 1, code: "HOST_NOT_FOUND" },
  ])("ends as the real one would: $what", async ({ words, exit, code }) => {
    const { exitStatus, stderr } = await run(words);
    expect(stderr).toContain(`[${code}]`);
    expect(exitStatus).toBe(exit);
  });
});

describe("media write --dry-run", () => {
  const machines: ReturnType<typeof fakeMachine>[] = [];
  afterEach(() => {
    for (const { mountDirectory } of machines.splice(0)) rmSync(mountDirectory, { recursive: true });
  });

  function machine(lsblk: string, media: Parameters<typeof fakeMachine>[0]["media"] = {}) {
    const answer = ([tool]: readonly string[]): Answer | undefined => (tool === "lsblk" ? lsblk : undefined);
    const made = fakeMachine({ answer, media });
    machines.push(made);
    return made;
  }
  const run = (on: ReturnType<typeof fakeMachine>, words: string) =>
    runInProcess(directory, `media write ${words} --dry-run`.split(" "), {}, on.ports);
  const touched = (on: ReturnType<typeof fakeMachine>) =>
    on.ran().filter((line) => !/^(?:lsblk|mountpoint|blkid) /.test(line));

  it("says which disk would be erased and made what, runs no tool and asks nothing", async () => {
    const on = machine(lsblkOf("sticks"));
    const { exitStatus, stdout } = await run(on, `/dev/sdc ${WHAT} --key release.key --format`);
    expect(exitStatus).toBe(0);
    expect(stdout).toContain("device    /dev/sdc: JetFlash Transcend 8GB, serial 02J1, 7.5 GiB, usb\n");
    expect(stdout).toContain('erase     vfat "BOOTFERRY"\n');
    expect(stdout).toContain("format    vfat in a GPT, label BOOTFERRY\n");
    expect(stdout).toMatch(/^room {6}.* needed on \/dev\/sdc1 \(about\), 7\.4 GiB free: it fits$/m);
    expect(stdout).toContain("in the end it would be read back and ejected\n");
    expect(touched(on)).toEqual([]);
    const facts = JSON.parse((await run(on, `/dev/sdc ${WHAT} --format --json --no-eject`)).stdout);
    expect(facts).toMatchObject({
      disk: { path: "/dev/sdc", serial: "02J1" },
      erases: 'vfat "BOOTFERRY"',
      ejects: false,
    });
    expect(facts.format.steps[0]).toEqual({
      does: "erase what was on it",
      argv: ["wipefs", "--all", "--quiet", "/dev/sdc"],
    });
  });

  it("needs no root: what root would be needed for is a problem that it names", async () => {
    const verifyWritable = () => {
      throw new HostError("HOST_PERMISSION", "writing to /dev/sdc (try it with sudo): EACCES");
    };
    const result = await run(
      machine(lsblkOf("sticks"), { isRoot: false, verifyWritable }),
      `/dev/sdc ${WHAT} --format`,
    );
    expect(result.stdout).toContain("it fits");
    expect(result).toMatchObject({ exitStatus: 1, stderr: expect.stringContaining("[HOST_PERMISSION]") });
  });

  it("says when it does not fit, and ends with that", async () => {
    const { blockdevices } = JSON.parse(lsblkOf("sticks"));
    const small = blockdevices.map((each: { kname: string }) =>
      each.kname === "sdc" ? { ...each, size: 17 << 20 } : each,
    );
    const on = machine(JSON.stringify({ blockdevices: small }));
    const result = await run(on, `/dev/sdc ${WHAT} --format --luks`);
    expect(result.stdout).toMatch(/needed on \/dev\/sdc1 \(about\), 0 B free: it does not fit/);
    expect(result).toMatchObject({ exitStatus: 5, stderr: expect.stringContaining("[BUNDLE_NO_SPACE]") });
  });

  it("looks into a medium as root, read-only, and counts on from what is there", async () => {
    const on = machine(lsblkOf("sticks"));
    const written = `release create ${WHAT} --to ${on.mountDirectory}/sdc --key release.key`;
    mkdirSync(join(on.mountDirectory, "sdc"));
    await runInProcess(directory, written.split(" "));
    const next = `${WHAT.replace("--sequence 7", "--sequence next").replace("1.0.0", "1.0.1")} --key release.key`;
    const { exitStatus, stdout } = await run(on, `/dev/sdc ${next}`);
    expect(exitStatus).toBe(0);
    expect(stdout).toContain("release   kiosk-os@1.0.1 (sequence 8)\n");
    expect(stdout).toContain("medium    /dev/sdc, beside what is on it\n");
    expect(stdout).toMatch(/^contents .* of it is there already$/m);
    expect(touched(on).map((line) => line.replaceAll(on.mountDirectory, "RUN"))).toEqual([
      "mount -t vfat -o ro,nosuid,nodev,noexec,nosymfollow --source /dev/sdc --target RUN/sdc",
      "umount RUN/sdc",
    ]);
  });

  it("says what cannot be seen without root", async () => {
    const on = machine(lsblkOf("sticks"), { isRoot: false });
    const result = await run(on, `/dev/sdc ${WHAT}`);
    expect(result.stdout).toContain("how much is free is not known");
    expect(result).toMatchObject({ exitStatus: 1, stderr: expect.stringContaining("[MEDIA_NOT_MOUNTED]") });
    expect(touched(on)).toEqual([]);
    expect(existsSync(join(on.mountDirectory, "sdc"))).toBe(false);
  });

  it.each([
    { what: "a system disk", words: "/dev/sda", exit: 1, code: "MEDIA_SYSTEM_DISK" },
    { what: "no disk at all", words: "/dev/sdz", exit: 6, code: "MEDIA_NO_SUCH_DEVICE" },
    { what: "waiting for one", words: "--wait", exit: 2, code: "CLI_USAGE" },
  ])("refuses $what", async ({ words, exit, code }) => {
    const result = await run(machine(lsblkOf("sticks")), `${words} ${WHAT} --format`);
    expect(result).toMatchObject({ exitStatus: exit, stdout: "", stderr: expect.stringContaining(`[${code}]`) });
  });
});
