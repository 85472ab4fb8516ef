/**
 * `npm run bench`: bootferry beside skopeo, umoci, tar and openssl on the Debian images of the tests' set-up, in one run.
 *
 * Prints the table and writes it to `bench/results.md`. Needs root (umoci unpack with owners, a loop device).
 * `--runs N` sets the number of rounds, 5 unless given.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { makeLargeStick } from "./large-stick.ts";
import { openLoopFilesystem } from "./loop-filesystem.ts";
import { readMachine } from "./machine.ts";
import { type Contestant, compare, run } from "./measure.ts";
import {
  bootferry,
  createArguments,
  installRelease,
  makeSigning,
  releaseCreate,
  releaseVerify,
  type Signing,
} from "./ours.ts";
import { opensslDigest, skopeoCopy, tarUnzip, umociUnpack } from "./peers.ts";
import { type Comparison, formatReport, type Limit, megabytes } from "./report.ts";
import { measureSmallUpdate, type SmallUpdate } from "./small-update.ts";

const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));
const CACHE = join(REPOSITORY, ".cache");
const MAX_PEAK_BYTES = 250e6;
const MAX_WRITE_FACTOR = 1.1;
const MAX_DELTA_FACTOR = 1.15;

const machine = readMachine();
const { values } = parseArgs({ options: { runs: { type: "string", default: "5" } } });
const runs = Number(values.runs);
const layouts = { first: join(CACHE, "images", "debian-v1"), second: join(CACHE, "images", "debian-v2") };

await run([join(REPOSITORY, "test", "images", "setup.sh")]);
await run(["npm", "--prefix", REPOSITORY, "run", "-s", "build"]);
const scratch = mkdtempSync(join(CACHE, "bench."));
try {
  const signing = await makeSigning(scratch);
  const comparisons = await compareAll(signing);
  const update = await measureSmallUpdate(layouts, scratch, signing);
  const limits = [peakLimit(comparisons), updateLimit(update), deltaLimit(update)];
  const image = "Debian trixie with systemd and kernel, one gzip layer, made by the tests' set-up";
  const notes = [
    "umoci unpack runs as root and sets owners.",
    "tar -xz checks nothing; store + stage checks the signature, each blob's digest and each file's.",
    "verify takes most of its time to start (Node and the modules) with an image of this size; the row with a large stick shows what remains.",
  ];
  const report = formatReport({ machine, runs, image, comparisons, limits, notes });
  process.stdout.write(report);
  writeFileSync(join(REPOSITORY, "bench", "results.md"), report);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function compareAll(signing: Signing): Promise<Comparison[]> {
  await using filesystem = await openLoopFilesystem(join(scratch, "bench"));
  const out = filesystem.mountPoint;
  const { first } = layouts;
  const stick = join(scratch, "stick");
  mkdirSync(stick);
  await run(bootferry(...createArguments(layouts.first, stick, 1, signing)));
  const large = await makeLargeStick(first, scratch, signing);
  const umoci = () => umociUnpack(first, out);
  return [
    ...(await against("copy and sign", releaseCreate(first, out, signing, "--no-tree"), [
      [skopeoCopy(first, out), 1.2],
    ])),
    ...(await against("create with tree", releaseCreate(first, out, signing), [[umoci(), 1.0]])),
    ...(await against("verify", releaseVerify(stick, signing), [[opensslDigest(join(stick, "bootferry")), 1.2]])),
    ...(await against("verify, large", releaseVerify(large, signing), [
      [opensslDigest(join(large, "bootferry")), 1.2],
    ])),
    ...(await against("store + stage", installRelease(stick, out, signing), [
      [umoci(), 0.6],
      [tarUnzip(first, out), 1.2],
    ])),
  ];
}

async function against(
  what: string,
  ours: Contestant,
  peers: readonly (readonly [Contestant, number])[],
): Promise<Comparison[]> {
  process.stderr.write(`${what}: ${ours.name} beside ${peers.map(([peer]) => peer.name).join(", ")}\n`);
  const [own, ...others] = await compare([ours, ...peers.map(([peer]) => peer)], runs, scratch);
  if (own === undefined) throw new Error("a comparison without a contestant");
  return others.map((peer, index) => ({ what, ours: own, peer, target: peers[index]?.[1] }));
}

function peakLimit(comparisons: readonly Comparison[]): Limit {
  const peak = Math.max(...comparisons.map(({ ours }) => ours.peakBytes));
  return {
    what: "highest peak memory of ours",
    value: `${megabytes(peak)} MB`,
    limit: `≤ ${megabytes(MAX_PEAK_BYTES)} MB`,
    isMet: peak <= MAX_PEAK_BYTES,
  };
}

function updateLimit(update: SmallUpdate): Limit {
  const { writtenBytes, newObjectsBytes, imageBytes, bootBytes, deploymentBytes } = update;
  const needed = newObjectsBytes + imageBytes + bootBytes;
  const rest = writtenBytes - needed - deploymentBytes;
  const parts = [
    `objects ${megabytes(newObjectsBytes)}`,
    `image ${megabytes(imageBytes)}`,
    `kernel, initramfs and entry ${megabytes(bootBytes)}`,
  ];
  return {
    what: `bytes that reach the disk (ext4) for a small update that needs ${megabytes(needed)} MB (${parts.join(", ")})`,
    value:
      `${megabytes(writtenBytes)} MB = ${(writtenBytes / needed).toFixed(2)} × needed; beside that ` +
      `${megabytes(deploymentBytes)} MB are the deployment's /etc, ${megabytes(rest)} MB journal and metadata of ext4`,
    limit: `≤ ${MAX_WRITE_FACTOR} × needed`,
    isMet: writtenBytes <= MAX_WRITE_FACTOR * needed,
  };
}

function deltaLimit({ newObjectsBytes, imageBytes, sticks: { fullBytes, deltaBytes } }: SmallUpdate): Limit {
  const newBytes = newObjectsBytes + imageBytes;
  return {
    what: `bytes of a stick with a delta of the small update, which brings ${megabytes(newBytes)} MB of new objects and image`,
    value: `${megabytes(deltaBytes)} MB = ${(deltaBytes / newBytes).toFixed(2)} × new; in full ${megabytes(fullBytes)} MB`,
    limit: `≤ ${MAX_DELTA_FACTOR} × new`,
    isMet: deltaBytes <= MAX_DELTA_FACTOR * newBytes,
  };
}
