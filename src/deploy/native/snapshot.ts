/**
 * What there is at this moment: deployments on disk, boot entries, the staged one, and what runs. Reads only.
 *
 * A deployment is what has a readable origin. Which one is staged, armed or good is never recorded as such: it follows
 * from files that are there or not, so that no power cut can leave a record that lies.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { z } from "zod";
import type { BootEntry, BootLoader } from "../../boot/boot-loader.ts";
import type { DevicePaths } from "../../config/device-paths.ts";
import { errnoOf } from "../../error.ts";
import { hostError } from "../../host/error.ts";
import { type AbsPath, below } from "../../path.ts";
import { type DeploymentId, isDeploymentId, serialOf } from "../deployment-id.ts";
import { DeployError } from "../error.ts";
import { parseCommandLine, type RunningDeployment } from "./command-line.ts";
import { deployDirectory, deploymentDirectory, originFile, pinFile, stagedFile, UNFINISHED } from "./layout.ts";
import { type Origin, readOrigin } from "./origin.ts";

export interface Deployment {
  readonly id: DeploymentId;
  readonly serial: number;
  readonly origin: Origin;
  /** Its boot entries, in boot order; several after a rollback, none while it is staged. */
  readonly entries: readonly BootEntry[];
  readonly isBooted: boolean;
  readonly isStaged: boolean;
  readonly isPinned: boolean;
}

export interface Snapshot {
  readonly running: RunningDeployment;
  readonly deployments: readonly Deployment[];
  /** Entries of ours in boot order, those of damaged deployments included. */
  readonly entries: readonly BootEntry[];
  /** Directories with a damaged origin that a boot entry names: they are left alone. */
  readonly damaged: readonly DeploymentId[];
  /** Directories that nothing names: leftovers of interrupted runs. */
  readonly leftovers: readonly AbsPath[];
  readonly highestSerial: number;
}

const stagedSchema = z.strictObject({ version: z.literal(1), id: z.string().refine(isDeploymentId) });

/** @throws HostError */
export function readSnapshot(paths: DevicePaths, loader: BootLoader): Snapshot {
  const entries = loader.list();
  const running = readRunning(paths);
  const stagedId = readStagedId(paths);
  const entriesOf = (id: DeploymentId) => entries.filter((entry) => deploymentOf(entry) === id);
  const deployments: Deployment[] = [];
  const damaged: DeploymentId[] = [];
  const leftovers: AbsPath[] = [];
  for (const name of listNames(deployDirectory(paths))) {
    const origin = isDeploymentId(name) ? tryReadOrigin(paths, name) : undefined;
    if (!isDeploymentId(name)) {
      leftovers.push(below(deployDirectory(paths), name));
      continue;
    }
    const own = entriesOf(name);
    const isBooted = running.id === name;
    const isStaged = stagedId === name && own.length === 0 && !isBooted; // what runs had an entry
    const isPinned = existsSync(pinFile(paths, name));
    const isNamed = own.length > 0 || isBooted || isStaged || isPinned;
    const unfinishedEtc = below(deploymentDirectory(paths, name), `etc${UNFINISHED}`);
    if (isNamed && existsSync(unfinishedEtc)) leftovers.push(unfinishedEtc);
    if (!isNamed) leftovers.push(deploymentDirectory(paths, name));
    else if (origin === undefined) damaged.push(name);
    else deployments.push({ id: name, serial: serialOf(name), origin, entries: own, isBooted, isStaged, isPinned });
  }
  const serials = [
    ...deployments.map(({ serial }) => serial),
    ...damaged.map(serialOf),
    ...entries.map(({ serial }) => serial),
  ];
  return { running, deployments, entries, damaged, leftovers, highestSerial: Math.max(0, ...serials) };
}

/** The deployment that an entry boots: what its command line says, not what it is called. */
export function deploymentOf(entry: BootEntry): DeploymentId | undefined {
  return parseCommandLine(entry.options).id;
}

/** The words of the running kernel's command line; none before the first boot of a simulated device. */
function readRunning({ kernelCommandLine }: DevicePaths): RunningDeployment {
  try {
    return parseCommandLine(readFileSync(kernelCommandLine, "utf8").split(/\s+/));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return parseCommandLine([]);
    throw hostError(error, `reading ${kernelCommandLine}`);
  }
}

/** A damaged record names nothing: what it named is swept, and staged again. */
function readStagedId(paths: DevicePaths): DeploymentId | undefined {
  try {
    const parsed = stagedSchema.safeParse(JSON.parse(readFileSync(stagedFile(paths), "utf8")));
    return parsed.success && isDeploymentId(parsed.data.id) ? parsed.data.id : undefined;
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw hostError(error, `reading ${stagedFile(paths)}`);
  }
}

function tryReadOrigin(paths: DevicePaths, id: DeploymentId): Origin | undefined {
  try {
    const origin = readOrigin(originFile(paths, id));
    return origin.id === id ? origin : undefined;
  } catch (error) {
    if (error instanceof DeployError) return undefined;
    throw error;
  }
}

function listNames(directory: AbsPath): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw hostError(error, `reading ${directory}`);
  }
}
