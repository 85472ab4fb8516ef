/**
 * `npm run package`: makes the packages of this version in `dist/package/`, without any network.
 *
 *     bootferry-VERSION-linux-x64     one executable, which brings its own Node
 *     bootferry_VERSION-1_amd64.deb   the same with units, udev rule, initramfs parts, manual pages, completions
 *     bootferry-VERSION.tgz           for `npm install -g`, where there is a Node
 *     SHA256SUMS
 *
 * docs/packages.md says what is in them and who takes which.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { InstallError } from "../install/error.ts";
import { bundleProgram, pinnedNode } from "./bundle.ts";
import { makeDebianPackage } from "./debian-package.ts";
import { makeExecutable } from "./executable.ts";
import { measureStart } from "./measure-start.ts";
import { makeNpmTarball } from "./npm-tarball.ts";
import { runTool } from "./tool.ts";

const SOURCE = resolve(import.meta.dirname, "../..");
const OUT = join(SOURCE, "dist/package");
const MAX_START_FACTOR = 1.5; // of bare Node

async function main(): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(SOURCE, "package.json"), "utf8"));
  const epoch = process.env["SOURCE_DATE_EPOCH"] || lastCommitEpoch();
  process.env["SOURCE_DATE_EPOCH"] = epoch; // for dpkg-deb
  const time = new Date(Number(epoch) * 1000);
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });

  const node = pinnedNode(SOURCE).executable;
  const bundle = await bundleProgram(SOURCE);
  const { packages } = bundle;
  const executable = join(OUT, `bootferry-${version}-linux-${process.arch}`);
  await makeExecutable(node, bundle, executable);
  const deb = await makeDebianPackage({ source: SOURCE, version, executable, packages, time }, OUT);
  runTool(["npm", "run", "-s", "build"], { cwd: SOURCE });
  const tarball = makeNpmTarball(SOURCE, packages, OUT);

  const files = [executable, deb, tarball];
  writeFileSync(join(OUT, "SHA256SUMS"), files.map(sumLine).join(""));
  for (const file of files) process.stdout.write(`${formatMegabytes(file)}  ${file}\n`);
  process.stdout.write(describeStart(node, executable));
}

/** So that the same commit gives the same bytes. */
function lastCommitEpoch(): string {
  try {
    return runTool(["git", "log", "-1", "--format=%ct"], { cwd: SOURCE }).trim();
  } catch (error) {
    if (error instanceof InstallError) return String(Math.floor(Date.now() / 1000)); // sources without git
    throw error;
  }
}

function sumLine(file: string): string {
  return `${createHash("sha256").update(readFileSync(file)).digest("hex")}  ${basename(file)}\n`;
}

function formatMegabytes(file: string): string {
  return `${(statSync(file).size / 1e6).toFixed(1).padStart(6)} MB`;
}

function describeStart(node: string, executable: string): string {
  const { nodeMs, executableMs } = measureStart(node, executable);
  const factor = executableMs / nodeMs;
  const verdict = factor <= MAX_START_FACTOR ? "within" : "ABOVE";
  return (
    `start-up: bootferry --version ${executableMs.toFixed(1)} ms, node -e 0 ${nodeMs.toFixed(1)} ms: ` +
    `${factor.toFixed(2)} ×, ${verdict} the limit of ${MAX_START_FACTOR} ×\n`
  );
}

try {
  await main();
} catch (error) {
  if (!(error instanceof InstallError)) throw error;
  process.stderr.write(`error: ${error.message}\nhelp: ${error.remedy}\n`);
  process.exitCode = 1;
}
