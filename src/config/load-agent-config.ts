/**
 * Finds and reads agent.toml as systemd's programs find theirs.
 *
 *     /etc/bootferry/agent.toml        the first of these that is there; the others are not looked at
 *     /run/bootferry/agent.toml
 *     /usr/lib/bootferry/agent.toml
 *     …/bootferry/agent.toml.d/*.toml  drop-ins of all three, in the order of their names, each over what came before;
 *                                      of two with the same name the one in the directory named first counts
 *
 * An empty drop-in (or a link to /dev/null) hides one of the same name below.
 */
import { parse, TomlError } from "smol-toml";
import type { z } from "zod";
import { type AbsPath, below, parseAbsPath } from "../path.ts";
import { type AgentConfig, agentConfigSchema } from "./agent-config.ts";
import { compareBytes, type DeviceFiles } from "./device-files.ts";
import { ConfigError } from "./error.ts";

const DIRECTORIES = ["/etc/bootferry", "/run/bootferry", "/usr/lib/bootferry"].map(parseAbsPath);

/** The key as messages show it (`reboot.policy`) → the file that set it. */
type Origins = ReadonlyMap<string, AbsPath>;
type Tables = Record<string, unknown>;

/** What all files together say, before anything of it is checked. */
export interface MergedConfig {
  readonly tables: Readonly<Tables>;
  readonly origins: Origins;
}

/**
 * The configuration of a device.
 * @throws ConfigError CONFIG_NOT_FOUND, CONFIG_SYNTAX, CONFIG_KEY_UNKNOWN, CONFIG_KEY_MISSING, CONFIG_VALUE_INVALID,
 *   CONFIG_UNREADABLE
 */
export async function loadAgentConfig(files: DeviceFiles): Promise<AgentConfig> {
  return parseFiles(await findConfigFiles(files));
}

/**
 * One configuration file by itself, such as one that `--config` names.
 * @throws ConfigError as {@link loadAgentConfig}
 */
export function parseAgentConfig(bytes: Uint8Array, file: AbsPath): AgentConfig {
  return parseFiles([{ file, bytes }]);
}

export interface ConfigFile {
  readonly file: AbsPath;
  readonly bytes: Uint8Array;
}

/**
 * The files that count, each laid over those before it.
 * @throws ConfigError CONFIG_NOT_FOUND, CONFIG_UNREADABLE
 */
export async function findConfigFiles(files: DeviceFiles): Promise<readonly ConfigFile[]> {
  const main = await findMainFile(files);
  const dropIns = await findDropIns(files);
  if (main === undefined && dropIns.length === 0) {
    throw new ConfigError("CONFIG_NOT_FOUND", `no agent.toml in ${DIRECTORIES.join(", ")}`);
  }
  return main === undefined ? dropIns : [main, ...dropIns];
}

async function findMainFile(files: DeviceFiles): Promise<ConfigFile | undefined> {
  for (const directory of DIRECTORIES) {
    const file = below(directory, "agent.toml");
    const bytes = await files.readFile(file);
    if (bytes !== undefined) return { file, bytes };
  }
  return undefined;
}

async function findDropIns(files: DeviceFiles): Promise<ConfigFile[]> {
  const found = new Map<string, AbsPath>();
  for (const directory of DIRECTORIES) {
    const dropInDirectory = below(directory, "agent.toml.d");
    for (const name of await files.listDirectory(dropInDirectory)) {
      if (name.endsWith(".toml") && !found.has(name)) found.set(name, below(dropInDirectory, name));
    }
  }
  const dropIns: ConfigFile[] = [];
  for (const [, file] of [...found].sort(([a], [b]) => compareBytes(a, b))) {
    const bytes = await files.readFile(file);
    if (bytes !== undefined) dropIns.push({ file, bytes });
  }
  return dropIns;
}

function parseFiles(files: readonly ConfigFile[]): AgentConfig {
  const checked = checkConfig(files, mergeConfig(files));
  if (checked.config !== undefined) return checked.config;
  throw checked.problems[0] ?? new ConfigError("CONFIG_VALUE_INVALID", `${filesOf(files)}: not acceptable`);
}

/** @throws ConfigError CONFIG_SYNTAX */
export function mergeConfig(files: readonly ConfigFile[]): MergedConfig {
  const origins = new Map<string, AbsPath>();
  const tables: Tables = {};
  for (const { file, bytes } of files) mergeTables(tables, parseToml(bytes, file), file, origins);
  return { tables, origins };
}

export interface CheckedConfig {
  /** Undefined when there are problems. */
  readonly config: AgentConfig | undefined;
  /** All of them, not the first alone. */
  readonly problems: readonly ConfigError[];
}

/** Holds what the files say against the schema. */
export function checkConfig(files: readonly ConfigFile[], { tables, origins }: MergedConfig): CheckedConfig {
  const result = agentConfigSchema.safeParse(tables, { reportInput: true });
  if (result.success) return { config: result.data, problems: [] };
  const { error } = result;
  return { config: undefined, problems: error.issues.map((issue) => explain(issue, error, origins, files)) };
}

function filesOf(files: readonly ConfigFile[]): string {
  return files.map(({ file }) => file).join(", ");
}

function parseToml(bytes: Uint8Array, file: AbsPath): Tables {
  try {
    return parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    const why =
      error instanceof TomlError
        ? `line ${error.line}, column ${error.column}: ${error.message.split("\n")[0]}`
        : "it is not UTF-8 text";
    throw new ConfigError("CONFIG_SYNTAX", `${file}: ${why}`, { cause: error });
  }
}

/** Keys of the same table are laid over one by one; anything that is no table replaces what was there. */
function mergeTables(into: Tables, from: Tables, file: AbsPath, origins: Map<string, AbsPath>, prefix = ""): void {
  for (const [key, value] of Object.entries(from)) {
    const path = prefix + key;
    const old = Object.hasOwn(into, key) ? into[key] : undefined;
    const merged = isTable(value) ? (isTable(old) ? old : {}) : value;
    if (isTable(value)) mergeTables(merged as Tables, value, file, origins, `${path}.`);
    into[key] = merged;
    origins.set(path, file);
  }
}

function isTable(value: unknown): value is Tables {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** What is wrong, in the words: file, key, expected, got. */
function explain(
  issue: z.core.$ZodIssue,
  error: z.ZodError,
  origins: Origins,
  files: readonly ConfigFile[],
): ConfigError {
  if (issue.code === "unrecognized_keys") {
    const keys = issue.keys.map((key) => [...issue.path, key].join("."));
    const file = origins.get(keys[0] ?? "") ?? files[0]?.file;
    return new ConfigError("CONFIG_KEY_UNKNOWN", `${file}: unknown key ${keys.join(", ")}`);
  }
  const key = issue.path.join(".");
  const prefixes = issue.path.map((_, index) => issue.path.slice(0, issue.path.length - index).join("."));
  const file = prefixes.map((prefix) => origins.get(prefix)).find(Boolean) ?? filesOf(files);
  if (issue.input === undefined && !origins.has(key)) {
    return new ConfigError("CONFIG_KEY_MISSING", `${file}: the key ${key} is missing`, { cause: error });
  }
  const expected = issue.message.replace(/^Invalid (input|option): /, "").replace(/, received .*$/, "");
  const got = JSON.stringify(issue.input);
  return new ConfigError("CONFIG_VALUE_INVALID", `${file}: ${key}: ${expected}, got ${got}`, { cause: error });
}
