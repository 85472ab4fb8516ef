import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { testKey } from "../../../bundle-format/vectors/source/test-keys.ts";
import { formatPublicKeyPem, publicKeyOf } from "../../../src/trust/keys.ts";
import { commandsOf } from "../../support/page-commands.ts";
import { VECTORS } from "./vector-reader.ts";

const FORMAT = join(VECTORS, "..");

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "bundle-readme-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
});

/** Lays out a vector with the commands of its README and checks it by hand with those of the format's. */
function checkByHand(vector: string, key: Parameters<typeof testKey>[0]): string {
  const stick = join(directory, "stick");
  const lay = commandsOf(join(VECTORS, "README.md"), "sh").replace(
    "medium/single-release.json DIRECTORY",
    `${vector} ${stick}`,
  );
  execFileSync("bash", ["-c", lay], { cwd: VECTORS });
  const work = join(directory, "work");
  mkdirSync(work);
  writeFileSync(join(directory, "key.pem"), formatPublicKeyPem(publicKeyOf(testKey(key))));
  const env = { ...process.env, STICK: stick, TAG: "kiosk-os-42.3.1.release", KEY: join(directory, "key.pem") };
  const commands = commandsOf(join(FORMAT, "README.md"), "sh");
  return execFileSync("bash", ["-c", commands], { cwd: work, env, stdio: ["ignore", "pipe", "pipe"] }).toString();
}

describe("the commands of bundle-format/README.md", () => {
  it("accept a good release with sha256sum, python3 and openssl alone", () => {
    const output = checkByHand("medium/single-release.json", "release-a");
    expect(output).toContain("Signature Verified Successfully");
    expect(output.match(/: OK$/gm)).toHaveLength(7); // manifest, envelope, image, config, two layers, composefs image
  });

  it.each([
    ["medium/payload-changed.json", "release-a"],
    ["medium/layer-flipped-bit.json", "release-a"],
    ["medium/layer-too-long.json", "release-a"],
    ["medium/root-envelope-as-release.json", "release-a"],
    ["medium/single-release.json", "release-b"],
  ] as const)("refuse %s with key %s", (vector, key) => {
    expect(() => checkByHand(vector, key)).toThrow();
  });
});
