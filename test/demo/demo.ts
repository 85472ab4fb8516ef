/**
 * `npm run demo`: the whole path of an operating system over the air gap, in a scratch directory, without root.
 *
 *     npm run demo                      images are made from files of this machine
 *     npm run demo -- --image oci:DIR   from an image of yours
 *     npm run demo -- --keep            leaves the directory for looking around
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { runCli } from "../support/cli.ts";
import { writeOciLayout } from "../support/oci-fixtures.ts";
import { deriveImage } from "./derive-image.ts";
import { kernelStandIn, machineRoot, versionLayer } from "./machine-image.ts";
import { type Narrator, openNarrator } from "./narrator.ts";

const { values: options } = parseArgs({
  options: { keep: { type: "boolean", default: false }, image: { type: "string" } },
});
const directory = mkdtempSync(join(tmpdir(), "bootferry-demo-"));
console.log(`bootferry demo, in ${directory}`);

const VERSIONS = [
  ["1", "works"],
  ["2", "works"],
  ["3", "dark"],
] as const;
try {
  await demo(openNarrator(directory));
  console.log("\nDone: a system crossed the air gap, and what should not get in did not.");
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  if (options.keep || process.exitCode === 1) console.log(`Left for looking around: ${directory}`);
  else rmSync(directory, { recursive: true, force: true });
}

async function demo(tell: Narrator): Promise<void> {
  tell.heading("At the workstation");
  const topLayers = await makeImages(tell);
  await makeKeys(tell);
  await createRelease(tell, "stick-1", "image-1", 1);

  tell.heading("At the device");
  await tell.run("the device is installed once, with the root that it trusts", [
    ...["os", "install", "to-filesystem", "device", "--medium", "stick-1"],
    ...["--trust-root", "root.json", "--agent-config", "agent.toml"],
  ]);
  await boot(tell);

  tell.heading("An update");
  await createRelease(tell, "stick-2", "image-2", 2);
  await tell.run("the stick goes in: verified, stored, staged beside the running one", agentRun("stick-2"));
  await boot(tell);
  await tell.run("its health checks pass: confirmed", agentRun());
  await tell.run("the stick is still in: nothing to do", agentRun("stick-2"));

  tell.heading("What does not get in");
  await createRelease(tell, "stick-3", "image-3", 3);
  cpSync(join(directory, "stick-3"), join(directory, "stick-tampered"), { recursive: true });
  tell.did(
    `one bit of a layer on a copy of that stick is flipped: ${flipOneBit("stick-tampered", topLayers.at(-1) ?? "")}`,
  );
  await tell.refused("the tampered stick is refused", "OCI_BLOB_DIGEST_MISMATCH", agentRun("stick-tampered"));
  await createRelease(tell, "stick-stranger", "image-3", 3, "stranger");
  await tell.refused("a stick signed by a stranger is refused", "TRUST_KEY_UNKNOWN", agentRun("stick-stranger"));
  await tell.refused("the older release is refused", "TRUST_SEQUENCE_OLDER", agentRun("stick-1"));

  tell.heading("A sick release falls back");
  await tell.run("release 3 is signed, so it is installed", agentRun("stick-3"));
  for (const attempt of ["first", "second", "last"]) {
    await boot(tell);
    await tell.run(`its health check fails at the ${attempt} try: reboot`, agentRun());
  }
  await boot(tell);
  await tell.run("the loader went back to release 2; the agent records why", agentRun());
  await showEnd(tell);
}

/** @returns the digest of the layer that is new in each version */
async function makeImages(tell: Narrator): Promise<readonly string[]> {
  const base = options.image === undefined ? join(directory, "base") : resolve(options.image.replace(/^oci:/, ""));
  if (options.image === undefined) {
    await writeOciLayout(base, [
      { tag: "latest", images: [{ layers: [{ entries: machineRoot() }], architecture: architecture() }] },
    ]);
  }
  const kernel = options.image === undefined ? [kernelStandIn()] : [];
  const topLayers: string[] = [];
  for (const [version, screen] of VERSIONS) {
    const layers = [...kernel, versionLayer(version, screen)];
    topLayers.push(await deriveImage(base, join(directory, `image-${version}`), layers));
  }
  const what =
    options.image === undefined
      ? "a shell and its libraries from this machine, a stand-in for the kernel"
      : options.image;
  tell.did(`three versions of an image are built (image-1, image-2, image-3): ${what}`);
  return topLayers;
}

async function makeKeys(tell: Narrator): Promise<void> {
  for (const [name, what] of [
    ["root", "trust itself"],
    ["release", "releases"],
    ["stranger", "nothing that the device trusts"],
  ]) {
    await tell.run(`a key that signs ${what}`, ["key", "generate", name ?? "", "--no-passphrase"]);
  }
  await tell.run("the root document: which keys a device believes", [
    ...["root", "create", "--root-key", "root.key", "--release-key", "release.pub", "--out", "root.json"],
  ]);
  writeFileSync(join(directory, "agent.toml"), '[device]\ncompatible = "demo-kiosk"\n\n[follow]\nname = "demo-os"\n');
}

async function createRelease(tell: Narrator, stick: string, image: string, sequence: number, key = "release") {
  mkdirSync(join(directory, stick)); // a stick that is plugged in and mounted is there, too
  await tell.run(`release ${sequence} is written to ${stick} and signed`, [
    ...["release", "create", `oci:${image}:latest`, "--to", stick, "--name", "demo-os"],
    ...[
      "--release-version",
      `${sequence}.0`,
      "--sequence",
      `${sequence}`,
      "--compatible",
      "demo-kiosk",
      "--key",
      `${key}.key`,
    ],
  ]);
}

function agentRun(stick?: string): string[] {
  return ["agent", "run", "--sysroot", "device", ...(stick === undefined ? [] : ["--medium", stick])];
}

async function boot(tell: Narrator): Promise<void> {
  await tell.run("the device boots what its loader chooses", ["os", "simulate-boot", "--sysroot", "device"]);
  tell.did(`boot entries now: ${readdirSync(join(directory, "device/boot/loader/entries")).sort().join("  ")}`);
}

async function showEnd(tell: Narrator): Promise<void> {
  const history = await runCli(["agent", "history", "--sysroot", "device"], { cwd: directory });
  tell.did("the history of the device:");
  console.log(history.stdout.replace(/^/gm, "      ").trimEnd());
}

/** Flips a bit in the middle of a blob of a stick. */
function flipOneBit(stick: string, digest: string): string {
  const blob = join(directory, stick, "bootferry/blobs/sha256", digest.slice("sha256:".length));
  const bytes = readFileSync(blob);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(blob, bytes);
  return `blob ${digest.slice(0, 19)}…, byte ${middle}`;
}

function architecture(): string {
  const names: Partial<Record<NodeJS.Architecture, string>> = {
    x64: "amd64",
    arm64: "arm64",
    arm: "arm",
    riscv64: "riscv64",
  };
  return names[process.arch] ?? process.arch;
}
