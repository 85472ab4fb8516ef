/** U-Boot's environment on a device: read from where fw_env.config says it is, changed by fw_setenv. */
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostError } from "../host/error.ts";
import type { Exec } from "../host/exec.ts";
import type { AbsPath } from "../path.ts";
import { BootError } from "./error.ts";
import {
  type EnvironmentPlace,
  parseFwEnvConfig,
  parseUBootEnvironment,
  type UBootEnvironment,
} from "./u-boot-environment.ts";

const TOOL_TIMEOUT_MS = 60_000; // erasing a block of flash takes seconds

/** @param config fw_env.config. @throws BootError BOOT_ENVIRONMENT_DAMAGED; HostError */
export function readUBootEnvironment(config: AbsPath): UBootEnvironment {
  const places = parseFwEnvConfig(readConfig(config));
  return parseUBootEnvironment(places.map(readPlace));
}

/**
 * Changes several variables in one write of the environment, so that no power cut separates them (with two copies, as
 * U-Boot recommends, none can tear it either). What was written is read again, for the tool may fail without a word.
 * @param changes undefined deletes
 * @throws BootError BOOT_ENVIRONMENT_DAMAGED; HostError
 */
export async function writeUBootEnvironment(
  exec: Exec,
  config: AbsPath,
  changes: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const script = Object.entries(changes).map(([name, value]) => `${name}=${value ?? ""}\n`);
  const scratch = mkdtempSync(join(tmpdir(), "bootferry-"));
  try {
    const file = join(scratch, "script"); // not on its input: that may be a socket, which cannot be opened by name
    writeFileSync(file, script.join(""));
    await exec(["fw_setenv", "--config", config, "--script", file], { timeoutMs: TOOL_TIMEOUT_MS });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const after = readUBootEnvironment(config);
  const differing = Object.entries(changes).find(([name, value]) => after.get(name) !== value);
  if (differing === undefined) return;
  const [name, value = "nothing"] = differing;
  const got = after.get(name) ?? "nothing";
  throw new BootError("BOOT_ENVIRONMENT_DAMAGED", `fw_setenv: expected ${name} to become ${value}, got ${got}`);
}

function readConfig(path: AbsPath): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw hostError(error, `reading ${path}`);
  }
}

/** Works for files, block devices and flash without bad blocks; a negative offset is one before the end of a file. */
function readPlace({ device, offset, sizeBytes }: EnvironmentPlace): Buffer {
  try {
    const fd = openSync(device, "r");
    try {
      const bytes = Buffer.alloc(sizeBytes);
      const start = offset < 0 ? fstatSync(fd).size + offset : offset;
      for (let done = 0; done < sizeBytes; ) {
        const count = readSync(fd, bytes, done, sizeBytes - done, start + done);
        if (count === 0) return bytes.subarray(0, done);
        done += count;
      }
      return bytes;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw hostError(error, `reading U-Boot's environment from ${device}`);
  }
}
