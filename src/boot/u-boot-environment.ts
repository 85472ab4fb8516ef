/**
 * U-Boot's environment as it lies on flash, and where that is (U-Boot include/env_internal.h; fw_env.config of its tools).
 *
 *     crc32 (4 bytes, little endian) | with two copies: a flag byte | name=value\0 … \0 | whatever
 *
 * Of two copies the one with the newer flag counts; 0 comes after 255. It is only read here, so that asking costs no
 * process; whatever changes it is left to fw_setenv, which knows flash.
 */
import { crc32 } from "node:zlib";
import { BootError } from "./error.ts";

export type UBootEnvironment = ReadonlyMap<string, string>;

/** One copy. */
export interface EnvironmentPlace {
  readonly device: string;
  /** From the start, or before the end when negative. */
  readonly offset: number;
  readonly sizeBytes: number;
}

const CRC_BYTES = 4;
const MAX_ENVIRONMENT_BYTES = 16 << 20; // far above any; a typing error shall not take the memory

/**
 * The places that fw_env.config names: one line a copy, `DEVICE OFFSET SIZE …`.
 * @throws BootError BOOT_ENVIRONMENT_DAMAGED for what is not one or two such lines (libubootenv knows YAML besides)
 */
export function parseFwEnvConfig(text: string): readonly EnvironmentPlace[] {
  const lines = text.split("\n").map((line) => line.replace(/#.*/, "").trim());
  const places = lines.filter((line) => line !== "").map(parsePlace);
  if (places.length === 1 || places.length === 2) return places;
  throw new BootError("BOOT_ENVIRONMENT_DAMAGED", `fw_env.config: expected one or two places, got ${places.length}`);
}

function parsePlace(line: string): EnvironmentPlace {
  const [, device, sign, offset, size] = /^(\/\S+)\s+(-?)(0x[0-9a-f]+|\d+)\s+(0x[0-9a-f]+|\d+)(\s|$)/i.exec(line) ?? [];
  const sizeBytes = Number(size);
  if (device === undefined || !(sizeBytes > CRC_BYTES + 2 && sizeBytes <= MAX_ENVIRONMENT_BYTES)) {
    throw new BootError("BOOT_ENVIRONMENT_DAMAGED", `fw_env.config: expected DEVICE OFFSET SIZE, got ${line}`);
  }
  return { device, offset: sign === "-" ? -Number(offset) : Number(offset), sizeBytes };
}

/**
 * @param copies one, or both in the order of fw_env.config
 * @throws BootError BOOT_ENVIRONMENT_DAMAGED when no copy is whole
 */
export function parseUBootEnvironment(copies: readonly Uint8Array[]): UBootEnvironment {
  const headBytes = CRC_BYTES + (copies.length > 1 ? 1 : 0);
  const whole = copies.filter((copy) => {
    const data = Buffer.from(copy);
    return data.length > headBytes && crc32(data.subarray(headBytes)) === data.readUInt32LE(0);
  });
  const flagOf = (copy: Uint8Array) => copy[CRC_BYTES] ?? 0;
  const [first, second] = whole;
  if (first === undefined) {
    throw new BootError("BOOT_ENVIRONMENT_DAMAGED", "no copy of U-Boot's environment has the right checksum");
  }
  const newest = second !== undefined && isNewer(flagOf(second), flagOf(first)) ? second : first;
  return parseVariables(Buffer.from(newest).subarray(headBytes).toString("latin1"));
}

function isNewer(flag: number, other: number): boolean {
  if (flag === 0 && other === 255) return true;
  if (flag === 255 && other === 0) return false;
  return flag > other;
}

function parseVariables(text: string): UBootEnvironment {
  const end = text.indexOf("\0\0");
  const variables = (end < 0 ? text : text.slice(0, end)).split("\0").flatMap((line) => {
    const equals = line.indexOf("=");
    return equals < 1 ? [] : [[line.slice(0, equals), line.slice(equals + 1)] as const];
  });
  return new Map(variables);
}
