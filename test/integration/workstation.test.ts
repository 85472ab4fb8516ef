/** The workstation's commands as a person runs them: files, exit statuses, and what is said on which stream. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
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
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { preAuthEncoding } from "../../src/trust/dsse.ts";
import { formatPrivateKeyPem } from "../../src/trust/keys.ts";
import { runCli } from "../support/cli.ts";
import { runInProcess } from "../support/cli-in-process.ts";
import { RELEASE_KEY, writeFixtureImage, writeFixtureKeys } from "../support/release-fixtures.ts";

const EPOCH = { SOURCE_DATE_EPOCH: "1780000000" };
const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

describe("the workstation's commands", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "workstation-"));
    mkdirSync(join(directory, "stick"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const run = (command: string, env: Readonly<Record<string, string>> = {}) =>
    runInProcess(directory, command.split(" "), env);
  const done = async (command: string, env: Readonly<Record<string, string>> = {}) => {
    const result = await run(command, env);
    expect(result, command).toMatchObject({ exitStatus: 0 });
    return result;
  };
  const json = async (command: string, env: Readonly<Record<string, string>> = {}): Promise<Record<string, unknown>> =>
    JSON.parse((await done(`${command} --json`, env)).stdout);
  const file = (name: string) => join(directory, name);
  const CREATE =
    "release create oci:image --to stick --name kiosk-os --compatible kiosk --release-version 1.0.0 --sequence 1 --key release.key";
  const prepare = () => Promise.all([writeFixtureKeys(directory), writeFixtureImage(directory)]);

  describe("key", () => {
    it("makes an encrypted key that only its owner may read, and that OpenSSL opens", async () => {
      writeFileSync(file("passphrase"), "correct horse\n");
      const made = await json("key generate release --passphrase-file passphrase");
      expect(made).toMatchObject({ encrypted: true, keyId: expect.stringMatching(/^[0-9a-f]{64}$/) });
      expect(statSync(file("release.key")).mode & 0o777).toBe(0o600);
      const openssl = ["pkey", "-in", file("release.key"), "-passin", "pass:correct horse", "-pubout"];
      expect(execFileSync("openssl", openssl, { encoding: "utf8" })).toBe(readFileSync(file("release.pub"), "utf8"));
      const env = { BOOTFERRY_PASSPHRASE: "correct horse" };
      for (const half of ["release.key", "release.pub"]) {
        expect(await json(`key show ${half}`, env)).toMatchObject({ keyId: made["keyId"] });
      }
    });

    it.each([
      { what: "no passphrase and no terminal", command: "key generate other", code: "CLI_PASSPHRASE_NEEDED", exit: 2 },
      { what: "a key file that is there", command: "key generate there --no-passphrase", code: "HOST_EXISTS", exit: 1 },
      {
        what: "a wrong passphrase",
        command: "key show sealed.key --passphrase-file wrong",
        code: "TRUST_PASSPHRASE_WRONG",
        exit: 2,
      },
      { what: "a file that is no key", command: "key show wrong", code: "TRUST_KEY_INVALID", exit: 2 },
      { what: "a file that is not there", command: "key show nowhere", code: "HOST_NOT_FOUND", exit: 1 },
    ])("refuses $what: $code", async ({ command, code, exit }) => {
      writeFileSync(file("there.pub"), "mine");
      writeFileSync(file("wrong"), "wrong");
      writeFileSync(file("sealed.key"), formatPrivateKeyPem(RELEASE_KEY, "right"));
      const { exitStatus, stderr, stdout } = await run(command);
      expect(exitStatus).toBe(exit);
      expect(stdout).toBe("");
      expect(stderr).toMatch(new RegExp(`^error: .* \\[${code}\\]\\nhelp: .+\\n$`));
      expect(readFileSync(file("there.pub"), "utf8")).toBe("mine");
      expect(existsSync(file("there.key")) || existsSync(file("other.key"))).toBe(false);
    });
  });

  describe("root", () => {
    it("is signed by those who hold its keys, one after the other", async () => {
      await prepare();
      const create =
        "root create --out new.json --root-key root.key --root-key second.pub --release-key release.pub --threshold-root 2";
      await done(create);
      expect(await run("root show new.json")).toMatchObject({
        exitStatus: 3,
        stdout: expect.stringContaining("TRUST_THRESHOLD_NOT_MET"),
      });
      expect(await run("root sign new.json --key release.key")).toMatchObject({
        exitStatus: 3,
        stderr: expect.stringContaining("[TRUST_KEY_UNKNOWN]"),
      });
      await done("root sign new.json --key second.key");
      expect(await json("root show new.json")).toMatchObject({
        problem: null,
        document: { version: 1, roles: { root: { threshold: 2 } } },
      });
      expect(await run(create)).toMatchObject({ exitStatus: 1, stderr: expect.stringContaining("[HOST_EXISTS]") });
    });
  });

  describe("release", () => {
    it("goes from an image to a medium that verifies, and off it again", async () => {
      await prepare();
      const created = await done(`${CREATE} --root root.json --notes Bugfixes`);
      expect(created.stdout).toContain("release   kiosk-os@1.0.0 (sequence 1)");
      expect((await done("release verify stick --root root.json")).stdout).toMatch(/^good {2}kiosk-os@1\.0\.0/);
      expect(await json("release list stick")).toMatchObject({
        problems: [],
        releases: [{ statement: { notes: "Bugfixes" } }],
      });
      expect(await json("release inspect stick")).toMatchObject({ statement: { targets: [{ compatible: "kiosk" }] } });
      expect((await done("release remove stick --release kiosk-os@1.0.0")).stdout).toContain("removed");
      expect((await done("release list stick")).stdout).toBe("no releases\n");
      expect(await run("release verify stick --root root.json")).toMatchObject({
        exitStatus: 6,
        stderr: expect.stringContaining("[BUNDLE_NO_RELEASE]"),
      });
    });

    it("is checked by hand with sha256sum's and openssl's means alone", async () => {
      await prepare();
      await done(CREATE);
      const blob = (digest: string) => readFileSync(join(directory, "stick/bootferry/blobs/sha256", digest.slice(7)));
      const index = JSON.parse(readFileSync(file("stick/bootferry/index.json"), "utf8"));
      const entry = index.manifests.find(({ artifactType }: { artifactType?: string }) =>
        artifactType?.includes("release"),
      );
      const envelope = JSON.parse(blob(JSON.parse(blob(entry.digest).toString()).layers[0].digest).toString());
      const payload = Buffer.from(envelope.payload, "base64");
      expect(Buffer.from((await done("release inspect stick --payload")).stdout)).toEqual(payload);
      writeFileSync(file("signed"), preAuthEncoding(envelope.payloadType, payload));
      writeFileSync(file("signature"), Buffer.from(envelope.signatures[0].sig, "base64"));
      const verify = [
        "pkeyutl",
        "-verify",
        "-rawin",
        "-pubin",
        "-inkey",
        file("release.pub"),
        "-in",
        file("signed"),
        "-sigfile",
        file("signature"),
      ];
      expect(execFileSync("openssl", verify, { encoding: "utf8" })).toContain("Signature Verified Successfully");
    });

    it("has the same bytes again with the same inputs and SOURCE_DATE_EPOCH", async () => {
      await prepare();
      const content = () => {
        const names = readdirSync(file("stick"), { recursive: true, encoding: "utf8" }).toSorted();
        return names.map((name) => [
          name,
          statSync(file(`stick/${name}`)).isFile() ? readFileSync(file(`stick/${name}`), "hex") : "",
        ]);
      };
      await done(CREATE, EPOCH);
      const first = content();
      rmSync(file("stick"), { recursive: true });
      mkdirSync(file("stick"));
      await done(CREATE, EPOCH);
      expect(content()).toEqual(first);
      expect(await json("release inspect stick")).toMatchObject({ statement: { createdAt: "2026-05-28T20:26:40Z" } });
    });

    it("wants the second signature of a threshold, and says so until it has it", async () => {
      await prepare();
      const created = await done(`${CREATE} --root two.json`);
      expect(created.stderr).toContain("1 more signature(s) of role release");
      expect(await run("release verify stick --root two.json")).toMatchObject({
        exitStatus: 3,
        stdout: expect.stringContaining("TRUST_THRESHOLD_NOT_MET"),
      });
      expect(await json("release sign stick --key second.key --root two.json")).toMatchObject({
        missingSignatures: [],
      });
      await done("release verify stick --root two.json");
    });

    it("is signed by a command that holds the key", async () => {
      await prepare();
      const script = `#!/bin/sh\ncat > "${file("in")}"\nopenssl pkeyutl -sign -rawin -inkey "${file("release.key")}" -in "${file("in")}"\n`;
      writeFileSync(file("sign"), script);
      chmodSync(file("sign"), 0o755);
      await done(CREATE.replace("--key release.key", `--signer release.pub=${file("sign")}`));
      await done("release verify stick --root root.json");
    });

    it("is not trusted under a root that does not know its key", async () => {
      await prepare();
      await done(CREATE.replace("release.key", "stranger.key"));
      const verified = await run("release verify stick --root root.json --json");
      expect(verified.exitStatus).toBe(3);
      expect(JSON.parse(verified.stdout)).toMatchObject({
        results: [{ verified: false, error: { code: "TRUST_KEY_UNKNOWN" } }],
      });
    });

    it("is only thought about in a dry run", async () => {
      await prepare();
      const dry = await json(CREATE.replace("--key release.key", "--dry-run"), EPOCH);
      expect(readdirSync(file("stick"))).toEqual([]);
      expect(await json(CREATE, EPOCH)).toMatchObject({ payloadDigest: dry["payloadDigest"] });
    });

    it.each([
      { what: "no key", change: ["--key release.key", ""], code: "CLI_USAGE", exit: 2 },
      { what: "no kind of device", change: ["--compatible kiosk ", ""], code: "CLI_USAGE", exit: 2 },
      { what: "a sequence of zero", change: ["--sequence 1", "--sequence 0"], code: "CLI_USAGE", exit: 2 },
      { what: "an option that is none", change: ["--name", "--nmae"], code: "CLI_USAGE", exit: 2 },
      { what: "a transport that is none", change: ["oci:image", "image"], code: "RELEASE_SOURCE_INVALID", exit: 2 },
      {
        what: "a tag that is not there",
        change: ["oci:image", "oci:image:v9"],
        code: "RELEASE_SOURCE_NO_IMAGE",
        exit: 1,
      },
      { what: "a layout that is not there", change: ["oci:image", "oci:nowhere"], code: "OCI_LAYOUT_MISSING", exit: 6 },
      {
        what: "an archive that is not there",
        change: ["oci:image", "oci-archive:nowhere"],
        code: "HOST_NOT_FOUND",
        exit: 1,
      },
      { what: "a medium that is not there", change: ["--to stick", "--to nowhere"], code: "HOST_NOT_FOUND", exit: 1 },
      {
        what: "a key that may not sign",
        change: ["--key release.key", "--key root.key --root root.json"],
        code: "RELEASE_KEY_NOT_TRUSTED",
        exit: 1,
      },
      {
        what: "a root that is none",
        change: ["--to", "--root release.pub --to"],
        code: "CLI_USAGE",
        exit: 2,
      },
    ])("is refused with $what: $code", async ({ change: [from = "", to = ""], code, exit }) => {
      await prepare();
      const command = CREATE.replace(from, to).trim();
      const { exitStatus, stderr, stdout } = await run(`${command} --quiet`.replaceAll("  ", " "));
      expect(stderr).toMatch(new RegExp(`^error: .* \\[${code}\\]\\nhelp: .+\\n$`));
      expect({ exitStatus, stdout }).toEqual({ exitStatus: exit, stdout: "" });
      expect(existsSync(file("nowhere"))).toBe(false);
    });

    it("is not published when SIGINT comes while it is signed", async () => {
      await prepare();
      writeFileSync(file("stop"), "#!/bin/sh\nkill -INT $PPID\ncat > /dev/null\n");
      chmodSync(file("stop"), 0o755);
      const command = CREATE.replace("--key release.key", `--signer release.pub=${file("stop")}`);
      const stopped = await runCli(command.split(" "), { cwd: directory });
      expect(stopped).toMatchObject({ exitStatus: 130, stdout: "", stderr: expect.stringContaining("interrupted") });
      expect(await json("release list stick")).toEqual({ problems: [], releases: [], roots: [] });
      expect(readdirSync(file("stick/bootferry/blobs/sha256"))).toEqual([]);
    });
  });

  it("keeps quiet when the reader of its output goes away", async () => {
    await prepare();
    const child = spawn(process.execPath, [MAIN, "key", "show", "release.pub"], { cwd: directory });
    child.stdout.destroy();
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    const [exitStatus] = await once(child, "close");
    expect({ exitStatus, stderr }).toEqual({ exitStatus: 0, stderr: "" });
  });

  it("prints progress as plain lines where there is no terminal, and none with --quiet", async () => {
    await prepare();
    expect((await done(CREATE)).stderr).toMatch(
      /^reading oci:image\nreading and writing: .+\nverifying what was written: .+\n$/,
    );
    expect((await done("release verify stick --root root.json --quiet")).stderr).toBe("");
  });
});

describe("the help", () => {
  it.each([
    "key generate",
    "key show",
    "root create",
    "root sign",
    "root show",
    "root rotate",
    "root revoke",
    "root verify-chain",
    "root publish",
    "release create",
    "release sign",
    "release attach",
    "release verify",
    "release inspect",
    "release list",
    "release remove",
  ])("of %s shows examples and exit statuses", async (command) => {
    const { exitStatus, stdout } = await runInProcess(".", [...command.split(" "), "--help"]);
    expect(exitStatus).toBe(0);
    expect(stdout).toMatch(/\nExamples:\n {2}.+:\n {4}\$ bootferry [\s\S]*\nExit status:\n {2}0 {3}done\n/);
  });

  it.each([[], ["release"], ["key"]])("of %j alone is printed, as wrong usage", async (...args) => {
    expect(await runInProcess(".", args)).toMatchObject({
      exitStatus: 2,
      stderr: expect.stringContaining("Commands:"),
    });
  });
});
