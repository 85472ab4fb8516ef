/**
 * Loaded before the agent's program (`node --import`): while the file that BOOTFERRY_TEST_SLOW names exists, what is read
 * in large pieces comes at the pace of a slow stick, and stops for as long once half a large release was read.
 */
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { LARGE_BYTES } from "./large-bytes.ts";

const BYTES_PER_MS = 4000; // half of a large release takes six seconds, and the time that is left is told after three
const LARGE_READ_BYTES = 16 << 10; // smaller ones are documents
const LOOK_AGAIN_MS = 50;

const slow = process.env["BOOTFERRY_TEST_SLOW"];
if (slow === undefined) throw new Error("BOOTFERRY_TEST_SLOW is not set");

const handle = await open(import.meta.filename);
const prototype = Object.getPrototypeOf(handle);
await handle.close();

let doneBytes = 0;
const { read } = prototype;
prototype.read = async function (...args: unknown[]) {
  const result = await read.apply(this, args);
  if (result.bytesRead < LARGE_READ_BYTES) return result;
  doneBytes += result.bytesRead;
  if (existsSync(slow)) await sleep(result.bytesRead / BYTES_PER_MS);
  while (doneBytes > LARGE_BYTES / 2 && existsSync(slow)) await sleep(LOOK_AGAIN_MS);
  return result;
};
