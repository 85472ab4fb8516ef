/**
 * From the stored layout to what bootc has staged: locked where bootc can lock, compared with what was signed in any
 * case, and taken back when it is something else.
 *
 *     the same reference as the host follows already   bootc upgrade [--download-only]
 *     another one                                      bootc switch --transport oci [--download-only] PATH:current
 *
 * A switch to the reference that is followed already does nothing, whatever lies there now; an upgrade reads it again.
 * Never `--apply`: bootc would reboot before anything was compared.
 */
import type { Digest } from "../../oci/digest.ts";
import { DeployError } from "../error.ts";
import type { Host, ImageReference } from "../host-status.ts";
import type { StagedDeployment, StageOptions } from "../port.ts";
import type { StoredImage, StoredLayout } from "../stored-image.ts";
import { requireConfirmed, stagedOf } from "./boot-facts.ts";
import { classifyStaging, type StagingVerdict } from "./classify-run.ts";
import type { BootcEngine } from "./engine.ts";
import { explainFailure } from "./explain-failure.ts";
import type { BootcFeatures } from "./features.ts";
import { isSameReference, manifestDigestOf } from "./host-facts.ts";
import { knownHost } from "./known-host.ts";
import { makeWay } from "./make-way.ts";
import { layoutDirectory, layoutReference, readTaggedImage } from "./os-layout.ts";
import type { BootcProgress } from "./progress.ts";
import { readFeatures } from "./read-features.ts";
import { readHost } from "./read-host.ts";
import { changeRecord, withImage } from "./record.ts";
import { requireUsable } from "./require-usable.ts";
import { type BootcRun, runBootc } from "./run-bootc.ts";
import { undoStage } from "./undo-stage.ts";

/** See {@link DeployBackend.stage}. */
export async function stageLayout(
  engine: BootcEngine,
  image: StoredImage,
  options: StageOptions = {},
): Promise<StagedDeployment> {
  if (image.kind !== "layout") throw new TypeError("bootc stages what its own backend has stored");
  const { manifestDigest } = image;
  const before = await prepareHost(engine, manifestDigest);
  if (manifestDigestOf(before.status.staged) === manifestDigest) return stagedOf(manifestDigest);
  requireInLayout(engine, manifestDigest);
  await engine.apps.load(image, options.signal);
  recordStaging(engine, image, before);
  await runStaging(engine, before, manifestDigest, options);
  return stagedOf(manifestDigest);
}

/** The host as it is when nothing else is in the way of staging. */
async function prepareHost(engine: BootcEngine, wanted: Digest): Promise<Host> {
  const host = await readHost(engine.exec);
  await requireUsable(engine.exec, host);
  const known = knownHost(engine, host);
  const running = requireConfirmed(known);
  if (running === wanted) {
    throw new DeployError("DEPLOY_BOOTC_RUNS_ALREADY", `image ${wanted} runs already`);
  }
  return makeWay(engine, host, wanted);
}

/** What bootc would read is what was stored: somebody may have stored another release since. */
function requireInLayout({ paths }: BootcEngine, wanted: Digest): void {
  const tagged = readTaggedImage(layoutDirectory(paths));
  if (tagged === wanted) return;
  throw new DeployError("DEPLOY_NOT_STAGED", `the layout holds ${tagged ?? "no image"}, not ${wanted}`);
}

/** Before bootc runs: it may be cut after it has staged, and what boots then has to prove itself all the same. */
function recordStaging({ paths }: BootcEngine, image: StoredLayout, { spec }: Host): void {
  const { manifestDigest, payloadDigest, release } = image;
  const isOurs = isSameReference(spec.image, layoutReference(paths));
  changeRecord(paths.stateDirectory, (record) => ({
    ...withImage(record, manifestDigest, { payloadDigest, release, standing: "new", trials: [], countedBy: "us" }),
    sourceBefore: isOurs || spec.image === null ? record.sourceBefore : withoutPolicy(spec.image),
  }));
}

function withoutPolicy({ image, transport }: ImageReference) {
  return { image, transport };
}

async function runStaging(
  engine: BootcEngine,
  before: Host,
  expected: Digest,
  { signal, onProgress }: StageOptions,
): Promise<void> {
  const { exec, paths } = engine;
  const features = await readFeatures(exec);
  const { args, isLocked } = stagingCommand(before, layoutReference(paths), features);
  signal?.throwIfAborted();
  // What is not locked boots at the next shutdown, compared or not: until it is, there should be none.
  await using _awake = isLocked ? undefined : await engine.inhibit("An update is being staged and compared");
  // Nor is bootc ended half-way then: what it has staged would not be compared any more.
  const run = await runBootc(exec, args, {
    ...paths,
    signal: isLocked ? signal : undefined,
    onProgress: features.hasProgressFd ? onProgress && bytesOf(onProgress) : undefined,
  });
  const after = await readHost(exec);
  const verdict = classifyStaging({ exitCode: run.exitCode, before, after, expected });
  await takeVerdict(engine, { verdict, run, after, expected, what: `bootc ${args[0]}` });
}

/** Its steps are three, and over in moments; what takes long is counted in bytes. */
function bytesOf(onProgress: NonNullable<StageOptions["onProgress"]>): (progress: BootcProgress) => void {
  return ({ unit, done, total }) => {
    if (unit === "bytes" && total > 0) onProgress({ bytesDone: done, bytesTotal: total });
  };
}

interface StagingCommand {
  readonly args: readonly [string, ...string[]];
  readonly isLocked: boolean;
}

function stagingCommand(
  { spec }: Host,
  reference: ImageReference,
  features: Pick<BootcFeatures, "hasDownloadOnlySwitch" | "hasDownloadOnlyUpgrade">,
): StagingCommand {
  if (isSameReference(spec.image, reference)) {
    const isLocked = features.hasDownloadOnlyUpgrade;
    return { args: ["upgrade", "--quiet", ...(isLocked ? ["--download-only"] : [])], isLocked };
  }
  const isLocked = features.hasDownloadOnlySwitch;
  const lock = isLocked ? ["--download-only"] : [];
  return { args: ["switch", "--quiet", ...lock, "--transport", reference.transport, reference.image], isLocked };
}

interface Staging {
  readonly verdict: StagingVerdict;
  readonly run: BootcRun;
  readonly after: Host;
  readonly expected: Digest;
  readonly what: string;
}

/** @throws DeployError for every verdict but that what was asked for is staged */
async function takeVerdict(engine: BootcEngine, { verdict, run, after, expected, what }: Staging): Promise<void> {
  const failure = () => explainFailure(what, run.exitCode, run.stderrTail);
  switch (verdict.kind) {
    case "staged":
      return;
    case "staged-but-failed":
      await undoStage(engine, after);
      throw failure();
    case "staged-another":
      await undoStage(engine, after);
      throw new DeployError(
        "DEPLOY_BOOTC_STAGED_ANOTHER",
        `${what} staged another image: expected ${expected}, got ${verdict.digest ?? "one without a digest"}`,
      );
    case "another-waits":
      throw new DeployError("DEPLOY_BOOTC_ANOTHER_WAITS", `another image is staged: ${verdict.digest ?? "unknown"}`);
    case "runs-already":
      throw new DeployError("DEPLOY_BOOTC_RUNS_ALREADY", `image ${expected} runs already`);
    case "not-staged":
      throw notStaged(after, expected, what);
    case "misunderstood":
      throw new DeployError("DEPLOY_BOOTC_MISUNDERSTOOD", `${what} was not understood: ${run.stderrTail}`);
    case "failed":
      throw isRollback(after, expected) ? notStaged(after, expected, what) : failure();
  }
}

/** Of two deployments with one content composefs hosts keep one. */
function notStaged(after: Host, expected: Digest, what: string): DeployError {
  if (isRollback(after, expected)) {
    return new DeployError("DEPLOY_BOOTC_IS_ROLLBACK", `image ${expected} is the deployment to go back to`);
  }
  return new DeployError("DEPLOY_BOOTC_NOT_STAGED", `${what} ended well, and image ${expected} is not staged`);
}

function isRollback({ status }: Host, expected: Digest): boolean {
  return manifestDigestOf(status.rollback) === expected;
}
