/**
 * The root that this device trusts: the highest version that a chain leads to.
 *
 *     what the device remembers           the start; a file counts only when it is that root or continues it
 *     /etc/bootferry/root.json            (or `[trust] root`) the start for a device that remembers none
 *     /usr/lib/bootferry/root.json        of the booted image: continues the others, and the start where there is nothing else
 *
 * Each file holds one root or a chain of them. So a lost memory brings no revoked key back as long as one of the files
 * holds the chain, and a file that somebody puts there takes no root away. Reads only.
 */
import type { AgentConfig } from "../config/agent-config.ts";
import type { DeviceFiles } from "../config/device-files.ts";
import { CodedError } from "../error.ts";
import { type AbsPath, parseAbsPath } from "../path.ts";
import type { TrustedRoot } from "../trust/root.ts";
import { extendRoot, newestOf, parseRootFile } from "../trust/root-chain.ts";
import { rememberedRoot, type TrustState } from "../trust/state.ts";
import { AgentError } from "./error.ts";

const LOCAL_FILE = parseAbsPath("/etc/bootferry/root.json");
const IMAGE_FILE = parseAbsPath("/usr/lib/bootferry/root.json");

export type RootChain = readonly [TrustedRoot, ...TrustedRoot[]];

export interface RootReading {
  /** From the root that it starts with to the one that is trusted, ascending. */
  readonly chain: RootChain;
  /** One sentence for each file that does not fit and is not believed. */
  readonly ignored: readonly string[];
}

/**
 * @param state what the device remembers
 * @throws AgentError AGENT_TRUST_ROOT_MISSING; for the file that it would start with also TrustError and OciError as
 *   `parseRootFile`, ConfigError CONFIG_UNREADABLE
 */
export async function readTrustRoot(
  files: DeviceFiles,
  config: AgentConfig["trust"],
  state: TrustState,
): Promise<RootReading> {
  const anchors = config.root === undefined ? [LOCAL_FILE, IMAGE_FILE] : [config.root];
  const found = await Promise.all([...new Set([...anchors, IMAGE_FILE])].map((path) => readChain(files, path)));
  const readable = found.filter((file) => file !== undefined);
  const start = rememberedRoot(state) ?? anchorOf(readable, anchors);
  const steps = extendRoot(
    start,
    readable.flatMap(({ chain }) => (chain instanceof CodedError ? [] : chain)),
  );
  const chain: RootChain = [start, ...steps];
  return { chain, ignored: readable.flatMap((file) => describeMisfit(file, [...state.chain, ...chain]) ?? []) };
}

interface RootFile {
  readonly path: AbsPath;
  /** Or why it cannot be read. */
  readonly chain: RootChain | CodedError;
}

async function readChain(files: DeviceFiles, path: AbsPath): Promise<RootFile | undefined> {
  try {
    const bytes = await files.readFile(path);
    return bytes === undefined ? undefined : { path, chain: parseRootFile(bytes) };
  } catch (error) {
    if (error instanceof CodedError) return { path, chain: error };
    throw error;
  }
}

/** The first of the files that is there: one that is damaged is an error, and not a reason to believe another. */
function anchorOf(files: readonly RootFile[], anchors: readonly AbsPath[]): TrustedRoot {
  const anchor = files.find(({ path }) => anchors.includes(path));
  if (anchor === undefined) {
    throw new AgentError("AGENT_TRUST_ROOT_MISSING", `no root document in ${anchors.join(", ")}`);
  }
  if (anchor.chain instanceof CodedError) throw anchor.chain;
  return newestOf(anchor.chain);
}

/** @param known the roots that were trusted here, and are now */
function describeMisfit(
  { path, chain }: RootFile,
  known: readonly Pick<TrustedRoot, "version" | "digest">[],
): string | undefined {
  if (chain instanceof CodedError) return `${path} is ignored: ${chain.message}`;
  const newest = newestOf(chain);
  const trusted = Math.max(...known.map(({ version }) => version));
  if (newest.version > trusted) {
    return `${path} is ignored: its root version ${newest.version} does not follow version ${trusted}, which is trusted`;
  }
  // An older one of the same chain is what a device keeps in /etc for years.
  const namesake = known.filter(({ version }) => version === newest.version);
  const isForeign = namesake.length > 0 && namesake.every(({ digest }) => digest !== newest.digest);
  return isForeign
    ? `${path} is ignored: its root version ${newest.version} is not the one that was trusted`
    : undefined;
}
