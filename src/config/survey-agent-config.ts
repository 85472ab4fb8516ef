/**
 * Everything about a configuration that a person may want to know: each key with its value and the file that set it, and
 * each thing that is wrong, not the first alone. The loader itself (load-agent-config.ts) does the reading and the checking.
 */
import { z } from "zod";
import type { AbsPath } from "../path.ts";
import { agentConfigSchema } from "./agent-config.ts";
import type { DeviceFiles } from "./device-files.ts";
import { ConfigError } from "./error.ts";
import { type CheckedConfig, checkConfig, findConfigFiles, mergeConfig } from "./load-agent-config.ts";

export interface SurveyedKey {
  /** As messages show it: `reboot.policy`. */
  readonly key: string;
  /** What holds; undefined when there is no default, or the configuration has problems and no file sets it. */
  readonly value: unknown;
  /** The file that sets it; undefined for a default. */
  readonly from: AbsPath | undefined;
}

export interface ConfigSurvey extends CheckedConfig {
  /** In the order in which they are laid over each other. */
  readonly files: readonly AbsPath[];
  /** Every key that there is, in the order of the documentation. */
  readonly keys: readonly SurveyedKey[];
}

/** Never throws for what a file holds: that is among the problems. */
export async function surveyAgentConfig(files: DeviceFiles): Promise<ConfigSurvey> {
  try {
    const found = await findConfigFiles(files);
    const paths = found.map(({ file }) => file);
    try {
      const merged = mergeConfig(found);
      const checked = checkConfig(found, merged);
      const values = checked.config ?? merged.tables;
      const keys = listKeys().map((key) => ({ key, value: valueAt(values, key), from: merged.origins.get(key) }));
      return { ...checked, files: paths, keys };
    } catch (error) {
      return { ...failed(error), files: paths };
    }
  } catch (error) {
    return { ...failed(error), files: [] };
  }
}

function failed(error: unknown): Pick<ConfigSurvey, "config" | "problems" | "keys"> {
  if (error instanceof ConfigError) return { config: undefined, problems: [error], keys: [] };
  throw error;
}

interface Table {
  readonly properties?: Readonly<Record<string, Table>>;
}

/** Every key of the schema: what has no keys of its own. */
function listKeys(): readonly string[] {
  const leaves = ({ properties }: Table, path: string): readonly string[] =>
    properties === undefined
      ? [path]
      : Object.entries(properties).flatMap(([name, inner]) => leaves(inner, path === "" ? name : `${path}.${name}`));
  return leaves(z.toJSONSchema(agentConfigSchema, { io: "input" }) as Table, "");
}

function valueAt(tables: object, key: string): unknown {
  return key.split(".").reduce<unknown>((value, name) => {
    const isTable = typeof value === "object" && value !== null && Object.hasOwn(value, name);
    return isTable ? (value as Record<string, unknown>)[name] : undefined;
  }, tables);
}
