/** Random numbers that can be had again: VM_SEED names them, and each scenario prints the seed that it used. */
import { createHash, randomInt } from "node:crypto";

export const SEED = process.env["VM_SEED"] ?? String(randomInt(1_000_000));

/** A number in [0, 1) that the seed and the name decide. */
export function seeded(name: string): number {
  return createHash("sha256").update(`${SEED} ${name}`).digest().readUInt32BE() / 2 ** 32;
}
